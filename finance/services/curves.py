"""How seats of shows were sold over time: by days to the show, in the show's own time zone.

Only valid seats count, on every day: one that was given back later was never on a curve.
"""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, DateField, QuerySet, When
from django.db.models.functions import TruncDate

from customers.models import Attendance
from events.models import Event


@dataclass(frozen=True, slots=True)
class Curve:
    """The seats of a show, added up: `seats[n]` were sold by the end of day `days[n]`.

    Days are counted from the show and rise towards it: −3 is three days before it.
    """

    days: tuple[int, ...]
    seats: tuple[int, ...]

    def at(self, days_to_show: int) -> int:
        """The seats that were sold by the end of the day so many days before the show."""
        place = bisect_right(self.days, -days_to_show)
        return self.seats[place - 1] if place else 0

    def still_to_come(self, days_to_show: int) -> int:
        """The seats that were sold after that day."""
        return self.finish - self.at(days_to_show)

    @property
    def finish(self) -> int:
        return self.seats[-1] if self.seats else 0


NOTHING_SOLD = Curve((), ())


def curves_of(events: QuerySet[Event]) -> dict[int, Curve]:
    """The curves of those of `events` that have valid seats. Two queries."""
    zones = list(events.order_by().values_list("time_zone", flat=True).distinct())
    if not zones:
        return {}
    sold = (
        Attendance.objects.valid()
        .filter(event__in=events.order_by().values("pk"))
        .annotate(day=_local_day(zones))
        .values_list("event_id", "event__starts_on", "day")
        .annotate(seats=Count("pk"))
        .order_by("event_id", "day")
    )
    days: dict[int, list[int]] = defaultdict(list)
    seats: dict[int, list[int]] = defaultdict(list)
    for pk, starts_on, day, number in sold:
        days[pk].append((day - starts_on).days)
        seats[pk].append(number)
    return {pk: Curve(tuple(days[pk]), tuple(accumulate(seats[pk]))) for pk in days}


def _local_day(zones: list[str]) -> Case:
    """The day on which a seat was ordered, by the clock at the place of its show."""
    return Case(
        *(
            When(event__time_zone=zone, then=TruncDate("order__ordered_at", tzinfo=ZoneInfo(zone)))
            for zone in zones
        ),
        output_field=DateField(),
    )
