"""All of one person: found by any address, told whole, paged, and only what the reader may see."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.models import (
    Campaign,
    Customer,
    EmailAddress,
    FollowUp,
    FollowUpMessage,
    MessageState,
    Touch,
    TouchKind,
    Trigger,
    TypeChange,
)
from customers.services import erase_person, refresh_rollups
from finance.models import LedgerKind
from integrations.customer360 import KINDS, NotACursor, customer_360, find_customer
from integrations.customer360.timeline import timeline
from integrations.models import (
    Conflict,
    ContactLink,
    DealKind,
    DealLink,
    HubSpotDeal,
    LinkState,
    MatchRule,
    Occurrence,
    OccurrenceKind,
    Operation,
    RemoteWrite,
    SyncRun,
    System,
    WriteState,
)
from tests.factories import make_customer, make_event, make_line, make_order, make_seat

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def everything(_permission: str) -> bool:
    return True


@pytest.fixture
def ada() -> Customer:
    """A person with something of every kind."""
    customer = make_customer("ada@example.org", first_name="Ada", last_name="Byron", phone="1")
    EmailAddress.objects.create(customer=customer, address="countess@example.org")
    event = make_event(name="Late Show")
    order = make_order(event, "40.00", buyer=customer, buyer_name="A. Byron", refund="10.00")
    make_line(order, LedgerKind.REFUND, "-10.00")
    TypeChange.objects.create(
        customer=customer, from_type="lead", to_type="new", changed_at=NOON, order=order
    )
    make_seat(order, holder=customer, checked_in_at=event.start_at, price="20.00")
    campaign = Campaign.objects.create(name="Spring")
    for kind in (TouchKind.TRACKING_LINK, TouchKind.CLICK):
        Touch.objects.create(
            key=kind, customer=customer, campaign=campaign, kind=kind, source="s", occurred_at=NOON
        )
    link = ContactLink.objects.create(
        hubspot_id="77",
        customer=customer,
        email="ada@example.org",
        state=LinkState.AUTO,
        rule=MatchRule.PRIMARY_ADDRESS,
        evidence="Both have ada@example.org.",
        seen={"firstname": "Ada", "lastname": "Lovelace", "email": "ada@example.org", "phone": "1"},
    )
    Conflict.objects.create(link=link, field="last_name", local_value="Byron", remote_value="L.")
    deal = HubSpotDeal.objects.create(hubspot_id="5", name="Group booking", stage="Offer")
    deal.contacts.add(link)
    DealLink.objects.create(hubspot_id="6", kind=DealKind.ORDER, order=order, name="Late Show")
    write(customer)
    Occurrence.objects.create(
        kind=OccurrenceKind.ATTENDED,
        customer=customer,
        event=event,
        uuid=UUID(int=1),
        occurred_at=NOON,
    )
    return customer


def write(customer: Customer, **fields) -> RemoteWrite:
    run = SyncRun.objects.create(system=System.HUBSPOT, command="x", started_at=NOON)
    defaults = {"operation": Operation.UPDATE, "reason": "Differs.", "after": {"phone": "2"}}
    return RemoteWrite.objects.create(**{"run": run, "customer": customer} | defaults | fields)


def touch_all(customer: Customer, number: int) -> None:
    Touch.objects.bulk_create(
        Touch(
            key=f"bulk {position}",
            customer=customer,
            kind=TouchKind.OPEN,
            source="mail",
            occurred_at=NOON + timedelta(seconds=position // 3),  # three at a time are equal
        )
        for position in range(number)
    )


@pytest.mark.parametrize("address", ["ada@example.org", " ADA@Example.org", "Countess@example.org"])
def test_a_person_is_found_by_any_address_in_any_spelling(ada, address):
    assert find_customer(address) == ada


@pytest.mark.parametrize("address", ["", "nobody@example.org", "no address"])
def test_nobody_is_found_by_an_address_that_nobody_has(ada, address):
    assert find_customer(address) is None


def test_an_erased_person_is_found_no_more(ada):
    erase_person(email="ada@example.org")

    assert find_customer("ada@example.org") is None
    assert find_customer("countess@example.org") is None


def test_every_kind_of_thing_is_on_the_timeline_newest_first(ada):
    told = customer_360(ada, everything).timeline

    assert {kind.kind for kind in told.kinds if kind.number} == set(KINDS)
    assert {entry.kind for entry in told.entries} == set(KINDS)
    assert sum(kind.number for kind in told.kinds) == len(told.entries)
    times = [entry.at for entry in told.entries]
    assert times == sorted(times, reverse=True)
    assert all(entry.told.title and entry.told.nova_url for entry in told.entries)


def test_an_order_tells_what_was_paid_and_how_many_seats_hold(ada):
    (entry,) = customer_360(ada, everything, kinds=["order"]).timeline.entries

    assert entry.told.title == "Ordered: Late Show"
    assert entry.told.detail == "1 valid seat"
    assert (entry.told.amount, entry.told.currency) == (Decimal("40.000"), "EUR")


def test_a_follow_up_stands_among_the_emails_once_it_went_out(ada):
    thanks = FollowUp.objects.create(name="Thanks", trigger=Trigger.FIRST_VISIT)
    for state, name in ((MessageState.SENT, "Gala"), (MessageState.HELD_OUT, "Brunch")):
        FollowUpMessage.objects.create(
            follow_up=thanks,
            customer=ada,
            event=make_event(name=name),
            state=state,
            triggered_at=NOON,
            due_at=NOON,
            decided_at=NOON + timedelta(days=9),
        )

    newest, *others = customer_360(ada, everything, kinds=["email"]).timeline.entries

    assert (newest.told.title, newest.told.detail) == ("Follow-up: Thanks", "about Gala")
    assert (newest.told.state, newest.at) == ("Sent", NOON + timedelta(days=9))
    assert newest.told.nova_url.endswith("/change/")
    assert [entry.told.title for entry in others] == ["Click in an e-mail: Spring"]


def test_an_edit_tells_what_was_before_and_what_is_now(ada):
    ada.phone, ada.city = "2", "Bern"
    ada.save()

    entry = customer_360(ada, everything, kinds=["edit"]).timeline.entries[0]

    assert entry.told.title == "Changed: customer"
    assert entry.told.detail == "Phone: 1 → 2; City: – → Bern"


def test_the_sides_show_who_holds_what_and_where_they_differ(ada):
    refresh_rollups()
    ada.refresh_from_db()

    sides = {side.label: side for side in customer_360(ada, everything).sides}

    name = sides["Name"]
    assert (name.nova, name.hubspot, name.eventbrite) == ("Ada Byron", "Ada Lovelace", "A. Byron")
    assert name.differs
    assert not sides["Phone number"].differs
    spend = sides["Total spend"]
    assert (spend.nova, spend.hubspot, spend.eventbrite) == ("30", "", "30")
    assert (spend.differs, spend.state) == (True, "to be written")


def test_it_says_why_a_contact_is_linked_what_waits_and_where_to_look(ada, settings):
    settings.HUBSPOT_PORTAL_ID = "123"

    told = customer_360(ada, everything)

    (link,) = told.links
    assert (link.rule, link.evidence) == ("Same address", "Both have ada@example.org.")
    assert link.is_in_force
    assert told.places.hubspot == "https://app.hubspot.com/contacts/123/record/0-1/77"
    assert told.places.eventbrite.startswith("https://www.eventbrite.com/myevent?eid=")
    assert [deal.name for deal in told.deals] == ["Late Show", "Group booking"]
    assert [w.fields for w in told.pending_writes] == ["Phone number: – → 2"]


def test_a_write_that_is_done_waits_no_more(ada):
    RemoteWrite.objects.update(state=WriteState.APPLIED, applied_at=NOON)

    assert customer_360(ada, everything).pending_writes == []


def test_without_a_contact_hubspots_side_is_empty():
    told = customer_360(make_customer("new@example.org"), everything)

    assert {side.hubspot for side in told.sides} == {None}
    assert (told.links, told.deals, told.pending_writes) == ([], [], [])


def test_a_reader_gets_nothing_that_he_may_not_see(ada):
    def may(permission: str) -> bool:
        return permission in ("customers.view_customer", "customers.view_order")

    told = customer_360(ada, may)

    assert (told.sides, told.links, told.deals, told.pending_writes) == (None, None, None, None)
    assert told.places.hubspot == ""
    assert {entry.kind for entry in told.timeline.entries} == {"order", "refund", "edit", "stage"}


@settings(max_examples=6)
@given(size=st.integers(1, 12), kinds=st.sets(st.sampled_from(sorted(KINDS))))
def test_pages_hold_every_entry_once_in_the_order_of_the_whole(size, kinds):
    customer = make_customer(f"p{Customer.objects.count()}@example.net")
    touch_all(customer, 10)
    make_order(buyer=customer, ordered_at=NOON + timedelta(seconds=1))
    write(customer, applied_at=NOON + timedelta(seconds=1))
    whole = [e.key for e in timeline(customer, everything, kinds=kinds, size=200).entries]

    paged, after = [], ""
    while True:
        page = timeline(customer, everything, kinds=kinds, after=after, size=size)
        paged += [entry.key for entry in page.entries]
        assert len(page.entries) <= size
        if not (after := page.next):
            break

    assert paged == whole
    Touch.objects.all().delete()


@pytest.mark.parametrize("after", ["x", "1-2", "1-2-3-4", f"{10**40}-1-1", "-1-2-3", "１-1-1"])
def test_what_is_no_place_of_a_page_is_refused(ada, after):
    with pytest.raises(NotACursor):
        timeline(ada, everything, after=after)


def test_ten_thousand_entries_cost_as_many_queries_as_a_few(ada):
    touch_all(ada, 60)
    with CaptureQueriesContext(connection) as few:
        customer_360(ada, everything)
    Touch.objects.filter(kind=TouchKind.OPEN).delete()
    touch_all(ada, 10_000)

    with CaptureQueriesContext(connection) as many:
        told = customer_360(ada, everything)

    assert len(many) == len(few) <= 40
    assert {kind.kind: kind.number for kind in told.timeline.kinds}["email"] == 10_001
