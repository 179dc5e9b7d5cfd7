"""Scoring who will book: how good on public data, how long and how large with 300,000 people.

The command runs in a process of its own, whose largest memory is taken.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

PEOPLE, SHOWS, SEATS_AN_ORDER, TOUCHES = 300_000, 700, 2, 1_000_000
_DAYS = 730
_MEASURED = """
import resource, sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "score_leads", "--json"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def run(report: Callable[..., None]) -> None:
    """The card on CDNOW's customers, then time and memory with many people."""
    from django.db import connection

    from tests.bench.syncs import new_database

    with new_database():
        report(
            "Scores on public data (CDNOW, 90 days to 30 June 1998)",
            ("", "Model", "Most recent first"),
            list(public_rows()),
        )
    with new_database() as url:
        orders = make_people()
        report(
            f"Scoring on {connection.display_name}: {PEOPLE:,} people, {orders:,} orders, "
            f"{orders * SEATS_AN_ORDER:,} seats, {TOUCHES:,} touches",
            ("Run", "Seconds", "MB at most", "Written", "Model", "AUC"),
            [[name, *measured(url)] for name in ("first", "again, nothing new")],
        )


def public_rows() -> list[list[str]]:
    from customers.scoring.run import score_leads
    from tests.customers.scoring import cdnow

    cdnow.load()
    card = score_leads(cdnow.LAST_DAY + timedelta(days=1)).model.card
    tested = card["people"]["tested_on"]
    return [
        ["AUC", f"{card['auc']:.3f}", f"{card['auc_recent']:.3f}"],
        ["Bookings in the best tenth, by lot 1", f"{card['lift_chance']:.2f}", ""],
        ["Lift over most recent first", f"{card['lift']:.2f}", "1"],
        ["Brier score; all alike", f"{card['brier']:.4f}", f"{card['brier_usual']:.4f}"],
        ["Bookings expected; came", f"{card['expected']:.0f}", f"{tested['booked']:,}"],
    ]


def measured(url: str) -> list[str]:
    """Seconds, megabytes and what came of a run of the command."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED],
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    *_, told, memory = done.stdout.splitlines()
    result: dict[str, Any] = json.loads(told)
    return [
        f"{result['seconds']:,.0f}",
        memory,
        f"{result['changed']:,}",
        str(result["kind"]),
        f"{result.get('auc') or 0:.3f}",
    ]


def make_people() -> int:
    """People with paces of their own, half of whom never book; returns how many orders."""
    import numpy as np

    from customers.models import Attendance, Customer, Order, Touch
    from events.models import Event
    from nova_project.bulk import insert_many, update_statistics

    chance = np.random.default_rng(1)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=_DAYS)
    insert_many(Customer, ((n, f"P{n}") for n in range(1, PEOPLE + 1)), fields=("id", "last_name"))
    shows = [start + timedelta(days=float(day)) for day in np.linspace(0, _DAYS + 60, SHOWS)]
    insert_many(
        Event,
        [(n, f"e{n}", f"Show {n}", at, at, at.date(), "EUR") for n, at in enumerate(shows, 1)],
        fields=("id", "eventbrite_id", "name", "start_at", "end_at", "starts_on", "currency"),
    )
    paces = np.where(chance.random(PEOPLE) < 0.5, 0, chance.gamma(0.6, 3.0, PEOPLE))
    bookings = chance.poisson(paces)
    buyers = np.repeat(np.arange(1, PEOPLE + 1), bookings)
    days = chance.random(len(buyers)) * _DAYS
    ordered = [start + timedelta(days=float(day)) for day in days]
    events = np.minimum((days + 20 * chance.random(len(days))) / (_DAYS + 60) * SHOWS, SHOWS - 1)
    orders = [
        (n, f"o{n}", int(show) + 1, int(buyer), "placed", at, at, "EUR", 40, 40)
        for n, (show, buyer, at) in enumerate(zip(events, buyers, ordered, strict=True), 1)
    ]
    insert_many(Order, orders, fields=_ORDER)
    seats = (
        (f"{n}-{seat}", n, show, buyer if seat == 0 else None, "attending", at, "EUR", 20)
        for n, _, show, buyer, _, at, *_ in orders
        for seat in range(SEATS_AN_ORDER)
    )
    insert_many(Attendance, seats, fields=_SEAT)
    touched = chance.integers(1, PEOPLE + 1, TOUCHES)
    when = chance.random(TOUCHES) * _DAYS
    kinds = ("open", "open", "click", "first")
    touches = (
        (f"t{n}", int(person), kinds[n % 4], "mail", start + timedelta(days=float(day)))
        for n, (person, day) in enumerate(zip(touched, when, strict=True))
    )
    insert_many(Touch, touches, fields=("key", "customer_id", "kind", "source", "occurred_at"))
    update_statistics(Customer, Event, Order, Attendance, Touch)
    return len(orders)


_ORDER = ("id", "eventbrite_id", "event_id", "buyer_id", "status", "ordered_at", "changed_at")
_ORDER += ("currency", "gross", "gross_paid")
_SEAT = ("eventbrite_id", "order_id", "event_id", "holder_id", "status", "changed_at", "currency")
_SEAT += ("price",)
