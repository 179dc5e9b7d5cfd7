"""What a person decides about the systems' records, where the rules only suggest."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import (
    AudienceLink,
    ContactLink,
    LinkState,
    ListState,
    MatchSuggestion,
    SuggestionState,
)
from integrations.models.matching import pair_of_customers


@transaction.atomic
def decide(link: ContactLink, state: LinkState) -> None:
    """Confirms or rejects a suggested link.

    A confirmed contact takes the place of the one in force, which becomes a suggestion itself.
    Raises ValidationError: the database's rules forbid it.
    """
    if state == LinkState.CONFIRMED:
        others = ContactLink.objects.linked().filter(customer=link.customer).exclude(pk=link.pk)
        for other in others:
            other.state, other.agreed = LinkState.SUGGESTED, None
            other.save(update_fields=["state", "agreed", "updated_at"])
    link.state = state
    link.is_push_due = state == LinkState.CONFIRMED
    link.validate_constraints()
    link.save()


def take_list_over(*, link: AudienceLink) -> AudienceLink:
    """Hands a list to Nova that Nova did not make; the next run plans who joins and who leaves.

    Raises ValidationError: nobody else's list stands in the way (`not_found`).
    """
    if link.state != ListState.FOUND:
        raise ValidationError("It is no list of somebody else.", code="not_found")
    return _set_list(link, ListState.IN_STEP)


def make_list_again(*, link: AudienceLink) -> AudienceLink:
    """Lets the next run make a list anew that was deleted in HubSpot.

    Raises ValidationError: it was not deleted (`not_gone`).
    """
    if link.state != ListState.GONE:
        raise ValidationError("It was not deleted in HubSpot.", code="not_gone")
    link.list_id = ""
    return _set_list(link, ListState.WANTED)


def _set_list(link: AudienceLink, state: ListState) -> AudienceLink:
    link.state = state
    link.wanted_digest = ""
    link.full_clean()
    link.save()
    return link


def part_customers(links: QuerySet[ContactLink]) -> int:
    """Keeps the two customers of each doubled link two people; returns how many there were."""
    doubled = ContactLink.objects.doubled().filter(pk__in=links.values("pk"))
    pairs = [pair_of_customers(*ids) for ids in doubled.values_list("customer_id", "also_id")]
    suggested = MatchSuggestion.objects.open().filter(pair__in=pairs)
    suggested.update(state=SuggestionState.REJECTED, decided_at=timezone.now())
    return doubled.update(is_also_other=True, updated_at=timezone.now())
