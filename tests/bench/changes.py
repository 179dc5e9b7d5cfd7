"""What a change costs in a large account: one contact or customer of 100,000, and 10,000 at once.

The way from the change to the end of what follows from it: a webhook is taken in and worked
through, a poll is a whole sync. What comes on top is waiting: two seconds after a webhook, for
others that tell of the same, and up to the schedule's fifteen minutes for a poll. The pace is left
out, so the seconds are Nova's own and the sandbox's. The account is as after a quiet hour: what
changed in the ten minutes before a comparison is compared once more.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from tests.bench.rate import tell
from tests.bench.syncs import connected, new_database, pull_hubspot, sandbox, set_up

CONTACTS, CHANGED = 100_000, 10_000
Cost = tuple[int, int, int]
"""Records, requests, and those of them that write."""


def run(report: Callable[..., None]) -> None:
    report(
        f"Changes in an account of {CONTACTS:,} contacts",
        ("Change", "Records", "Seconds", "Requests", "Of them writes"),
        list(measure()),
    )


def measure() -> Iterator[tuple[str, ...]]:
    with sandbox(contacts=CONTACTS, events=6) as url, new_database():
        set_up(url)
        with connected(url):
            pull_hubspot()
            sync()
            let_an_hour_pass()
            for what, work in (
                ("One contact in HubSpot, by webhook", lambda: by_webhook(url)),
                ("One contact in HubSpot, by poll", lambda: by_poll(url)),
                ("One customer in Nova, by poll", lambda: change_customers(1)),
                (f"{CHANGED:,} customers in Nova, by poll", lambda: change_customers(CHANGED)),
            ):
                begun = time.perf_counter()
                records, requests, writes = work()
                seconds = time.perf_counter() - begun
                yield what, f"{records:,}", f"{seconds:.2f}", f"{requests:,}", f"{writes:,}"


def by_webhook(url: str) -> Cost:
    from integrations.deliveries import process_waiting, receive
    from integrations.hubspot.webhook import notices
    from integrations.models import System

    hubspot_id = change_contact(url, "Ada")
    event = {"subscriptionType": "contact.propertyChange", "objectId": int(hubspot_id)}
    receive(System.HUBSPOT, notices(json.dumps([event | {"occurredAt": 1}]).encode()))
    return _cost(process_waiting(System.HUBSPOT))


def by_poll(url: str) -> Cost:
    change_contact(url, "Grace")
    return sync()


def let_an_hour_pass() -> None:
    """Everything in Nova changed an hour ago or earlier, and the database knows its tables."""
    from django.db.models import F

    from customers.models import Customer
    from integrations.models import ContactLink
    from nova_project.bulk import update_statistics

    for model in (Customer, ContactLink):
        model._default_manager.update(updated_at=F("updated_at") - timedelta(hours=1))
    update_statistics(Customer, ContactLink)


def change_contact(url: str, name: str) -> str:
    from integrations.models import ContactLink

    hubspot_id = str(ContactLink.objects.linked().order_by("pk").values_list("hubspot_id")[0][0])
    tell(url, f"hubspot/contacts/{hubspot_id}", {"firstname": name})
    return hubspot_id


def change_customers(number: int) -> Cost:
    """Other figures for so many linked customers, and the sync that writes them to HubSpot."""
    from django.db.models import F
    from django.utils import timezone

    from customers.models import Customer
    from integrations.models import ContactLink

    linked = ContactLink.objects.linked().order_by("pk").values_list("customer_id", flat=True)
    customers = Customer.objects.filter(pk__among=list(linked[:number]))
    customers.update(total_spend=F("total_spend") + 1, updated_at=timezone.now())
    return sync()


def sync() -> Cost:
    from integrations.hubspot.sync import sync_with_hubspot

    return _cost(sync_with_hubspot(command="bench"))


def _cost(log: Any) -> Cost:
    return log.total("updated"), log.meter.requests, log.meter.writes
