"""Finding who may be whom among 300,000 customers: everybody, those who changed, and the report.

One customer in 100 is there twice, by a +tag, by a typing error, or by name and phone.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

CUSTOMERS, EVERY, ROUNDS = 300_000, 100, 3
CHANGED = 1_000


def run(report: Callable[..., None]) -> None:
    """Reports seconds: the search among all, and after a sync that changed some; the pages."""
    from django.db import connection

    from tests.bench.syncs import new_database

    with new_database():
        make_people()
        title = f"Matches on {connection.display_name}: {CUSTOMERS:,} customers"
        report(title, ("What", "Seconds", "Rows"), list(_measured()))


def make_people() -> None:
    """Customers with an address, two in three with a phone, and nine in ten with a contact."""
    from django.db import transaction

    from customers.models import Customer, EmailAddress
    from integrations.models import ContactLink
    from nova_project.bulk import insert_many, update_statistics

    people, addresses, links = [], [], []
    for pk in range(1, CUSTOMERS + 1):
        like = pk - 1 if pk % EVERY == 0 else pk
        phone = f"+49 170 {1_000_000 + like}" if like % 3 else ""
        people.append((pk, f"First{like % 997}", f"Last{like}", phone))
        addresses.append((pk, _address(pk, like), True))
        if pk % 10:
            links.append((str(pk), pk, "auto", addresses[-1][1], {"phone": phone}))
    with transaction.atomic():
        insert_many(Customer, people, fields=("id", "first_name", "last_name", "phone"))
        insert_many(EmailAddress, addresses, fields=("customer_id", "address", "is_primary"))
        fields = ("hubspot_id", "customer_id", "state", "email", "seen")
        insert_many(ContactLink, links, fields=fields)
    update_statistics(Customer, EmailAddress, ContactLink)


def _address(pk: int, like: int) -> str:
    kind = pk // EVERY % 3
    if pk == like:
        return f"p{pk}@gmail.com"
    return (f"p{like}+tickets@gmail.com", f"p{like}@gmial.com", f"other{pk}@x.org")[kind]


def _measured() -> Iterator[list[str]]:
    from customers.models import Customer
    from integrations.matching.listing import count_gaps, list_gap
    from integrations.matching.suggestions import refresh_suggestions
    from integrations.models import MatchSuggestion
    from nova_project.periods import Period
    from nova_project.reports.forms import EARLIEST, LATEST

    always = Period(EARLIEST, LATEST)
    _age()
    seconds, found = _timed(lambda: refresh_suggestions(everyone=True), rounds=1)
    yield ["Everybody, the first time", seconds, f"{found.new:,} new"]
    seconds, found = _timed(lambda: refresh_suggestions(everyone=True))
    yield ["Everybody, every night", seconds, f"{found.new:,} new"]
    seconds, found = _timed(refresh_suggestions)
    yield ["After a sync, nobody changed", seconds, f"{found.looked_at:,} looked at"]
    Customer.objects.filter(pk__lte=CHANGED).update(updated_at=LATEST_CHANGE)
    seconds, found = _timed(refresh_suggestions)
    yield ["After a sync", seconds, f"{found.looked_at:,} looked at"]
    seconds, rows = _timed(lambda: count_gaps(always))
    yield ["Report matches", seconds, f"{len(rows):,}"]
    for kind in ("", "customers-alone", "no-source"):
        seconds, rows = _timed(lambda kind=kind: list_gap(always, kind))
        yield [f"List {kind or 'of all to be decided'}", seconds, f"{len(rows):,}"]
    yield ["Suggestions", "", f"{MatchSuggestion.objects.count():,}"]


LATEST_CHANGE = "2100-01-01T00:00Z"


def _age() -> None:
    """Nobody changed lately."""
    from customers.models import Customer, EmailAddress
    from integrations.models import ContactLink

    for model in (Customer, EmailAddress, ContactLink):
        model._base_manager.update(updated_at="2026-01-01T00:00Z")


def _timed(work: Callable[[], Any], rounds: int = ROUNDS) -> tuple[str, Any]:
    times, result = [], None
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return f"{median(times):.2f}", result
