"""Two weeks of made-up runs before the demo's first, so that its sync health has a past."""

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.utils import timezone

from integrations.models import Outcome, SyncRun, System

_DAYS = 13
_EVERY = {System.EVENTBRITE: timedelta(minutes=10), System.HUBSPOT: timedelta(minutes=15)}
_CALLS = {System.EVENTBRITE: (6, 16), System.HUBSPOT: (4, 9)}
_AWAY = "The system did not answer in time. Nothing is lost; the next run goes on."
_DAY_CALLS = 625_000


def add_runs() -> None:
    """Runs of the days before today, every ten and fifteen minutes; nothing where runs are."""
    if SyncRun.objects.exists():
        return
    chance = random.Random(1)
    today = timezone.make_aware(datetime.combine(timezone.localdate(), time()))
    runs = [
        run
        for system, every in _EVERY.items()
        for run in _runs(system, every, today - timedelta(days=_DAYS), today, chance)
    ]
    runs.sort(key=lambda run: run.started_at)
    SyncRun.objects.bulk_create(runs, batch_size=500)


def _runs(
    system: System, every: timedelta, start: datetime, end: datetime, chance: random.Random
) -> Iterator[SyncRun]:
    """A few of them failed, more of them on one day on which the system was out of reach."""
    used = 0
    moment = start
    while moment < end:
        local = timezone.localtime(moment)
        used = 0 if local.hour == local.minute == 0 else used
        is_bad_day = (end - moment).days == 5 and 14 <= local.hour < 17
        failed = chance.random() < (0.5 if is_bad_day else 0.004)
        calls = chance.randint(*_CALLS[system])
        used += calls
        yield SyncRun(
            system=system,
            command="scheduled",
            outcome=Outcome.FAILED if failed else Outcome.DONE,
            message=_AWAY if failed else "",
            started_at=moment,
            finished_at=moment + timedelta(seconds=60 if failed else chance.uniform(1.5, 9)),
            updated_count=0 if failed else chance.choice((0, 0, 1, 3, 12)),
            unchanged_count=0 if failed else chance.randint(20, 90),
            request_count=calls,
            day_calls=_DAY_CALLS if system == System.HUBSPOT else None,
            day_calls_left=_DAY_CALLS - used if system == System.HUBSPOT else None,
        )
        moment += every
