"""Who came again: by the month of the first show, and from which kind of show to which."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, DateField, F, Q, Value, When
from django.db.models.functions import Coalesce, TruncMonth
from django.utils import timezone

from customers.models import CustomerType, FirstVisits, TypeChange
from events.filters import NO_SHOW_TYPE
from events.models import ShowType
from nova_project.periods import Period, next_month

MONTHS = 12
"""How many months after the first show are looked at."""
NONE_YET = "None yet"


@dataclass(frozen=True, slots=True)
class Cohort:
    """The people whose first show was in a month.

    `returned` holds, for each month after it from 0, how many had come again by its end; None for
    months that are not over.
    """

    month: date
    people: int
    returned: tuple[int | None, ...]

    @property
    def name(self) -> str:
        return f"{self.month:%Y-%m}"

    def share(self, months: int) -> Decimal | None:
        """How many percent had come again by the end of that month."""
        count = self.returned[months]
        return None if count is None else Decimal(count * 100) / self.people


def cohorts(period: Period, show_type: ShowType | None = None) -> list[Cohort]:
    """The months of `period` in which anybody came for the first time. One query.

    A show counts from its day on, by its own date; `show_type` is that of the first show.
    """
    today = timezone.localdate()
    rows = (
        _started(period, today, show_type)
        .values(first=TruncMonth("first_event__starts_on"), second=_second_month(today))
        .annotate(people=Count("pk"))
        .order_by("first")
    )
    by_month: dict[date, dict[date | None, int]] = defaultdict(dict)
    for row in rows:
        by_month[row["first"]][row["second"]] = row["people"]
    return [_cohort(month, people, today) for month, people in by_month.items()]


def _cohort(month: date, people: dict[date | None, int], today: date) -> Cohort:
    counts: list[int | None] = []
    so_far, at = 0, month
    for _ in range(MONTHS + 1):
        so_far += people.get(at, 0)
        at = next_month(at)
        counts.append(so_far if at <= today else None)
    return Cohort(month, sum(people.values()), tuple(counts))


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Several cohorts as one: of each month Σ ÷ Σ over those that are old enough."""

    cohorts: tuple[Cohort, ...]

    @property
    def people(self) -> int:
        return sum(row.people for row in self.cohorts)

    def share(self, months: int) -> Decimal | None:
        old_enough = [row for row in self.cohorts if row.returned[months] is not None]
        people = sum(row.people for row in old_enough)
        returned = sum(row.returned[months] or 0 for row in old_enough)
        return Decimal(returned * 100) / people if people else None


def _started(period: Period, today: date, show_type: ShowType | None) -> Any:
    """First visits of people whose first show was in `period`, today at the latest."""
    rows = FirstVisits.objects.filter(
        first_event__starts_on__gte=period.start,
        first_event__starts_on__lt=period.end,
        first_event__starts_on__lte=today,
    )
    if show_type is None:
        return rows
    return rows.filter(first_event__show_type=show_type if show_type.pk else None)


def _second_month(today: date) -> TruncMonth:
    """The month of the second show, null while it has not been played."""
    played = Case(
        When(second_event__starts_on__lte=today, then=F("second_event__starts_on")),
        output_field=DateField(),
    )
    return TruncMonth(played)


@dataclass(frozen=True, slots=True)
class Journey:
    """People whose first show was of one type and whose second was of another.

    `started` is how many began with the first type.
    """

    first: str
    second: str
    people: int
    started: int

    @property
    def share(self) -> Decimal:
        return Decimal(self.people * 100) / self.started


def journeys(period: Period) -> list[Journey]:
    """From the show type of the first show, in `period`, to that of the second. One query.

    The type most people began with first; who has not come again last.
    """
    today = timezone.localdate()
    rows = (
        _started(period, today, None)
        .values(
            first=Coalesce("first_event__show_type__name", Value(NO_SHOW_TYPE.name)),
            second=Case(
                When(
                    second_event__starts_on__lte=today,
                    then=Coalesce("second_event__show_type__name", Value(NO_SHOW_TYPE.name)),
                ),
                default=Value(NONE_YET),
                output_field=CharField(),
            ),
        )
        .annotate(people=Count("pk"))
        .order_by()
    )
    found = [(row["first"], row["second"], row["people"]) for row in rows]
    started: dict[str, int] = defaultdict(int)
    for first, _, people in found:
        started[first] += people
    found.sort(key=lambda row: (-started[row[0]], row[0], row[1] == NONE_YET, -row[2], row[1]))
    return [Journey(first, second, people, started[first]) for first, second, people in found]


@dataclass(frozen=True, slots=True)
class TypeMonth:
    """How many people became new, returning and VIP in a month."""

    month: date
    new: int
    returning: int
    vip: int

    @property
    def name(self) -> str:
        return f"{self.month:%Y-%m}"


def type_months(period: Period) -> list[TypeMonth]:
    """The months of `period` in which anybody's type changed, company zone. One query."""
    start, end = period.moments()
    rows: Any = (
        TypeChange.objects.filter(changed_at__gte=start, changed_at__lt=end)
        .order_by()
        .values(month=TruncMonth("changed_at"))
        .annotate(
            **{
                str(kind): Count("pk", filter=Q(to_type=kind))
                for kind in (CustomerType.NEW, CustomerType.RETURNING, CustomerType.VIP)
            }
        )
        .order_by("month")
    )
    return [
        TypeMonth(row["month"].date(), row["new"], row["returning"], row["vip"]) for row in rows
    ]
