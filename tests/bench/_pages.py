"""What pages of finance take through Django's test client, templates and all."""

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

ROUNDS = 3


def measure() -> Iterator[tuple[str, str, str]]:
    """Page, median of milliseconds, and queries."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client

    def counted(execute: Any, *given: Any) -> Any:
        queries.append(given[0])
        return execute(*given)

    queries: list[str] = []
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    for name, address in _addresses():
        taken, queries = [], []
        with connection.execute_wrapper(counted):
            answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        for _ in range(ROUNDS):
            start = time.perf_counter()
            client.get(address)
            taken.append((time.perf_counter() - start) * 1000)
        yield name, f"{median(taken):,.0f}", str(len(queries))


def _addresses() -> Iterator[tuple[str, str]]:
    from django.urls import reverse
    from django.utils import timezone

    from events.models import Event

    event = Event.objects.filter(start_at__lt=timezone.now()).order_by("-start_at")[0]
    yield "Home", reverse("admin:index")
    yield "Shows", reverse("admin:events_event_changelist")
    yield "A show", reverse("admin:events_event_change", args=[event.pk])
    yield "Settlement of a show", reverse("admin:finance_settlement_of_event", args=[event.pk])
    yield "Orders", reverse("admin:customers_order_changelist")
    yield "Ledger", reverse("admin:finance_ledgerline_changelist")
    yield "Expenses", reverse("admin:finance_expense_changelist")
    yield "Deposits", reverse("admin:finance_deposit_changelist")
    yield "Deposits to match", reverse("admin:finance_deposit_review")
    for slug in ("event-profit", "budget", "reconciliation", "heatmap", "pacing"):
        yield f"Report {slug}, twelve months", f"/admin/reports/{slug}/"
