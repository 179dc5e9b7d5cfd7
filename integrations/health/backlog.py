"""What waits: for the next run, for a worker, or to be written to HubSpot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils.dateparse import parse_datetime

from customers.models import Customer
from integrations.hubspot.deals.plan import STREAM as DEAL_PLAN
from integrations.hubspot.plan import STREAM as CONTACT_PLAN
from integrations.models import (
    ContactLink,
    Cursor,
    DealLink,
    Delivery,
    DeliveryState,
    Outcome,
    RemoteWrite,
    SyncRun,
    System,
    WriteState,
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many rows of `model` wait, the oldest `since` then; None: nothing says since when.

    `filters` are those of the list that shows them; None: no list shows just them.
    """

    what: str
    count: int
    since: datetime | None
    model: str
    filters: Mapping[str, str] | None = field(default_factory=dict)


def backlog() -> list[Waiting]:
    """Everything that waits, also where nothing does. Eight queries."""
    due_contacts, due_deals = _due_for_push()
    return [
        _planned("Planned writes to HubSpot", WriteState.PLANNED),
        _planned("Approved writes to HubSpot", WriteState.APPROVED),
        Waiting(
            "Contacts to compare with HubSpot", due_contacts, None, "integrations.contactlink", None
        ),
        Waiting("Deals to compare with HubSpot", due_deals, None, "integrations.deallink", None),
        Waiting(
            "Customers whose figures are to be computed",
            Customer.objects.due_for_rollup().count(),
            None,
            "customers.customer",
            None,
        ),
        *_webhooks(),
        _waiting(
            "Runs that wait to start",
            SyncRun.objects.filter(outcome=Outcome.WAITING),
            "started_at",
            "integrations.syncrun",
            {"outcome__exact": Outcome.WAITING.value},
        ),
    ]


def _planned(what: str, state: WriteState) -> Waiting:
    writes = RemoteWrite.objects.filter(state=state)
    filters = {"state__exact": state.value}
    return _waiting(what, writes, "created_at", "integrations.remotewrite", filters)


def _waiting(
    what: str, rows: QuerySet[Any], time: str, model: str, filters: Mapping[str, str]
) -> Waiting:
    found = rows.order_by().aggregate(count=Count("pk"), since=Min(time))
    return Waiting(what, found["count"], found["since"], model, filters)


def _webhooks() -> list[Waiting]:
    """Those of each system that are not processed yet. One query."""
    waiting = Delivery.objects.waiting().order_by().values_list("system")
    counted = {
        system: (count, since)
        for system, count, since in waiting.annotate(count=Count("pk"), since=Min("received_at"))
    }
    return [
        Waiting(
            f"Webhooks of {system.label}",
            *counted.get(system.value, (0, None)),
            "integrations.delivery",
            {"state__exact": DeliveryState.RECEIVED.value, "system__exact": system.value},
        )
        for system in System
    ]


def _due_for_push() -> tuple[int, int]:
    """Links of contacts and of deals that changed, or whose row did, since the last plan."""
    plans = Cursor.objects.filter(system=System.HUBSPOT, stream__in=[CONTACT_PLAN, DEAL_PLAN])
    done = {
        stream: parse_datetime(position.get("done_at", ""))
        for stream, position in plans.values_list("stream", "position")
    }
    deals = [
        DealLink.objects.due_for_push(done.get(DEAL_PLAN), changed)
        for changed in ("expense__updated_at", "order__updated_at")
    ]
    contacts = ContactLink.objects.due_for_push(done.get(CONTACT_PLAN))
    return contacts.count(), (deals[0] | deals[1]).count()
