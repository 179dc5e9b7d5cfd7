"""The runs, calls, webhooks and problems of each system and day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate, TruncHour
from django.utils import timezone

from integrations.hubspot.limits import DAILY
from integrations.models import (
    WEBHOOKS,
    Delivery,
    DeliveryState,
    Outcome,
    Problem,
    SyncRun,
    System,
)
from nova_project.periods import Period

FAILED = (Outcome.FAILED, Outcome.INTERRUPTED)
_GOOD = (Outcome.DONE, Outcome.DONE_WITH_PROBLEMS)
_TENTH = Decimal("0.1")
_NONE = timedelta()

_Key = tuple[str, date]
"""A system and a local day."""


@dataclass(frozen=True, slots=True)
class SystemDay:
    """One system on one day, or on several together. `day` None: of several.

    `budget_used` is in percent; of several days, the highest. Times are None where nothing ended.
    """

    system: System
    day: date | None
    runs: int = 0
    failed_runs: int = 0
    ended_runs: int = 0
    total_time: timedelta = timedelta()
    longest: timedelta | None = None
    calls: int = 0
    writes: int = 0
    busiest_hour: int = 0
    budget: int | None = None
    budget_used: Decimal | None = None
    changed: int = 0
    unchanged: int = 0
    failed_records: int = 0
    webhooks: int = 0
    failed_webhooks: int = 0
    problems: int = 0
    good_at: datetime | None = None

    @property
    def system_name(self) -> str:
        return str(self.system.label)

    @property
    def failed_runs_share(self) -> Decimal | None:
        return _percent(self.failed_runs, self.runs)

    @property
    def failed_records_share(self) -> Decimal | None:
        return _percent(self.failed_records, self.changed + self.unchanged + self.failed_records)

    @property
    def failed_webhooks_share(self) -> Decimal | None:
        return _percent(self.failed_webhooks, self.webhooks)

    @property
    def mean_seconds(self) -> Decimal | None:
        return _seconds(self.total_time / self.ended_runs) if self.ended_runs else None

    @property
    def longest_seconds(self) -> Decimal | None:
        return None if self.longest is None else _seconds(self.longest)

    def __add__(self, other: "SystemDay") -> "SystemDay":
        """Both together: numbers added, highest values kept."""
        values: dict[str, Any] = {}
        for name in (field.name for field in fields(self)):
            mine, others = getattr(self, name), getattr(other, name)
            if name in _HIGHEST:
                values[name] = max((v for v in (mine, others) if v is not None), default=None)
            elif name not in ("system", "day"):
                values[name] = mine + others
        return SystemDay(self.system, None, **values)


_HIGHEST = {"longest", "busiest_hour", "budget", "budget_used", "good_at"}


def system_days(period: Period, system: str = "") -> list[SystemDay]:
    """Each system's days of `period`, the latest first; a day without any run stands there, too.

    Days begin at local midnight. A run belongs to the day and hour in which it began. From the
    system's first day in the period to the last, or today. Three queries, however long it is.
    """
    start, end = map(_midnight, (period.start, period.end))
    systems = [one for one in System if system in ("", one)]
    found: dict[_Key, dict[str, Any]] = defaultdict(dict)
    for key, values in (
        *_run_days(SyncRun.objects.filter(started_at__gte=start, started_at__lt=end)),
        *_webhook_days(Delivery.objects.filter(received_at__gte=start, received_at__lt=end)),
        *_problem_days(Problem.objects.filter(created_at__gte=start, created_at__lt=end)),
    ):
        found[key] |= values
    rows = [
        SystemDay(one, day, **_with_budget(one, found.get((one, day), {})))
        for one in systems
        for day in _days(period, [day for name, day in found if name == one])
    ]
    return sorted(rows, key=lambda row: (row.day, row.system), reverse=True)


def totals(rows: Iterable[SystemDay]) -> list[SystemDay]:
    """One for each system, all its days together."""
    sums: dict[System, SystemDay] = {}
    for row in rows:
        sums[row.system] = sums[row.system] + row if row.system in sums else row
    return [sums[system] for system in System if system in sums]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _days(period: Period, known: list[date]) -> Iterable[date]:
    if not known:
        return
    day = min(known)
    last = max(max(known), min(period.last, timezone.localdate()))
    while day <= last:
        yield day
        day += timedelta(days=1)


def _run_days(runs: QuerySet[SyncRun]) -> list[tuple[_Key, dict[str, Any]]]:
    """Read by the hour, for the busiest one; at most 24 rows a day come from the database."""
    took = ExpressionWrapper(F("finished_at") - F("started_at"), DurationField())
    is_good = Q(outcome__in=_GOOD) & ~Q(command=WEBHOOKS)
    hours = (
        runs.exclude(outcome=Outcome.WAITING)
        .order_by()
        .values("system", day=TruncDate("started_at"), hour=TruncHour("started_at", tzinfo=UTC))
        .annotate(
            runs=Count("pk"),
            failed_runs=Count("pk", filter=Q(outcome__in=FAILED)),
            ended_runs=Count("finished_at"),
            total_time=Sum(took),
            longest=Max(took),
            calls=Sum("request_count"),
            writes=Sum("write_count"),
            budget=Max("day_calls"),
            changed=Sum(F("created_count") + F("updated_count")),
            unchanged=Sum("unchanged_count"),
            failed_records=Sum("failed_count"),
            good_at=Max("finished_at", filter=is_good),
        )
    )
    sums: dict[_Key, SystemDay] = {}
    for key, values in _keyed(hours):
        values |= {"busiest_hour": values["calls"], "total_time": values["total_time"] or _NONE}
        del values["hour"]
        row = SystemDay(System(key[0]), None, **values)
        sums[key] = sums[key] + row if key in sums else row
    names = [field.name for field in fields(SystemDay) if field.name not in ("system", "day")]
    return [(key, {name: getattr(row, name) for name in names}) for key, row in sums.items()]


def _webhook_days(deliveries: QuerySet[Delivery]) -> Iterator[tuple[_Key, dict[str, Any]]]:
    failed = Count("pk", filter=Q(state=DeliveryState.FAILED))
    days = deliveries.order_by().values("system", day=TruncDate("received_at"))
    return _keyed(days.annotate(webhooks=Count("pk"), failed_webhooks=failed))


def _problem_days(problems: QuerySet[Problem]) -> Iterator[tuple[_Key, dict[str, Any]]]:
    days = problems.order_by().values("system", day=TruncDate("created_at"))
    return _keyed(days.annotate(problems=Count("pk")))


def _keyed(rows: Iterable[Any]) -> Iterator[tuple[_Key, dict[str, Any]]]:
    """Each row with its system and day taken out of it."""
    for row in rows:
        values = dict(row)
        yield (values.pop("system"), values.pop("day")), values


def _with_budget(system: System, values: dict[str, Any]) -> dict[str, Any]:
    """Eventbrite counts by the hour, HubSpot by the day."""
    if system == System.EVENTBRITE:
        budget, used = settings.EVENTBRITE_CALLS_PER_HOUR, values.get("busiest_hour", 0)
    else:
        budget = values.get("budget") or DAILY.get(settings.HUBSPOT_TIER)
        used = values.get("calls", 0)
    return values | {"budget": budget, "budget_used": _percent(used, budget or 0)}


def _percent(part: int, whole: int) -> Decimal | None:
    return Decimal(part) * 100 / whole if whole else None


def _seconds(time_taken: timedelta) -> Decimal:
    return Decimal(str(time_taken.total_seconds())).quantize(_TENTH)
