"""What shows earn: the one definition of an event's money, for every page and report."""

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import QuerySet

from events.filters import NO_SHOW_TYPE as NO_SHOW_TYPE
from events.models import Event, ShowType
from finance.services.amounts import amounts_of, seats_of
from finance.services.figures import EventMoney, PeriodMoney, ShowTypeMoney
from finance.services.known import end_of
from finance.services.performers import performers_due
from finance.services.totals import show_type_totals, totals
from nova_project.periods import Period


def event_money(events: QuerySet[Event], as_of: date | None = None) -> list[EventMoney]:
    """The money of each of `events`, in their order: a row per event and currency.

    Every event has at least the row of its own currency. Seven queries, however many events. With
    `as_of`, as it was known at the end of that day, in eleven; what shows are called, and
    whether they are played, is as today.
    """
    if as_of:
        events = events.filter(created_at__lt=end_of(as_of))
    amounts = amounts_of(events, as_of)
    seats = seats_of(events, as_of)
    for key, amount in performers_due(events, amounts, seats, as_of).items():
        amounts[key]["performers"] = amount
    currencies: dict[int, list[str]] = defaultdict(list)
    for event_id, currency in sorted(amounts):
        currencies[event_id].append(currency)
    rows = []
    for event_id, own, *identity in events.values_list(*_IDENTITY):
        described: dict[str, Any] = dict(zip(_DESCRIBED, identity, strict=True))
        described["show_type"] = described["show_type"] or NO_SHOW_TYPE.name
        for currency in dict.fromkeys([own, *currencies[event_id]]):
            figures: dict[str, Any] = {**amounts.get((event_id, currency), {})}
            if currency == own:
                figures["seats"] = seats.get(event_id, 0)
            rows.append(EventMoney(event_id=event_id, currency=currency, **described, **figures))
    return rows


_DESCRIBED = (
    "eventbrite_id",
    "name",
    "starts_on",
    "status",
    "is_series_parent",
    "show_type_id",
    "show_type",
)
_IDENTITY = ("pk", "currency", *_DESCRIBED[:-1], "show_type__name")


def events_of(period: Period, show_type: ShowType | None = None) -> QuerySet[Event]:
    """Events whose local date is in `period`, earliest first; of `show_type` where it is given.

    With NO_SHOW_TYPE, those without one.
    """
    events = Event.objects.filter(starts_on__gte=period.start, starts_on__lt=period.end)
    if show_type is not None:
        events = events.filter(show_type=show_type.pk)
    return events.order_by("starts_on", "start_at", "pk")


def listed_money(
    period: Period,
    *,
    show_type: ShowType | None = None,
    currency: str = "",
    as_of: date | None = None,
) -> list[EventMoney]:
    """The rows of the events of `period` that reports list; all currencies where none is named.

    Events that are played or planned, and drafts, cancelled or deleted ones that have money.
    With `as_of`, as they were known at the end of that day.
    """
    rows = event_money(events_of(period, show_type), as_of)
    return [row for row in rows if row.is_listed and currency in ("", row.currency)]


def show_type_money(
    period: Period,
    *,
    show_type: ShowType | None = None,
    currency: str = "",
    as_of: date | None = None,
) -> list[ShowTypeMoney]:
    """The rows of `listed_money` added up by show type and currency, in as many queries."""
    rows = listed_money(period, show_type=show_type, currency=currency, as_of=as_of)
    return show_type_totals(rows)


def period_totals(period: Period) -> list[PeriodMoney]:
    """The rows of `listed_money` added up by currency, the company's first. Seven queries."""
    return totals(listed_money(period))
