"""How many requests a token may make: HubSpot's buckets by burst and day, Eventbrite's hour."""

import uuid
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.sandbox.clock import Clock
from integrations.sandbox.http import Response

BURST = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}
ASSOCIATIONS_BURST = {"free": 100, "starter": 100, "professional": 150, "enterprise": 150}
ASSOCIATIONS_DAILY = 500_000
EVENTS_PER_SECOND = 1_250
DAILY = {"free": 250_000, "starter": 250_000, "professional": 625_000, "enterprise": 1_000_000}
INTERVAL_SECONDS = 10
ROLLING = "You have reached your ten_secondly_rolling limit."
SEARCHES_PER_SECOND = 5
EVENTBRITE_PER_HOUR = 2_000
UNLIMITED = {
    "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    "X-HubSpot-RateLimit-Max": "1000000",
}
"""What a portal without limits says of them, so that nobody goes slowly by the limits of a tier."""


class Window:
    """Requests within a rolling time."""

    def __init__(self, seconds: float) -> None:
        self._span = timedelta(seconds=seconds)
        self._times: deque[datetime] = deque()

    def count(self, now: datetime) -> int:
        """How many fell within the window that ends now."""
        while self._times and self._times[0] <= now - self._span:
            self._times.popleft()
        return len(self._times)

    def add(self, now: datetime) -> None:
        """Counts one."""
        self._times.append(now)


@dataclass
class Verdict:
    """Headers for the answer, and the refusal if there is one."""

    headers: dict[str, str]
    refusal: Response | None = None


class Limits:
    """The budgets of all tokens. `enabled` False counts the day, refuses nothing, and says so."""

    def __init__(
        self,
        clock: Clock,
        *,
        enabled: bool = True,
        tier: str = "professional",
        eventbrite_per_hour: int | None = EVENTBRITE_PER_HOUR,
    ) -> None:
        self.clock, self.enabled = clock, enabled
        self.eventbrite_per_hour = eventbrite_per_hour
        self.burst_seconds: int = INTERVAL_SECONDS
        self.searches_per_second: int = SEARCHES_PER_SECOND
        self.associations_daily: int = ASSOCIATIONS_DAILY
        self.events_per_second: int = EVENTS_PER_SECOND
        self.use_tier(tier)
        self.used_today = 0
        self._day = clock.now().date()
        self.reset()

    def use_tier(self, tier: str) -> None:
        """Gives the account what a tier has. Raises KeyError."""
        self.burst: int = BURST[tier]
        self.daily: int = DAILY[tier]
        self.associations_burst: int = ASSOCIATIONS_BURST[tier]
        self.tier = tier

    def reset(self) -> None:
        """Forgets what was used."""
        self._bursts: dict[str, Window] = {}
        self._associations: dict[str, Window] = {}
        self._events = Window(1)
        self.associations_today = 0
        self._hours: dict[str, Window] = {}
        self._searches = Window(1)
        self.used_today = 0

    def hubspot(self, token: str, bucket: str = "") -> Verdict:
        """Counts one HubSpot request in its bucket; only the general one ("") shows headers."""
        now = self.clock.now()
        self._new_day(now)
        if bucket == "events":
            return self._second(self._events, self.events_per_second, now)
        if bucket == "associations":
            return self._association(token, now)
        if self.enabled and self.used_today >= self.daily:
            return Verdict({}, refusal("DAILY", "You have reached your daily limit."))
        if bucket == "search":
            verdict = self._second(self._searches, self.searches_per_second, now)
            self.used_today += verdict.refusal is None
            return verdict
        window = self._bursts.setdefault(token, Window(self.burst_seconds))
        used = window.count(now)
        if self.enabled and used >= self.burst:
            return Verdict(self._headers(0), refusal("TEN_SECONDLY_ROLLING", ROLLING))
        window.add(now)
        self.used_today += 1
        return Verdict(self._headers(self.burst - used - 1))

    def eventbrite(self, token: str) -> bool:
        """Counts one Eventbrite request; False if the hour's budget is used up."""
        now = self.clock.now()
        window = self._hours.setdefault(token, Window(3600))
        most = self.eventbrite_per_hour
        if self.enabled and most is not None and window.count(now) >= most:
            return False
        window.add(now)
        return True

    def _second(self, window: Window, most: int, now: datetime) -> Verdict:
        """Counts one request of those that have a limit per second."""
        if self.enabled and window.count(now) >= most:
            return Verdict({}, refusal("SECONDLY", "You have reached your secondly limit."))
        window.add(now)
        return Verdict({})

    def _association(self, token: str, now: datetime) -> Verdict:
        if self.enabled and self.associations_today >= self.associations_daily:
            return Verdict({}, refusal("DAILY", "You have reached your daily limit."))
        window = self._associations.setdefault(token, Window(self.burst_seconds))
        if self.enabled and window.count(now) >= self.associations_burst:
            return Verdict({}, refusal("TEN_SECONDLY_ROLLING", ROLLING))
        window.add(now)
        self.associations_today += 1
        return Verdict({})

    def _new_day(self, now: datetime) -> None:
        if now.date() != self._day:
            self._day, self.used_today, self.associations_today = now.date(), 0, 0

    def _headers(self, left: int) -> dict[str, str]:
        if not self.enabled:
            return UNLIMITED
        return {
            "X-HubSpot-RateLimit-Daily": str(self.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, self.daily - self.used_today)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(self.burst_seconds * 1000),
            "X-HubSpot-RateLimit-Max": str(self.burst),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Secondly": str(self.burst // 10),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(max(0, min(left, self.burst // 10))),
        }


def refusal(policy: str, message: str) -> Response:
    """HubSpot's 429, whose body is not the usual envelope: it has no category."""
    body = {
        "status": "error",
        "message": message,
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid.uuid4()),
        "policyName": policy,
        "requestId": uuid.uuid4().hex,
    }
    return Response(429, body)
