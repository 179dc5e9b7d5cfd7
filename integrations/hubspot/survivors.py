"""Contacts that were merged in HubSpot: their links move to the contact that lives on."""

from collections.abc import Iterable

from django.utils import timezone

from integrations.hubspot.mapping import Contact
from integrations.models import Conflict, ContactLink, LinkState
from integrations.models.links import LINKED
from nova_project.bulk import recorded

_INTO = "Merged into contact {} in HubSpot."
_FROM = "Contact {} was merged into this one in HubSpot."


def follow_merges(contacts: Iterable[Contact]) -> None:
    """Moves the links of contacts that are gone, with customer and history, to those that live on.

    A contact lives on under one of the old ids or under a new one. If it stands for a customer
    already, it keeps him, and the others are marked as gone. One query if nothing was merged.
    """
    merged = [contact for contact in contacts if contact.merged_ids]
    ids = {hubspot_id for c in merged for hubspot_id in (c.id, *c.merged_ids)}
    if not ids:
        return
    rows = ContactLink.objects.filter(hubspot_id__among=list(ids)).select_for_update()
    links = {link.hubspot_id: link for link in rows.order_by("pk")}
    for contact in merged:
        lost = [links[old] for old in contact.merged_ids if old in links]
        lost = [link for link in lost if link.evidence != _INTO.format(contact.id)]
        if lost:
            _merge(contact, links.get(contact.id), lost)


def _merge(contact: Contact, survivor: ContactLink | None, lost: list[ContactLink]) -> None:
    heir = None
    if survivor is None or survivor.state in (LinkState.UNMATCHED, LinkState.SUGGESTED):
        standing = [link for link in lost if link.state in LINKED]
        heir = min(standing, key=lambda link: (link.archived_at is not None, link.pk), default=None)
    if heir is not None and survivor is None:
        _rename(heir, contact.id)
        lost.remove(heir)
    _mark_gone(lost, contact.id)
    if heir is not None and survivor is not None:
        _hand_over(heir, survivor)


def _rename(link: ContactLink, hubspot_id: str) -> None:
    """The merged contact has an id of its own: the link goes with it."""
    reason = _FROM.format(link.hubspot_id)
    with recorded(ContactLink, [link.pk], reason):
        ContactLink.objects.filter(pk=link.pk).update(
            hubspot_id=hubspot_id, evidence=reason, archived_at=None, updated_at=timezone.now()
        )


def _mark_gone(links: list[ContactLink], hubspot_id: str) -> None:
    keys = [link.pk for link in links]
    if not keys:
        return
    now, reason = timezone.now(), _INTO.format(hubspot_id)
    with recorded(ContactLink, keys, reason):
        rows = ContactLink.objects.filter(pk__in=keys)
        rows.filter(archived_at=None).update(archived_at=now)
        rows.update(evidence=reason, updated_at=now)


def _hand_over(heir: ContactLink, survivor: ContactLink) -> None:
    """The surviving contact stood for nobody: it takes the place of the one that is gone."""
    reason = _FROM.format(heir.hubspot_id)
    with recorded(ContactLink, [survivor.pk], reason):
        ContactLink.objects.filter(pk=survivor.pk).update(
            customer=heir.customer,
            state=heir.state,
            rule=heir.rule,
            agreed=heir.agreed,
            evidence=reason,
            archived_at=None,
            updated_at=timezone.now(),
        )
    Conflict.objects.open().filter(link=heir).update(link=survivor)
