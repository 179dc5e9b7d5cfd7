"""Which list stands for which audience, and what is told of it."""

from integrations.hubspot.marketing_client import Record
from integrations.models import AudienceLink, ContactLink, ListState
from integrations.sync import RunLog

OBJECT_TYPE = "lists"
KIND = "HubSpot lists"
ON, OFF = "on the list", ""
"""What a contact's membership is, before and after a write."""

_GONE = (
    "The list “{name}” was deleted in HubSpot. It is not made again by itself: restore it there, "
    "choose “Make again” under HubSpot lists, or stop mirroring the audience."
)
_FOUND = (
    "HubSpot has a list “{name}” that Nova did not make. Rename it there, or choose “Take over” "
    "under HubSpot lists; from then on Nova decides who is on it."
)
_UNFIT = (
    "The list “{name}” in HubSpot is no list of contacts whose members can be set. Rename or "
    "delete it there; the next run makes a new one."
)


def record_of(link: AudienceLink) -> str:
    """How staff are told which list something is about."""
    return f"list “{link.list_name}”"


def is_manual(remote: Record) -> bool:
    """Is it a list of contacts whose members are set one by one?"""
    return remote.get("processingType") == "MANUAL" and remote.get("objectTypeId") == "0-1"


def is_ours(remote: Record) -> bool:
    """A list of the wanted name is Nova's own where nobody is on it: a run made it, and ended
    before it could note so."""
    return is_manual(remote) and not remote.get("size")


def become(link: AudienceLink, state: ListState) -> None:
    """Notes a state, and that the list must be read before it counts as in step."""
    link.state = state
    link.wanted_digest = ""
    link.save()


def tell(log: RunLog, link: AudienceLink, remote: Record | None) -> None:
    """Says why a list is left alone."""
    if link.state == ListState.GONE:
        code, text = "list_gone", _GONE
    else:
        code, text = "list_found", _FOUND if remote and is_manual(remote) else _UNFIT
    log.problem(code, record_of(link), text.format(name=link.list_name), kind=KIND)


def wanted_contacts(link: AudienceLink) -> dict[str, tuple[int, int]]:
    """Link and customer of each contact who should be on the list. One query."""
    members = link.audience.members().values("pk")
    linked = ContactLink.objects.linked().filter(customer__in=members)
    rows = linked.values_list("hubspot_id", "pk", "customer_id")
    return {hubspot_id: (pk, customer_id) for hubspot_id, pk, customer_id in rows}
