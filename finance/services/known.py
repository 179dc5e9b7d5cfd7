"""What was known at the end of a past day: lines, costs and seats as they were then.

Ledger lines say when Nova learned of them. Expenses keep their earlier versions. Seats keep none,
so their number is known only where none of them was changed since, check-ins aside.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from customers.models import Attendance, AttendanceStatus, OrderStatus
from customers.models.ticketing import SEATED
from events.models import Event
from finance.models import Expense, LedgerLine
from finance.models.expenses import IS_COUNTED
from finance.services.shares import spread_costs


def end_of(day: date) -> datetime:
    """The moment at which `day` is over in the company's zone."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def lines_known(as_of: date | None) -> QuerySet[LedgerLine]:
    """The ledger lines that Nova had at the end of a day; all of them without one."""
    lines = LedgerLine.objects.all()
    return lines.filter(known_at__lt=end_of(as_of)) if as_of else lines


def costs_known(as_of: date | None, *, shared: bool = False) -> list[QuerySet[Any]]:
    """The costs that count, in the version of the end of a day; today's without one.

    With `shared`, those that shows share; else those of one show.

    Sets without overlap, to be added up: kept versions, and the expenses that keep none. An expense
    whose first kept version is later than its creation had that version from the beginning.
    """
    of_kind = Q(event__isnull=shared)
    if as_of is None:
        return [Expense.objects.counted().filter(of_kind)]
    versions, moment = Expense.history.model.objects, end_of(as_of)
    looked_at = (
        versions.filter(id__in=versions.filter(of_kind).values("id")) if shared else versions
    )
    valid = (
        looked_at.order_by()
        .values("id")
        .annotate(
            kept=Coalesce(Max("history_id", filter=Q(history_date__lt=moment)), Min("history_id")),
            first=Min("created_at"),
        )
        .filter(first__lt=moment)
        .values("kept")
    )
    deleted = Q(history_type="-", history_date__lt=moment)
    without = Expense.objects.filter(created_at__lt=moment)
    without = without.exclude(pk__in=versions.values("id"))
    return [
        versions.filter(IS_COUNTED, of_kind, history_id__in=valid).exclude(deleted),
        without.counted().filter(of_kind),
    ]


def shares_known(as_of: date) -> Iterator[tuple[int, str, Decimal]]:
    """What events bore of shared costs at the end of a day: event, currency and amount.

    Worked out from the costs as they were and the shows that were known. Four queries.
    """
    events = Event.objects.played_or_planned().filter(created_at__lt=end_of(as_of))
    for costs in costs_known(as_of, shared=True):
        yield from spread_costs(costs, events, lines_known(as_of))


def seats_known(events: QuerySet[Event], as_of: date) -> dict[int, int | None]:
    """How many valid seats each of `events` had at the end of a day, None where that is unknown.

    Known is it where no seat and no order was changed since, but for seats that were checked in
    since: nobody is let in on a seat that was given back, so these were valid. Events that had no
    seats yet are left out. One query.
    """
    moment = end_of(as_of)
    is_valid = Q(status__in=SEATED, order__status=OrderStatus.PLACED)
    is_let_in = Q(status=AttendanceStatus.CHECKED_IN, checked_in_at__gte=moment)
    is_changed = Q(updated_at__gte=moment) & ~is_let_in | Q(order__updated_at__gte=moment)
    counted = (
        Attendance.objects.filter(event__in=events.values("pk"), created_at__lt=moment)
        .order_by()
        .values_list("event_id")
        .annotate(taken=Count("pk", filter=is_valid), changed=Count("pk", filter=is_changed))
    )
    return {event: None if changed else taken for event, taken, changed in counted}
