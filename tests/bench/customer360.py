"""The page of one person: regulars with 10,000 entries each, among 1,000,000 touches of others.

Each of ten regulars is opened in four ways, so that there are 40 requests, templates and all.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median, quantiles
from typing import Any

from tests.bench.attribution import EVENTS, ORDERS, PEOPLE, fill, make_market, moment

REGULARS, ENTRIES = 10, 10_000
_WAYS = {
    "Newest entries": "",
    "Older entries": "older",
    "Orders alone": "?kind=order",
    "E-mails alone": "?kind=email",
}


def run(report: Callable[..., None]) -> None:
    """Reports milliseconds and queries of each way to open the page, and of all."""
    from django.db import connection

    from tests.bench.syncs import new_database

    with new_database():
        make_market()
        make_regulars()
        report(
            f"Customer 360 on {connection.display_name}: {ENTRIES:,} entries of a person",
            ("Page", "Requests", "Median ms", "P95 ms", "Queries"),
            list(measured()),
        )


def make_regulars() -> None:
    """People who order, are refunded, come and are touched over and over."""
    from django.db import connection

    from customers.models import Attendance, Customer, Order, Touch
    from finance.models import LedgerLine
    from integrations.models import ContactLink

    orders = 1_500 * REGULARS
    buyer, event = f"{PEOPLE} + 1 + ({{}}) % {REGULARS}", f"1 + ({{}}) * 7 % {EVENTS}"
    of_seat = f"1 + i % {orders}"
    fill(Customer, REGULARS, first_name="'Regular'", last_name="'Number ' || i")
    fill(ContactLink, REGULARS, hubspot_id="CAST(i AS text)", customer_id=buyer.format("i"),
         state="'auto'", email="'regular' || i || '@example.org'")  # fmt: skip
    fill(Order, orders, eventbrite_id="'r' || i", buyer_id=buyer.format("i"),
         event_id=event.format("i"), status="'placed'", ordered_at=moment("i * 5000"),
         changed_at=moment("0"), currency="'EUR'")  # fmt: skip
    fill(LedgerLine, orders // 3, order_id=f"{ORDERS} + 3 * i", event_id=event.format("3 * i"),
         kind="'refund'", amount="-5", currency="'EUR'", occurred_at=moment("i * 15100"),
         known_at=moment("0"))  # fmt: skip
    fill(Attendance, 2 * orders, eventbrite_id="'r' || i", order_id=f"{ORDERS} + {of_seat}",
         event_id=event.format(of_seat), holder_id=buyer.format(of_seat), status="'checked_in'",
         checked_in_at=f"CASE WHEN i % 3 > 0 THEN {moment('i * 2600')} END",
         changed_at=moment("0"), currency="'EUR'")  # fmt: skip
    fill(Touch, 2 * orders, key="'r' || i", customer_id=buyer.format("i"),
         kind="CASE i % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'click' ELSE 'tracking' END",
         source="'s' || i % 50", occurred_at=moment("i * 2500"))  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def measured() -> Iterator[list[str]]:
    """Raises AssertionError: a page is not there, or its timeline is not as long as it should."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    everything: list[float] = []
    client.get(_page(0))  # templates are read once
    for name, way in _WAYS.items():
        taken, counts = [], set()
        for number in range(REGULARS):
            older = client.get(_page(number)).context_data["older_url"] if way == "older" else ""
            milliseconds, queries = _open(client, older or _page(number) + way)
            taken.append(milliseconds)
            counts.add(queries)
        everything += taken
        yield [name, *_figures(taken), " to ".join(map(str, sorted({min(counts), max(counts)})))]
    yield ["All", *_figures(everything), ""]


def _page(number: int) -> str:
    from django.urls import reverse

    return reverse("admin:customers_customer_360", args=[PEOPLE + 1 + number])


def _open(client: Any, address: str) -> tuple[float, int]:
    """Milliseconds and queries of one request."""
    from django.db import connection

    def counted(execute: Any, *given: Any) -> Any:
        queries.append(given[0])
        return execute(*given)

    queries: list[str] = []
    start = time.perf_counter()
    with connection.execute_wrapper(counted):
        answer = client.get(address.partition("#")[0])
    taken = (time.perf_counter() - start) * 1000
    assert answer.status_code == 200, (address, answer.status_code)
    entries = answer.context_data["tabs"][0]["number"]
    assert abs(entries - ENTRIES) < ENTRIES / 100, (address, entries)
    return taken, len(queries)


def _figures(taken: list[float]) -> list[str]:
    return [str(len(taken)), f"{median(taken):.0f}", f"{quantiles(taken, n=20)[-1]:.0f}"]
