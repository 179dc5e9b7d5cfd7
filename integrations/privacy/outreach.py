"""A person in what reached them: touches, and follow-ups."""

from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from customers.models import FollowUpMessage, MessageState, Touch
from integrations.privacy.subject import Subject

_WAITING = (MessageState.PLANNED, MessageState.SENDING)


def crm_touches(subject: Subject) -> QuerySet[Any]:
    """Their keys name the contact; those of orders name the order."""
    return Touch.objects.filter(customer__in=subject.customers, key__startswith="contact ")


def unname_touches(rows: QuerySet[Any], subject: Subject) -> None:
    key = Concat(Value("erased "), Cast("pk", CharField()))
    rows.update(key=key, updated_at=timezone.now())


def waiting_messages(subject: Subject) -> QuerySet[Any]:
    """One that is being sent goes, too: nobody can look into it any more."""
    return FollowUpMessage.objects.filter(customer__in=subject.customers, state__in=_WAITING)


def past_messages(subject: Subject) -> QuerySet[Any]:
    messages = FollowUpMessage.objects.filter(customer__in=subject.customers)
    return messages.exclude(state__in=_WAITING)
