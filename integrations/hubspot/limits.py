"""How fast one token may call HubSpot, and how much of the day's pool Nova leaves to others.

Which budget a call counts against shows in its path. A tier's numbers are where Nova begins; what
the answers' headers say takes their place.
Source: developers.hubspot.com, usage guidelines.
"""

import threading
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from integrations.errors import Misconfigured
from integrations.http import NotNow, NotSent, Pace, Rates, Reply
from integrations.hubspot.refusals import refusal

_BURST = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}
"""Calls in ten seconds."""
DAILY = {"free": 250_000, "starter": 250_000, "professional": 625_000, "enterprise": 1_000_000}
"""Calls a day, until the answers' headers say otherwise."""
_ASSOCIATIONS = {100: 100, 190: 150, 250: 200}
"""Calls in ten seconds that go to associations, by what the token has otherwise. Their answers
bear no headers; 250 is what an account has that bought more."""
_NO_LIMIT = 100_000
"""Far more calls in ten seconds than any account has: who allows them limits nothing, as a sandbox
without limits does."""
_SEARCHES_PER_SECOND = 5
_EVENTS_PER_SECOND = 1_250
_SHARE, _EVENNESS = 0.97, 1.25
"""A little of the limit is left alone, and no second sees much more calls than the mean: so calls
that overtake each other on their way still stay within it."""
_SEARCH_SHARE = 0.8
_FEW_LEFT, _FEW_SECONDS = 2, 0.25
"""When HubSpot counts so few calls left of a burst, Nova holds its breath."""
_SLOW_SHARE, _SLOWNESS = 0.1, 0.5
"""Below this share of the day's pool Nova goes at this part of its speed."""
_RESERVE = 0.01
"""The share of the day's pool that is left to other systems of the account."""

_MOST_CALLS = 2**31 - 1
"""More than any account has, and as much as the database holds."""

GENERAL, SEARCH, ASSOCIATIONS, EVENTS = "", "search", "associations", "events"


def budget_of(path: str) -> str:
    """Which budget a call to the numbered `path` counts against."""
    if path.startswith("/events/v3/send"):
        return EVENTS
    if path.startswith("/crm/v4/"):
        return ASSOCIATIONS
    is_search = path.startswith("/crm/v3/objects/") and path.endswith("/search")
    return SEARCH if is_search else GENERAL


class Limits:
    """The budgets of one token, kept by all processes together."""

    def __init__(self, token: str, tier: str, *, folder: Path, redis_url: str = "") -> None:
        """Raises Misconfigured: the tier is unknown."""
        if tier not in _BURST:
            known = ", ".join(_BURST)
            raise Misconfigured(f"HUBSPOT_TIER “{tier}” is unknown. Choose one of {known}.")
        name = f"hubspot-{sha256(token.encode()).hexdigest()[:12]}"

        def pace(budget: str, rates: Rates, share: float) -> Callable[[], Pace]:
            full_name = f"{name}-{budget}" if budget else name
            return lambda: Pace(full_name, rates, folder=folder, redis_url=redis_url, share=share)

        burst = _BURST[tier]
        self._makers = {
            GENERAL: pace(GENERAL, _burst(burst), _SHARE),
            SEARCH: pace(SEARCH, [(_SEARCHES_PER_SECOND, 1)], _SEARCH_SHARE),
            ASSOCIATIONS: pace(ASSOCIATIONS, _burst(_ASSOCIATIONS[burst]), _SHARE),
            EVENTS: pace(EVENTS, [(_EVENTS_PER_SECOND, 1)], _SHARE),
        }
        self._paces: dict[str, Pace] = {}
        self._told: tuple[str, ...] = ()
        self._left = self._daily = 0
        self._lock = threading.Lock()

    def wait(self, path: str) -> None:
        """Returns when a call to `path` may go out.

        Raises NotSent: the day's pool is all but used up.
        """
        budget = budget_of(path)
        if budget in (GENERAL, SEARCH) and self._daily and self._left <= self._daily * _RESERVE:
            raise NotSent(
                f"Of HubSpot's {self._daily:,} calls a day {self._left:,} are left, which are kept "
                "for other systems of the account. They start anew at midnight, in the time zone "
                "of the HubSpot account; the next run goes on.",
                after_seconds=3600,
            )
        self._pace(budget).wait()

    def learn(self, path: str, reply: Reply) -> None:
        """Takes over what an answer says of the limits.

        After a 429 nobody in this process calls on that budget until the wait is over.
        """
        budget = budget_of(path)
        error = refusal(reply) if reply.status == 429 else None
        if isinstance(error, NotNow) and error.wait_seconds:
            self._pace(budget).hold(error.wait_seconds)
        if budget != GENERAL:
            return
        left = _number(reply.headers, "x-hubspot-ratelimit-remaining")
        if error is None and left is not None and left <= _FEW_LEFT:
            self._pace(budget).hold(_FEW_SECONDS)
        self._learn_day(reply.headers)
        self._learn_burst(reply.headers)

    def _learn_day(self, headers: Mapping[str, str]) -> None:
        daily = _number(headers, "x-hubspot-ratelimit-daily")
        left = _number(headers, "x-hubspot-ratelimit-daily-remaining")
        if daily and left is not None:
            self._daily, self._left = int(daily), int(left)

    def _learn_burst(self, headers: Mapping[str, str]) -> None:
        calls = _number(headers, "x-hubspot-ratelimit-max")
        milliseconds = _number(headers, "x-hubspot-ratelimit-interval-milliseconds")
        if not calls or not milliseconds:
            return
        is_slow = bool(self._daily) and self._left < self._daily * _SLOW_SHARE
        told = (str(calls), str(milliseconds), str(is_slow))
        if told == self._told:
            return
        self._told = told
        speed = _SLOWNESS if is_slow else 1
        seconds = milliseconds / 1000
        general = _burst(int(calls * speed), seconds)
        self._pace(GENERAL).change(general)
        if calls >= _NO_LIMIT:
            self._pace(ASSOCIATIONS).change(general)
            self._pace(SEARCH).change(general)
        elif associations := _ASSOCIATIONS.get(int(calls)):
            self._pace(ASSOCIATIONS).change(_burst(int(associations * speed), seconds))

    @property
    def day(self) -> tuple[int, int] | None:
        """How many calls the account has a day, and how many of them are left; None: not told."""
        if not self._daily:
            return None
        return min(self._daily, _MOST_CALLS), min(max(0, self._left), _MOST_CALLS)

    def rates(self, budget: str) -> list[tuple[int, float]]:
        """What the calls of a budget are kept to at present: (calls, seconds)."""
        return self._pace(budget).rates

    def _pace(self, budget: str) -> Pace:
        """Made when it is first needed: a run that never searches keeps no count of searches."""
        with self._lock:
            if budget not in self._paces:
                self._paces[budget] = self._makers[budget]()
            return self._paces[budget]


def _burst(calls: int, seconds: float = 10) -> Rates:
    """The limit itself, and how much of it a single second may see."""
    return [(max(1, round(_EVENNESS * calls / seconds)), 1), (calls, seconds)]


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        return float(headers[name])
    except (KeyError, ValueError):
        return None
