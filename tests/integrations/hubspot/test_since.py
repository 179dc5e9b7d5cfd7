"""Since when changes count for the next comparison, and that to ask reads no whole table."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer
from integrations.hubspot.plan import STREAM
from integrations.hubspot.settling import settle_links
from integrations.hubspot.since import (
    OVERLAP,
    changed_since,
    compared_at,
    keys_of,
    note_compared,
)
from integrations.hubspot.touches import note_sources
from integrations.models import ContactLink, LinkState, System
from integrations.sync import sync_run
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def link(hubspot_id: str, **fields) -> ContactLink:
    defaults = {"customer": make_customer(), "state": LinkState.AUTO, "is_push_due": False}
    return ContactLink.objects.create(**{"hubspot_id": hubspot_id} | defaults | fields)


def age(*customers: Customer) -> None:
    Customer.objects.filter(pk__in=[c.pk for c in customers]).update(
        updated_at=NOON - timedelta(days=1)
    )


def test_before_the_first_comparison_everything_counts():
    assert compared_at(STREAM) is None
    assert changed_since(STREAM) is None


def test_changes_count_from_ten_minutes_before_the_last_comparison_began():
    note_compared(STREAM, NOON)

    assert compared_at(STREAM) == NOON
    assert changed_since(STREAM) == NOON - OVERLAP == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert changed_since(STREAM, full=True) is None


def test_what_was_compared_with_something_else_counts_as_never_compared():
    note_compared(STREAM, NOON, kept=["sales"])

    assert changed_since(STREAM, given={"kept": ["sales"]}) == NOON - OVERLAP
    assert changed_since(STREAM, given={"kept": ["expenses", "sales"]}) is None


def test_a_link_is_due_when_it_is_flagged_or_its_customer_changed_since():
    quiet, flagged, changed, gone = (
        link("1"),
        link("2", is_push_due=True),
        link("3"),
        link("4", is_push_due=True, archived_at=NOON),
    )
    age(quiet.customer, flagged.customer, gone.customer)

    due = ContactLink.objects.due_for_push(NOON)

    assert list(keys_of(due, 1)) == [[flagged.pk], [changed.pk]]
    assert ContactLink.objects.due_for_push(None).count() == 3


@pytest.mark.skipif(connection.vendor != "sqlite", reason="it knows its way without statistics")
def test_nothing_of_a_settled_account_is_found_by_going_through_all_contacts():
    """What is not asked for 100,000 contacts in the bench is not asked for one here."""
    link("1")
    with sync_run(System.HUBSPOT, "x") as log:
        note_sources(log)
        with CaptureQueriesContext(connection) as asked:
            settle_links(log, None)
            note_sources(log)
            list(ContactLink.objects.due_for_push(timezone.now()).values_list("pk"))

    reads = [query["sql"] for query in asked if query["sql"].startswith("SELECT")]
    assert len(reads) > 5
    with connection.cursor() as cursor:
        for sql in reads:
            steps = cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
            whole = [
                step[3]
                for step in steps
                if step[3] in ("SCAN integrations_contactlink", "SCAN customers_customer")
            ]
            assert whole == [], sql
