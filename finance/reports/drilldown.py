"""From a figure of a report to the rows that it is made of."""

from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from customers.models.ticketing import SEATED
from finance.models import Basis, Category, ExpenseStatus, LedgerKind
from finance.reports.filters import NONE
from finance.services.behind import ComingShow
from finance.services.changes import EventChanges
from finance.services.figures import EventMoney, ShowTypeMoney
from finance.services.groups import GroupMoney
from finance.services.pacing import Pace
from nova_project.admin import list_url
from nova_project.reports import Arguments

Link = Callable[[EventMoney, Arguments], str]

COUNTED = {
    "basis__exact": Basis.ACTUAL.value,
    "status__in": f"{ExpenseStatus.COMMITTED.value},{ExpenseStatus.PAID.value}",
}
"""The expenses that reduce profit, as the address of their list says it."""


def to_event(row: EventMoney | EventChanges | Pace | ComingShow, arguments: Arguments) -> str:
    return reverse("admin:events_event_change", args=[row.event_id])


def to_seats(row: EventMoney, arguments: Arguments) -> str:
    if not row.seats or arguments.get("as_of"):
        return ""
    filters = {"event__id__exact": row.event_id, "status__in": ",".join(SEATED)}
    return list_url("customers.attendance", filters)


def to_shows_of_type(row: EventMoney | ShowTypeMoney, arguments: Arguments) -> str:
    """The shows of the row's type, over the same days and in the same currency."""
    filters = {
        "start": arguments["period"].start,
        "end": arguments["period"].last,
        "show_type": row.show_type_id or NONE,
        "currency": arguments["currency"],
        "as_of": arguments.get("as_of") or "",
    }
    return f"{reverse('reports:report', args=['event-profit'])}?{urlencode(filters)}"


def to_shows_of_period(row: GroupMoney, arguments: Arguments) -> str:
    """The shows of the row's days in its currency."""
    if not row.events:
        return ""
    show_type = arguments["show_type"]
    filters = {
        "start": row.period.start,
        "end": row.period.last,
        "show_type": (show_type.pk or NONE) if show_type else "",
        "currency": row.currency,
        "as_of": arguments.get("as_of") or "",
    }
    return f"{reverse('reports:report', args=['event-profit'])}?{urlencode(filters)}"


def to_ledger(figure: str, kind: LedgerKind | None = None) -> Link:
    """The event's ledger lines whose sum is `figure`."""

    def link(row: EventMoney, arguments: Arguments) -> str:
        if not getattr(row, figure):
            return ""
        filters = _of(row)
        filters |= _until(arguments.get("as_of"), "known_at")
        return list_url("finance.ledgerline", filters | _only("kind", kind))

    return link


def to_shared_costs(row: EventMoney, arguments: Arguments) -> str:
    """The expenses that the event bears a part of."""
    if not row.shared_costs:
        return ""
    if arguments.get("as_of"):
        return to_event(row, arguments)
    filters = {"shares__event__id__exact": row.event_id, "currency__exact": row.currency}
    return list_url("finance.expense", filters)


def to_agreements(row: EventMoney, arguments: Arguments) -> str:
    """The agreements with the event's performers."""
    if not row.performers:
        return ""
    filters = {"event__id__exact": row.event_id, "currency__exact": row.currency}
    return list_url("finance.performeragreement", filters)


def to_all_expenses(row: EventMoney, arguments: Arguments) -> str:
    """The event's own expenses, or its page, which also lists its parts of shared ones."""
    if row.shared_costs:
        return to_event(row, arguments)
    return to_expenses("expenses")(row, arguments)


def to_expenses(figure: str, category: Category | None = None) -> Link:
    """The event's own expenses that count towards `figure`."""

    def link(row: EventMoney, arguments: Arguments) -> str:
        if not getattr(row, figure):
            return ""
        filters = _of(row)
        if as_of := arguments.get("as_of"):
            filters |= _until(as_of, "history_date") | _only("category", category)
            return list_url("finance.historicalexpense", filters)
        return list_url("finance.expense", filters | COUNTED | _only("category", category))

    return link


def to_lines_since(row: EventChanges, arguments: Arguments) -> str:
    """The event's ledger lines that became known after the day."""
    if not row.lines:
        return ""
    filters = _of(row)
    return list_url("finance.ledgerline", filters | _since(arguments["as_of"], "known_at"))


def to_edits_since(row: EventChanges, arguments: Arguments) -> str:
    """The changes of the event's own expenses after the day."""
    if not row.edits:
        return ""
    filters = _of(row)
    since = _since(arguments["as_of"], "history_date")
    return list_url("finance.historicalexpense", filters | since)


def to_shared_edits(row: EventChanges, arguments: Arguments) -> str:
    """The changes of shared costs after the day, of all shows."""
    if not row.shared_costs:
        return ""
    since = _since(arguments["as_of"], "history_date")
    return list_url("finance.historicalexpense", {"event__isnull": "True"} | since)


def _of(row: EventMoney | EventChanges) -> dict[str, object]:
    return {"event__id__exact": row.event_id, "currency__exact": row.currency}


def _until(as_of: date | None, field: str) -> dict[str, object]:
    return {f"{field}_to": as_of} if as_of else {}


def _since(as_of: date, field: str) -> dict[str, object]:
    return {f"{field}_from": as_of + timedelta(days=1)}


def _only(field: str, value: LedgerKind | Category | None) -> dict[str, str]:
    return {f"{field}__exact": value.value} if value else {}
