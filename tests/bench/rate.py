"""How much of the rate that HubSpot allows a push reaches when the way there is long.

The sandbox keeps HubSpot's rate of a professional account, 190 requests in ten seconds, and answers
each request late. Counted is what goes out after the first window, which is faster than any lasting
rate. “CPU” is what the push took of it, in seconds: on a machine where it does not get that, the
share tells of the machine.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from urllib.request import Request, urlopen

from urllib3.connectionpool import HTTPConnectionPool

from tests.bench.syncs import new_database, pull_hubspot, sandbox, set_up

LATENCIES = (50, 200, 800)
CONTACTS = 30_000
ALLOWED = 19
"""Requests a second: 190 in ten."""
WINDOW_SECONDS = 10


def run(report: Callable[..., None]) -> None:
    """Reports the reached share at each latency, and the requests that the changes took."""
    headings = ("latency", "contacts", "requests", "per 10,000", "seconds", "CPU")
    report(
        f"A push to HubSpot at its limit of {ALLOWED} requests a second",
        (*headings, "requests/s", "share", "refused"),
        measure(),
    )


def measure() -> list[tuple[str, ...]]:
    from django.test import override_settings

    with sandbox(contacts=CONTACTS, events=1) as url, new_database():
        set_up(url)
        with override_settings(
            HUBSPOT_BASE_URL=url,
            HUBSPOT_ACCESS_TOKEN="sandbox-hubspot-token",
            HUBSPOT_TIER="professional",
            HUBSPOT_WRITE_MODE="auto",
            REDIS_URL="",
        ):
            tell(url, "limits", {"enabled": False})
            pull_hubspot()
            return [push(url, number, latency) for number, latency in enumerate(LATENCIES, 1)]


def push(url: str, number: int, latency: int) -> tuple[str, ...]:
    """Changes every contact and writes the changes at this latency, in milliseconds."""
    from integrations.hubspot.plan import make_plan
    from integrations.hubspot.push import apply_plan
    from integrations.hubspot.sync import connect
    from integrations.models import System
    from integrations.sync import sync_run

    change_everybody(number)
    burst = {"burst": ALLOWED * WINDOW_SECONDS, "burst_seconds": WINDOW_SECONDS}
    tell(url, "limits", burst | {"enabled": True})
    tell(url, "faults", {"kind": "latency", "ms": latency})
    tell(url, "stats/reset", {})
    with sync_run(System.HUBSPOT, "bench") as log:
        make_plan(log)
        begun = time.process_time()
        with answers() as times:
            apply_plan(connect(log.meter), log)
        cpu = time.process_time() - begun
    refused = json.load(urlopen(f"{url}/__sandbox__/stats"))["by_status"].get("429", 0)
    tell(url, "faults", None, method="DELETE")
    written, requests, rate = log.total("updated"), log.meter.requests, lasting_rate(times)
    return (
        f"{latency} ms",
        f"{written:,}",
        f"{requests:,}",
        f"{requests / written * 10_000:,.0f}",
        f"{times[-1] - times[0]:.1f}",
        f"{cpu:.1f}",
        f"{rate:.1f}",
        f"{rate / ALLOWED:.1%}",
        str(refused),
    )


@contextmanager
def answers() -> Iterator[list[float]]:
    """Collects when each answer came."""
    times: list[float] = []
    send = HTTPConnectionPool.urlopen

    def record(*args: Any, **more: Any) -> Any:
        response = send(*args, **more)
        times.append(time.monotonic())
        return response

    with patch.object(HTTPConnectionPool, "urlopen", record):
        yield times


def lasting_rate(times: list[float]) -> float:
    """Answers a second over whole windows, the first one left out.

    Within a window they come unevenly; the first one would be full at any rate.
    """
    start = times[0] + WINDOW_SECONDS
    windows = int((times[-1] - start) // WINDOW_SECONDS)
    end = start + windows * WINDOW_SECONDS
    return sum(start <= at < end for at in times) / (windows * WINDOW_SECONDS)


def change_everybody(number: int) -> None:
    """Gives each customer figures of their own, other ones each time."""
    from django.utils import timezone

    from customers.models import Customer, CustomerType

    Customer.objects.update(
        events_booked=1,
        events_attended=1,
        total_spend=Decimal(20 + number),
        first_event_on=date(2026, 1, 14),
        last_event_on=date(2026, 1, 14),
        customer_type=CustomerType.NEW,
        updated_at=timezone.now(),
    )


def tell(url: str, path: str, body: object, *, method: str = "POST") -> None:
    """One request to the sandbox's control."""
    data = None if body is None else json.dumps(body).encode()
    urlopen(Request(f"{url}/__sandbox__/{path}", data=data, method=method)).close()
