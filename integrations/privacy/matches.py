"""A person in merges of customers and in what was suggested of them."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from customers.models import CustomerMerge, MergeState
from integrations.models import MatchSuggestion
from integrations.privacy.subject import Subject


def merges(subject: Subject) -> QuerySet[Any]:
    """Those that hold anything still."""
    own = Q(survivor__in=subject.customers) | Q(merged_id__in=subject.customers)
    return CustomerMerge.objects.filter(own).exclude(steps=[])


def seal_merges(rows: QuerySet[Any], subject: Subject) -> None:
    """Which two became one stays on record, without what either held: no undo brings it back."""
    rows.exclude(state=MergeState.UNDONE).update(state=MergeState.SEALED)
    rows.update(evidence="", conflicts=[], steps=[], updated_at=timezone.now())


def suggestions(subject: Subject) -> QuerySet[Any]:
    people = Q(customer__in=subject.customers) | Q(other__in=subject.customers)
    return MatchSuggestion.objects.filter(people | Q(link__in=subject.links))
