"""What every remote call shares: counting, pacing, patience, and reading what came back.

Plain Python: no Django, no models. Each client says how a request is sent and what a refusal
means; the waiting and the repeating are done here, once.
"""

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from pyrate_limiter import Duration, Limiter, Rate, RateItem, RedisBucket, SQLiteBucket
from requests.auth import AuthBase
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
)

from integrations.errors import BudgetSpent, RetryLater, SyncError

logger = logging.getLogger(__name__)

_LONG_SECONDS = 10
"""Waits from here on are told to whoever watches the log."""

_SHARE_OF_LIMIT = 0.9
"""Clocks differ between here and there, so a tenth of what is allowed is left alone."""

GOES_ON = "All that was read is kept, and the next run goes on from there."

Rates = Sequence[tuple[int, float]]
"""Limits as (calls, seconds), the shortest time first."""


class Bearer(AuthBase):
    """Sends the token as a header; a ~/.netrc cannot replace it."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


@dataclass(slots=True)
class Meter:
    """How many requests went out, and how many of them change something remotely.

    `day` has how many calls the system allows a day and how many of them are left, if it says so.
    """

    requests: int = 0
    writes: int = 0
    day: tuple[int, int] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def count(self, *, is_write: bool, number: int = 1) -> None:
        """Adds `number` requests; threads may count at once."""
        with self._lock:
            self.requests += number
            self.writes += number * is_write


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The decoded body. Raises RetryLater: it is no JSON, as when a proxy answers instead."""
        try:
            return json.loads(self.body) if self.body else {}
        except ValueError:
            raise RetryLater(
                "The answer was not JSON: perhaps a proxy answered, or it was cut off on the way. "
                "Nothing is lost; the next run asks again."
            ) from None


class NotNow(RetryLater):
    """Worth repeating within this run, after `wait_seconds` (None: the usual back-off).

    `slowness` stretches the usual back-off, for a limit that counts by the hour.
    """

    def __init__(
        self, message: str, *, wait_seconds: float | None = None, slowness: float = 1
    ) -> None:
        super().__init__(message, after_seconds=wait_seconds or 60 * slowness)
        self.wait_seconds = wait_seconds
        self.slowness = slowness


class NotSent(RetryLater):
    """The call did not go out: what is left of a budget is for others."""


class Pace:
    """How fast one token may call, kept by all processes together."""

    def __init__(
        self,
        name: str,
        limits: Rates,
        *,
        redis_url: str = "",
        folder: Path,
        share: float = _SHARE_OF_LIMIT,
        longest_seconds: float | None = None,
    ) -> None:
        """`limits` are as the vendor states them; `share` of them is used.

        A wait of more than `longest_seconds` is not waited, but raised as BudgetSpent.
        """
        self._name = name
        self._longest_seconds = longest_seconds
        self._share = share
        self._wanted = self._rates(limits)
        self._bucket = _bucket(name, self._wanted, redis_url, folder)
        self._limiter = Limiter(self._bucket, buffer_ms=5)
        self._held_until = 0.0
        self._turn = threading.Lock()

    def wait(self) -> None:
        """Returns when the next call may go out. The threads of a process take turns.

        Raises BudgetSpent: it would take too long.
        """
        with self._turn:
            self._bucket.rates = self._wanted  # in turn: the bucket counts call by call by these
            if (seconds := self._held_until - time.monotonic()) > 0:
                time.sleep(seconds)
            if not self._limiter.try_acquire(self._name, timeout=self._first_seconds):
                self._check_wait()
                logger.warning(
                    "The calls allowed to %s are used up; waiting for the next", self._name
                )
                self._limiter.try_acquire(self._name)

    @property
    def _first_seconds(self) -> float:
        """How long to wait without a word; hardly, where a long wait ends the run anyway."""
        return _LONG_SECONDS if self._longest_seconds is None else 1

    def _check_wait(self) -> None:
        milliseconds = self._bucket.waiting(RateItem(self._name, self._bucket.now()))
        assert isinstance(milliseconds, int)  # it is awaitable only for an async connection
        seconds = milliseconds / 1000
        if self._longest_seconds is not None and seconds > self._longest_seconds:
            raise BudgetSpent(
                "The calls that are allowed are used up, and the next one may go out in "
                f"{minutes(seconds)}. {GOES_ON}",
                after_seconds=seconds,
            )

    def hold(self, seconds: float) -> None:
        """Lets no call of this process out for so long."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)

    def change(self, limits: Rates) -> None:
        """Goes by other limits from now on; what was called already counts against them."""
        self._wanted = self._rates(limits)

    @property
    def rates(self) -> list[tuple[int, float]]:
        """What it goes by at present: (calls, seconds)."""
        return [(rate.limit, int(rate.interval) / 1000) for rate in self._wanted]

    def _rates(self, limits: Rates) -> list[Rate]:
        """The used share of `limits`, without those that allow no less than a longer one does."""
        rates: list[Rate] = []
        for calls, seconds in limits:
            rate = Rate(max(1, int(calls * self._share)), int(seconds * Duration.SECOND))
            while rates and rates[-1].limit >= rate.limit:
                rates.pop()
            rates.append(rate)
        return rates


def minutes(seconds: float) -> str:
    """A time to wait in words, rounded up."""
    number = max(1, math.ceil(seconds / 60))
    return "a minute" if number == 1 else f"{number} minutes"


def _bucket(
    name: str, rates: list[Rate], redis_url: str, folder: Path
) -> RedisBucket | SQLiteBucket:
    if redis_url:
        from redis import Redis

        bucket = RedisBucket.init(rates, Redis.from_url(redis_url), f"nova:pace:{name}")
        assert isinstance(bucket, RedisBucket)  # it is awaitable only for an async connection
        return bucket
    return SQLiteBucket.init_from_file(
        rates, db_path=str(folder / f"pace-{name}.sqlite3"), use_file_lock=True
    )


@dataclass(slots=True)
class Patience:
    """Repeats a call that may succeed in a moment.

    Waits as long as the reply says, else `base_seconds` doubled with each attempt, at most
    `longest_seconds`; an instructed wait beyond that ends the attempts at once. So does a wait that
    would make it more than `enough_seconds` since the first attempt.
    """

    attempts: int = 6
    base_seconds: float = 1.0
    longest_seconds: float = 60.0
    enough_seconds: float = math.inf

    def call(self, send: Callable[[], Reply]) -> Reply:
        """Raises the last NotNow when patience runs out, and any other SyncError at once."""
        return Retrying(
            retry=retry_if_exception_type(NotNow),
            stop=self._should_stop,
            wait=self._seconds,
            before_sleep=_tell,
            reraise=True,
        )(send)

    def _should_stop(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_seconds if isinstance(error, NotNow) else None
        return (
            stop_after_attempt(self.attempts)(state)
            or (asked or 0) > self.longest_seconds
            or stop_before_delay(self.enough_seconds)(state)
        )

    def _seconds(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, NotNow) and error.wait_seconds is not None:
            return error.wait_seconds
        slowness = error.slowness if isinstance(error, NotNow) else 1
        seconds = self.base_seconds * 2.0 ** (state.attempt_number - 1)
        return slowness * min(seconds, self.longest_seconds)


def _tell(state: RetryCallState) -> None:
    seconds = state.next_action.sleep if state.next_action else 0
    if seconds >= _LONG_SECONDS and state.outcome:
        logger.warning("Waiting %d seconds: %s", seconds, state.outcome.exception())


@dataclass(slots=True)
class Line:
    """A line to one system: paced, counted, patient.

    `refusal` turns a reply that is no success into the SyncError it means, or None.
    """

    meter: Meter
    pace: Pace | None
    patience: Patience
    refusal: Callable[[Reply], SyncError | None]

    def call(self, send: Callable[[], Reply], *, is_write: bool = False) -> Reply:
        """Sends, again where it makes sense."""

        def attempt() -> Reply:
            if self.pace:
                self.pace.wait()
            self.meter.count(is_write=is_write)
            try:
                reply = send()
            except NotSent:
                self.meter.count(is_write=is_write, number=-1)
                raise
            if error := self.refusal(reply):
                raise error
            return reply

        return self.patience.call(attempt)
