"""Spans of days. `start` is in, `end` is out; people write and read both ends as included."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.timezone import make_aware


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` up to, not including, `end`. Raises ValueError: it runs backwards."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("A period cannot end before it starts.")

    @classmethod
    def inclusive(cls, first: date, last: date) -> "Period":
        """The period as a person says it: from `first` through `last`."""
        return cls(first, last + timedelta(days=1))

    @classmethod
    def month_of(cls, day: date) -> "Period":
        first = day.replace(day=1)
        return cls(first, next_month(first))

    @classmethod
    def twelve_months_to(cls, day: date) -> "Period":
        """The month of `day` and the eleven before it."""
        month = cls.month_of(day)
        return cls(month.end.replace(year=month.end.year - 1), month.end)

    @property
    def last(self) -> date:
        """The last day that is in."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def previous(self) -> "Period":
        """The equally long period that ends where this one starts."""
        return Period(self.start - (self.end - self.start), self.start)

    def months(self) -> Iterator[date]:
        """The first day of every month that the period touches."""
        month = self.start.replace(day=1)
        while month < self.end:
            yield month
            month = next_month(month)

    def moments(self) -> tuple[datetime, datetime]:
        """When it begins and ends in the company's time zone."""
        start, end = (make_aware(datetime.combine(day, time())) for day in (self.start, self.end))
        return start, end

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __str__(self) -> str:
        return f"{self.start:%-d %b %Y} – {self.last:%-d %b %Y}"


def next_month(day: date) -> date:
    """The first day of the month after `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
