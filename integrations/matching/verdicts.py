"""What staff say of who is whom. It is remembered: no later run suggests or links it again."""

from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from customers.models import Customer, CustomerMerge, Touch
from customers.services import CrmFacts, mark_rollups_due, merge_customers, undo_merge
from customers.services.merging import User
from integrations.decisions import decide
from integrations.matching.moves import HUBSPOT_MOVES
from integrations.models import (
    Conflict,
    ContactLink,
    LinkState,
    MatchRule,
    MatchSuggestion,
    RemoteWrite,
    SuggestionState,
)
from integrations.models.links import LINKED


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge, and the contacts that HubSpot has of the one person now."""

    merge: CustomerMerge
    hubspot_ids: list[str]

    @property
    def advice(self) -> str:
        """What is left to staff in HubSpot; "" where that is nothing."""
        if len(self.hubspot_ids) < 2:
            return ""
        ids = " and ".join(self.hubspot_ids)
        return (
            f"HubSpot still has {len(self.hubspot_ids)} contacts of this person: {ids}. Nova does "
            "not merge contacts. Merge them in HubSpot (Actions, Merge); the next sync follows."
        )


@transaction.atomic
def merge_people(
    *, survivor: Customer, merged: Customer, user: User = None, evidence: str = ""
) -> Merged:
    """Makes one customer of two, in both systems' eyes; see `customers.services.merge_customers`.

    One contact stays in force, another one becomes a suggestion.
    Raises ValidationError: as `merge_customers`.
    """
    merge = merge_customers(
        survivor=survivor, merged=merged, user=user, evidence=evidence, moves=HUBSPOT_MOVES
    )
    links = ContactLink.objects.live().filter(customer=survivor).order_by("pk")
    ids = links.filter(state__in=[*LINKED, LinkState.SUGGESTED])
    _touch_links([survivor.pk])
    return Merged(merge, list(ids.values_list("hubspot_id", flat=True)))


@transaction.atomic
def part_again(*, merge: CustomerMerge, user: User = None) -> CustomerMerge:
    """Undoes a merge, and has both looked at by the next plan.

    Raises ValidationError: as `customers.services.undo_merge`.
    """
    undone = undo_merge(merge=merge, user=user)
    _touch_links([undone.kept_id, undone.merged_id])
    return undone


def _touch_links(customer_ids: Collection[int]) -> None:
    ContactLink.objects.linked().filter(customer__in=customer_ids).update(
        is_push_due=True, updated_at=timezone.now()
    )


@transaction.atomic
def reject(*, suggestions: Collection[MatchSuggestion], user: User) -> int:
    """Says of pairs that they are two people, for good; returns how many waited."""
    now = timezone.now()
    pairs = [s for s in suggestions if s.state == SuggestionState.OPEN]
    rows = MatchSuggestion.objects.filter(pk__in=[s.pk for s in pairs])
    done = rows.filter(state=SuggestionState.OPEN).update(
        state=SuggestionState.REJECTED,
        decided_by_id=user.pk if user else None,
        decided_at=now,
        updated_at=now,
    )
    for suggestion in pairs:
        both = [suggestion.customer_id, suggestion.other_id]
        doubled = ContactLink.objects.doubled().filter(customer__in=both, also__in=both)
        doubled.update(is_also_other=True, updated_at=now)
    return done


@transaction.atomic
def suggest_again(*, suggestion: MatchSuggestion) -> MatchSuggestion:
    """Takes a rejection back: the pair waits again, as long as something speaks for it."""
    if suggestion.state != SuggestionState.REJECTED:
        raise ValidationError("Nobody rejected this pair.", code="not_rejected")
    suggestion.state = SuggestionState.OPEN
    suggestion.decided_by = suggestion.decided_at = None
    suggestion.full_clean()
    suggestion.save()
    both = [suggestion.customer_id, suggestion.other_id]
    parted = ContactLink.objects.filter(customer__in=both, also__in=both, is_also_other=True)
    parted.update(is_also_other=False, updated_at=timezone.now())
    return suggestion


@transaction.atomic
def confirm_contact(*, suggestion: MatchSuggestion, user: User) -> ContactLink:
    """Links a contact to the customer that was suggested. Raises ValidationError: see
    `link_contact`."""
    if suggestion.link is None or suggestion.state != SuggestionState.OPEN:
        raise ValidationError("This suggestion is decided already.", code="decided")
    link = link_contact(
        link=suggestion.link, customer=suggestion.customer, user=user, evidence=suggestion.evidence
    )
    suggestion.state = SuggestionState.CONFIRMED
    suggestion.decided_by_id = user.pk if user else None
    suggestion.decided_at = timezone.now()
    suggestion.save()
    return link


@transaction.atomic
def link_contact(
    *, link: ContactLink, customer: Customer, user: User = None, evidence: str = ""
) -> ContactLink:
    """Has a contact stand for a customer. A contact that stood for them becomes a suggestion.

    Raises ValidationError: the contact stands for somebody (`linked`), is gone from HubSpot
    (`gone`), or one of them was erased (`erased`).
    """
    link = ContactLink.objects.select_for_update().get(pk=link.pk)
    if link.archived_at is not None:
        raise ValidationError("This contact is gone from HubSpot.", code="gone")
    if link.erased_at is not None or customer.erased_at is not None:
        raise ValidationError("An erased person is not linked.", code="erased")
    if link.state in LINKED:
        raise ValidationError(
            f"This contact stands for {link.customer}. Unlink it first, or merge the two customers "
            "if they are one person.",
            code="linked",
        )
    link.customer, link.rule, link.agreed = customer, MatchRule.BY_HAND, None
    link.evidence = (evidence or f"Linked by hand{f' by {user}' if user else ''}.")[:250]
    decide(link, LinkState.CONFIRMED)
    return link


@transaction.atomic
def unlink_contact(*, link: ContactLink, user: User = None) -> ContactLink:
    """Says that a contact is not its customer. No run links the two again.

    What HubSpot said of the customer by this contact goes, with its touches and with what is
    planned to be written to it; an opt-out stays. A second contact that waits takes the place with
    the next sync.
    Raises ValidationError: it stands for nobody (`not_linked`).
    """
    link = ContactLink.objects.select_for_update().get(pk=link.pk)
    customer = link.customer
    if link.state not in LINKED or customer is None:
        raise ValidationError("This contact stands for nobody.", code="not_linked")
    link.state, link.agreed, link.is_push_due = LinkState.REJECTED, None, False
    link.also, link.is_also_other = None, False
    link.evidence = f"Unlinked{f' by {user}' if user else ''}: not customer {customer.pk}."
    link.validate_constraints()
    link.save()
    for name, blank in CrmFacts()._asdict().items():
        setattr(customer, name, blank)
    customer.save()
    Touch.objects.filter(customer=customer, key__startswith=f"contact {link.hubspot_id} ").delete()
    RemoteWrite.objects.open().filter(link=link).delete()
    Conflict.objects.open().filter(link=link).delete()
    mark_rollups_due([customer.pk])
    return link
