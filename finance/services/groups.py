"""The money of shows by month, venue, show type or performers, beside what it was before."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate
from operator import attrgetter

from django.utils import timezone

from events.models import Event, ShowType
from finance.models import PerformerAgreement
from finance.services.figures import EventMoney, Figures
from finance.services.profit import listed_money
from finance.services.totals import sums
from nova_project.money import ZERO, company_currency
from nova_project.periods import Period, next_month


class GroupBy(StrEnum):
    MONTH = "month"
    VENUE = "venue"
    SHOW_TYPE = "show type"
    PERFORMER = "performer"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMoney(Figures):
    """The money of the shows of one group in one currency.

    `to_date` is the net revenue of shows up to today; `before` and `year_before` are that of as
    many days of the period before and of a year ago. All three are None for what has not begun.
    """

    group: str
    period: Period
    events: int = 0
    to_date: Decimal | None = None
    before: Decimal | None = None
    year_before: Decimal | None = None

    @property
    def change(self) -> Decimal | None:
        """What the period before is exceeded by."""
        return None if self.to_date is None or self.before is None else self.to_date - self.before

    @property
    def change_in_a_year(self) -> Decimal | None:
        if self.to_date is None or self.year_before is None:
            return None
        return self.to_date - self.year_before


@dataclass(frozen=True, slots=True)
class Windows:
    """The days that are compared: a period up to today, and as many days before it."""

    to_date: Period
    before: Period
    year_before: Period

    @classmethod
    def of(cls, period: Period, today: date) -> "Windows | None":
        """None where the period has not begun. Whole months are compared with whole months."""
        if period.start > today:
            return None
        so_far = Period(period.start, min(period.end, Period.inclusive(today, today).end))
        pasts = [_shifted(period, _length_in_months(period)), _shifted(period, 12)]
        return cls(so_far, *(_as_long(past, period, so_far) for past in pasts))


def _length_in_months(period: Period) -> int:
    """How many months it is long; 0: it is not made of whole months."""
    if period.start.day != 1 or period.end.day != 1:
        return 0
    years, months = period.end.year - period.start.year, period.end.month - period.start.month
    return years * 12 + months


def _shifted(period: Period, months: int) -> Period:
    """So many months earlier; by its own length where it is not made of whole months."""
    if not months:
        return period.previous()
    return Period(_earlier(period.start, months), _earlier(period.end, months))


def _earlier(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last."""
    number = day.year * 12 + day.month - 1 - months
    first = date(number // 12, number % 12 + 1, 1)
    return min(first.replace(day=1) + (day - day.replace(day=1)), Period.month_of(first).last)


def _as_long(past: Period, period: Period, so_far: Period) -> Period:
    """`past`, cut to as many days as have gone by of a period that is still running."""
    if so_far == period:
        return past
    return Period(past.start, min(past.start + (so_far.end - so_far.start), past.end))


def grouped_money(
    group_by: GroupBy,
    period: Period,
    *,
    show_type: ShowType | None = None,
    currency: str = "",
    as_of: date | None = None,
) -> list[GroupMoney]:
    """The shows of `period` added up by group and currency, with the periods before.

    Every show stands in exactly one group, so all rows together are the profit by event. Six
    queries; those of a past day take ten.
    """
    span = Period(_earlier(period.start, max(12, _length_in_months(period))), period.end)
    if not _length_in_months(period):
        span = Period(min(span.start, period.previous().start), period.end)
    rows = listed_money(span, show_type=show_type, currency=currency, as_of=as_of)
    if group_by is GroupBy.MONTH:
        return _by_month(rows, period)
    return _by_name(rows, period, _NAMES[group_by](rows), f"No {group_by}")


def group_totals(rows: Iterable[GroupMoney]) -> list[GroupMoney]:
    """The sums of `rows`, a row per currency, the company's first."""
    by_currency: dict[str, list[GroupMoney]] = defaultdict(list)
    for row in rows:
        by_currency[row.currency].append(row)
    ordered = sorted(by_currency, key=lambda code: (code != company_currency(), code))
    return [_added(by_currency[code]) for code in ordered]


def _added(rows: Sequence[GroupMoney]) -> GroupMoney:
    return GroupMoney(
        currency=rows[0].currency,
        group="",
        period=rows[0].period,
        events=sum(row.events for row in rows),
        to_date=_sum(row.to_date for row in rows),
        before=_sum(row.before for row in rows),
        year_before=_sum(row.year_before for row in rows),
        **sums(rows),
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def _by_month(rows: Sequence[EventMoney], period: Period) -> list[GroupMoney]:
    """From the first month with a show to the last; a month without one is all zero."""
    found = []
    for currency in sorted({row.currency for row in rows if row.starts_on in period}):
        of_currency = _Days([row for row in rows if row.currency == currency])
        own = of_currency.within(period)
        for month in Period.inclusive(own[0].starts_on, own[-1].starts_on).months():
            part = Period(max(month, period.start), min(next_month(month), period.end))
            found.append(_row(f"{month:%b %Y}", currency, of_currency, part))
    return found


def _by_name(
    rows: Sequence[EventMoney], period: Period, names: Mapping[int, str], unnamed: str
) -> list[GroupMoney]:
    """By name, `unnamed` last; a group of the periods before is there with nothing."""
    groups: dict[tuple[str, str], list[EventMoney]] = defaultdict(list)
    for row in rows:
        groups[names.get(row.event_id, ""), row.currency].append(row)
    ordered = sorted(groups, key=lambda key: (not key[0], key[0].casefold(), key[1]))
    found = [
        _row(name or unnamed, currency, _Days(groups[name, currency]), period)
        for name, currency in ordered
    ]
    return [row for row in found if row.events or row.before or row.year_before]


class _Days:
    """Rows in one currency, earliest first, with their net revenue added up day by day."""

    def __init__(self, rows: Sequence[EventMoney]) -> None:
        self.rows = sorted(rows, key=_day)
        self.days = [row.starts_on for row in self.rows]
        self.net_so_far = [ZERO, *accumulate(row.net_revenue for row in self.rows)]

    def places(self, period: Period) -> tuple[int, int]:
        """Where the rows of a period begin and end."""
        return bisect_left(self.days, period.start), bisect_left(self.days, period.end)

    def within(self, period: Period) -> list[EventMoney]:
        return self.rows[slice(*self.places(period))]

    def net_revenue(self, period: Period) -> Decimal:
        first, after = self.places(period)
        return self.net_so_far[after] - self.net_so_far[first]


_day = attrgetter("starts_on")


def _row(name: str, currency: str, rows: _Days, period: Period) -> GroupMoney:
    own = rows.within(period)
    windows = Windows.of(period, timezone.localdate())
    return GroupMoney(
        group=name,
        currency=currency,
        period=period,
        events=len(own),
        to_date=rows.net_revenue(windows.to_date) if windows else None,
        before=rows.net_revenue(windows.before) if windows else None,
        year_before=rows.net_revenue(windows.year_before) if windows else None,
        **sums(own),
    )


def _venues(rows: Sequence[EventMoney]) -> Mapping[int, str]:
    events = Event.objects.exclude(venue=None)
    return dict(events.order_by().values_list("pk", "venue__name"))


def _show_types(rows: Sequence[EventMoney]) -> Mapping[int, str]:
    return {row.event_id: row.show_type for row in rows if row.show_type_id}


def _performers(rows: Sequence[EventMoney]) -> Mapping[int, str]:
    """A show with several performers stands under all of them together, so that it counts once."""
    agreed = PerformerAgreement.objects.counted().order_by("performer__name")
    bills: dict[int, list[str]] = defaultdict(list)
    for event_id, name in agreed.values_list("event_id", "performer__name"):
        if name not in bills[event_id]:
            bills[event_id].append(name)
    return {event_id: ", ".join(names) for event_id, names in bills.items()}


_NAMES: dict[GroupBy, Callable[[Sequence[EventMoney]], Mapping[int, str]]] = {
    GroupBy.VENUE: _venues,
    GroupBy.SHOW_TYPE: _show_types,
    GroupBy.PERFORMER: _performers,
}
