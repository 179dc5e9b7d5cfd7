"""The first and the latest source that HubSpot knows of a person become touches. No request."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from customers.models import CampaignCode, CodeKind, Touch, TouchKind
from integrations.hubspot.mapping import CRM_TEXTS, FIRST_SOURCE_AT, LATEST_SOURCE_AT
from integrations.hubspot.since import changed_since, keys_of, note_compared
from integrations.models import ContactLink
from integrations.sync import RunLog
from nova_project.bulk import upsert

STREAM = "touches"
_BATCH = 2_000
_FIELDS = ("key", "customer_id", "campaign_id", "kind", "source", "occurred_at")
_SOURCES = (
    (TouchKind.FIRST_SOURCE, CRM_TEXTS["source"], FIRST_SOURCE_AT),
    (TouchKind.LATEST_SOURCE, CRM_TEXTS["latest_source"], LATEST_SOURCE_AT),
)
_KINDS = [kind for kind, _, _ in _SOURCES]


def note_sources(log: RunLog, *, full: bool = False) -> None:
    """Brings the touches of linked contacts that changed since the last time, or of all if `full`,
    to what HubSpot says; where other campaigns have sources as codes than at that time, gives each
    touch to the one that has its source.

    A source without a time is no touch. Each latest source stays when a later one follows it.
    A query and an upsert for 2,000 contacts.
    """
    started_at = timezone.now()
    campaigns = _campaigns()
    given = {"campaigns": _digest(campaigns)}
    links = ContactLink.objects.linked()
    if since := changed_since(STREAM, full=full):
        links = links.filter(updated_at__gte=since)
    columns = ("pk", "hubspot_id", "customer_id", "seen")
    for keys in keys_of(links, _BATCH):
        rows = links.filter(pk__among=keys).values_list(*columns)
        with transaction.atomic():
            touches = [touch for row in rows for touch in _touches(row, campaigns)]
            log.count("touches", upsert(Touch, touches, fields=_FIELDS, key="key"))
    with transaction.atomic():
        if changed_since(STREAM, full=full, given=given) is None:
            _claim(campaigns)
        note_compared(STREAM, started_at, **given)


def _touches(
    link: tuple[Any, ...], campaigns: dict[str, int]
) -> list[tuple[str, int, int | None, str, str, datetime]]:
    _, hubspot_id, customer_id, seen = link
    found = []
    for kind, source_name, time_name in _SOURCES:
        source, at = seen.get(source_name), seen.get(time_name)
        if source and at:
            key = f"contact {hubspot_id} {kind}"
            if kind == TouchKind.LATEST_SOURCE:
                key = f"{key} {at}"
            campaign_id = campaigns.get(source.lower())
            occurred_at = datetime.fromisoformat(at)
            found.append((key, customer_id, campaign_id, str(kind), source[:200], occurred_at))
    return found


def _campaigns() -> dict[str, int]:
    """The campaign that has each source as a code, by the source in small letters."""
    codes = CampaignCode.objects.filter(kind=CodeKind.CRM).order_by()
    return {code.lower(): pk for code, pk in codes.values_list("code", "campaign_id")}


def _digest(campaigns: dict[str, int]) -> str:
    return sha256(repr(sorted(campaigns.items())).encode()).hexdigest()


def _claim(campaigns: dict[str, int]) -> None:
    """Gives touches to the campaigns that have their sources by now; one query if none moves."""
    sources = Touch.objects.filter(kind__in=_KINDS).order_by()
    for source, campaign_id in sources.values_list("source", "campaign_id").distinct():
        wanted = campaigns.get(source.lower())
        if wanted != campaign_id:
            moved = Touch.objects.filter(kind__in=_KINDS, source=source, campaign=campaign_id)
            moved.update(campaign=wanted, updated_at=timezone.now())
