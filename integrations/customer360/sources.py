"""Where the entries of the timeline come from: a line for each table.

The place of a source in the list is part of the places that pages begin at, and so is `name` of
the keys of entries: add new ones at the end.
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from customers.models import (
    Attendance,
    Customer,
    EmailAddress,
    FollowUpMessage,
    Order,
    Touch,
    TouchKind,
    TypeChange,
)
from finance.models import LedgerKind, LedgerLine
from integrations.customer360 import edits, telling
from integrations.customer360.telling import Told
from integrations.models import (
    Conflict,
    ContactLink,
    DealLink,
    HubSpotDeal,
    Occurrence,
    RemoteWrite,
)

_MAILS = (TouchKind.CLICK, TouchKind.OPEN)


class Source(NamedTuple):
    """One table: which rows are of a person, when they happened, and how they are told.

    `at` is a field or an expression; rows of which it is null are left out by `rows`.
    """

    name: str
    kind: str
    kind_label: str
    permission: str
    at: Any
    rows: Callable[[int], QuerySet[Any]]
    tell: Callable[[Collection[int]], dict[int, Told]]


def _versions(model: Any) -> Any:
    return model.history.model.objects


SOURCES = (
    Source(
        "order",
        "order",
        "Orders",
        "customers.view_order",
        "ordered_at",
        lambda customer: Order.objects.filter(buyer=customer),
        telling.orders,
    ),
    Source(
        "refund",
        "refund",
        "Refunds",
        "customers.view_order",
        "occurred_at",
        lambda customer: LedgerLine.objects.filter(order__buyer=customer, kind=LedgerKind.REFUND),
        telling.refunds,
    ),
    Source(
        "seat",
        "seat",
        "Seats",
        "customers.view_attendance",
        "order__ordered_at",
        lambda customer: Attendance.objects.filter(holder=customer),
        telling.seats,
    ),
    Source(
        "check_in",
        "check_in",
        "Check-ins",
        "customers.view_attendance",
        "checked_in_at",
        lambda customer: Attendance.objects.filter(holder=customer, checked_in_at__isnull=False),
        telling.check_ins,
    ),
    Source(
        "touch",
        "touch",
        "Touches",
        "customers.view_touch",
        "occurred_at",
        lambda customer: Touch.objects.filter(customer=customer).exclude(kind__in=_MAILS),
        telling.touches,
    ),
    Source(
        "email",
        "email",
        "E-mails",
        "customers.view_touch",
        "occurred_at",
        lambda customer: Touch.objects.filter(customer=customer, kind__in=_MAILS),
        telling.touches,
    ),
    Source(
        "other_deal",
        "deal",
        "Deals",
        "integrations.view_hubspotdeal",
        Coalesce("remote_created_at", "created_at"),
        lambda customer: HubSpotDeal.objects.filter(
            ties__link__in=ContactLink.objects.linked().filter(customer=customer)
        ),
        telling.other_deals,
    ),
    Source(
        "order_deal",
        "deal",
        "Deals",
        "integrations.view_deallink",
        "created_at",
        lambda customer: DealLink.objects.filter(order__buyer=customer),
        telling.order_deals,
    ),
    Source(
        "write",
        "write",
        "Writes to HubSpot",
        "integrations.view_remotewrite",
        Coalesce("applied_at", "decided_at", "created_at"),
        lambda customer: RemoteWrite.objects.filter(customer=customer),
        telling.writes,
    ),
    Source(
        "occurrence",
        "write",
        "Writes to HubSpot",
        "integrations.view_occurrence",
        "sent_at",
        lambda customer: Occurrence.objects.filter(customer=customer),
        telling.occurrences,
    ),
    Source(
        "link",
        "sync",
        "Links and conflicts",
        "integrations.view_contactlink",
        "history_date",
        lambda customer: _versions(ContactLink).filter(customer_id=customer),
        telling.links,
    ),
    Source(
        "conflict",
        "sync",
        "Links and conflicts",
        "integrations.view_conflict",
        "created_at",
        lambda customer: Conflict.objects.filter(link__customer=customer),
        telling.conflicts,
    ),
    Source(
        "edit",
        "edit",
        "Staff edits",
        "customers.view_customer",
        "history_date",
        lambda customer: _versions(Customer).filter(id=customer),
        edits.customer_edits,
    ),
    Source(
        "address",
        "edit",
        "Staff edits",
        "customers.view_customer",
        "history_date",
        lambda customer: _versions(EmailAddress).filter(customer_id=customer),
        edits.address_edits,
    ),
    Source(
        "type_change",
        "stage",
        "Stage changes",
        "customers.view_customer",
        "changed_at",
        lambda customer: TypeChange.objects.filter(customer=customer),
        telling.type_changes,
    ),
    Source(
        "follow_up",
        "email",
        "E-mails",
        "customers.view_followupmessage",
        "decided_at",
        lambda customer: FollowUpMessage.objects.reached().filter(customer=customer),
        telling.follow_ups,
    ),
)
