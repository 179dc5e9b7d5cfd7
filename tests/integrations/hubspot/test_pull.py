"""Reading contacts: all, only what changed, and on from where a run was cut off."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Consent, Customer, EmailAddress
from integrations.errors import RetryLater
from integrations.models import ContactLink, LinkState, Problem, System
from integrations.sync import read_cursor, save_cursor
from tests.factories import make_customer

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
SEARCH = "POST /crm/v3/objects/{type}/search"
LIST = "GET /crm/v3/objects/{type}"


def counts(log, kind):
    return {name: number for name, number in log.counts.get(kind, {}).items() if number}


def pull(sync, **options):
    return sync(pull_only=True, **options)


def state():
    """All that a pull writes, without times and keys."""
    links = ContactLink.objects.order_by("hubspot_id").values_list(
        "hubspot_id", "customer__addresses__address", "state", "rule", "email", "seen"
    )
    people = Customer.objects.order_by("addresses__address").values_list(
        "addresses__address", "first_name", "last_name", "lifecycle_stage", "owner", "consent"
    )
    return list(links), list(people)


def test_the_first_run_reads_all_pages(world, sync):
    for number in range(205):
        world.add_contact(f"a{number}@x.org", createdate=LONG_AGO)

    log = pull(sync)

    assert counts(log, "contacts") == {"created": 205}
    assert counts(log, "customers") == {"created": 205}
    assert ContactLink.objects.linked().count() == 205


def test_what_hubspot_says_of_a_person_comes_to_the_customer(world, sync):
    owner = world.add_owner("olga@x.org", "Olga", "Own")
    world.add_contact(
        "Ada@X.org",
        firstname="Ada",
        lastname="Byron",
        phone="+49 30 1",
        city="Berlin",
        country="Germany",
        lifecyclestage="lead",
        hubspot_owner_id=owner["id"],
        hs_analytics_source="ORGANIC_SEARCH",
        hs_latest_source="PAID_SOCIAL",
        createdate="2026-01-02T03:04:05Z",
        hs_email_first_click_date="2026-02-01T00:00:00Z",
        notes_last_contacted="2026-02-03T04:05:06.007Z",
        hs_email_delivered="5",
        hs_email_open="3",
        hs_email_click="1",
        hs_email_optout="true",
    )

    pull(sync)

    customer = Customer.objects.get()
    assert customer.email == "ada@x.org"
    assert (customer.name, customer.phone) == ("Ada Byron", "+49 30 1")
    assert (customer.city, customer.country) == ("Berlin", "Germany")
    assert (customer.lifecycle_stage, customer.owner) == ("lead", "Olga Own")
    assert (customer.source, customer.latest_source) == ("ORGANIC_SEARCH", "PAID_SOCIAL")
    assert customer.crm_created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert customer.first_engaged_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert customer.last_contacted_at == datetime(2026, 2, 3, 4, 5, 6, 7000, UTC)
    assert customer.emails_delivered_count == 5
    assert customer.emails_opened_count == 3
    assert customer.emails_clicked_count == 1
    assert customer.consent == Consent.OPTED_OUT


def test_what_a_customer_has_is_not_overwritten_and_blanks_are_filled(world, sync):
    customer = make_customer("ada@x.org", first_name="Ada", last_name="Byron", city="Bonn")
    world.add_contact("ada@x.org", firstname="A.", lastname="B.", city="Berlin", phone="1")

    pull(sync)

    customer.refresh_from_db()
    assert (customer.name, customer.city, customer.phone) == ("Ada Byron", "Bonn", "1")


def test_an_opt_out_stays_until_a_person_gives_the_consent_back(world, sync):
    contact = world.add_contact("ada@x.org", hs_email_optout="true")
    pull(sync)

    world.edit_contact(contact["id"], hs_email_optout="false")
    pull(sync)

    assert Customer.objects.get().consent == Consent.OPTED_OUT


def test_a_later_run_reads_only_what_changed(world, portal, sync):
    old = [world.add_contact(f"a{n}@x.org", createdate=LONG_AGO) for n in range(3)]
    pull(sync)
    portal.stats.reset()

    world.edit_contact(old[1]["id"], firstname="Grace")
    world.add_contact("new@x.org")
    log = pull(sync)

    assert counts(log, "contacts") == {"created": 1, "updated": 1}
    assert Customer.objects.get(addresses__address="a1@x.org").first_name == "Grace"
    assert (portal.stats.by_route[SEARCH], portal.stats.by_route[LIST]) == (1, 0)


def test_a_run_with_nothing_new_writes_nothing(world, sync):
    world.add_contact("a@x.org", firstname="Ada", hs_email_open="2")
    pull(sync)
    before = list(ContactLink.objects.values()), list(Customer.objects.values())

    log = pull(sync)

    assert counts(log, "contacts") == {"unchanged": 1}
    assert log.run.created_count == log.run.updated_count == 0
    assert (list(ContactLink.objects.values()), list(Customer.objects.values())) == before


def test_a_window_of_many_changes_is_walked_by_id(world, portal, sync):
    pull(sync)
    portal.stats.reset()
    for number in range(401):
        world.add_contact(f"a{number}@x.org")

    log = pull(sync)

    assert counts(log, "contacts") == {"created": 401}
    assert portal.stats.by_route[SEARCH] == 3


def test_a_window_beyond_what_a_search_shows_is_read_by_listing(world, portal, sync):
    pull(sync)
    for number in range(201):
        world.add_contact(f"a{number}@x.org")
    body = {"total": 10_001, "results": []}
    portal.faults.add("status", path="/search", status=200, body=body)
    portal.stats.reset()

    log = pull(sync)

    assert counts(log, "contacts") == {"created": 201}
    assert portal.stats.by_route[LIST] == 3
    assert set(read_cursor(System.HUBSPOT, "contacts")) == {"done_to"}


def test_windows_and_a_full_run_give_the_same_rows(world, sync):
    ids = [world.add_contact(f"a{n}@x.org", createdate=LONG_AGO)["id"] for n in range(5)]
    pull(sync)
    world.edit_contact(ids[0], lastname="New", hs_additional_emails="other@x.org")
    world.add_contact("late@x.org", firstname="Late")
    pull(sync)
    by_windows = state()

    pull(sync, full=True)

    assert state() == by_windows


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_run_goes_on_after_the_page_at_which_one_broke_off(world, portal, sync, page):
    for number in range(250):
        world.add_contact(f"a{number}@x.org", createdate=LONG_AGO)
    portal.faults.add("status", path="objects/contacts.limit", status=503, after=page - 1, times=8)
    with pytest.raises(RetryLater):
        pull(sync)
    portal.faults.clear()
    portal.stats.reset()

    pull(sync)

    assert ContactLink.objects.linked().count() == Customer.objects.count() == 250
    assert portal.stats.by_route[LIST] == 4 - page


def test_a_broken_off_window_is_finished_before_the_next(world, portal, sync):
    pull(sync)
    for number in range(250):
        world.add_contact(f"a{number}@x.org")
    portal.faults.add("reset_before", path="/search", after=1, times=8)
    with pytest.raises(RetryLater):
        pull(sync)
    portal.faults.clear()
    left = read_cursor(System.HUBSPOT, "contacts")["walk"]

    pull(sync)

    assert left["kind"] == "window"
    assert ContactLink.objects.count() == 250
    assert set(read_cursor(System.HUBSPOT, "contacts")) == {"done_to"}


def test_pages_that_do_not_move_on_end_the_run(world, portal, sync):
    world.add_contact("a@x.org")
    portal.faults.add("repeat_continuation", path="objects/contacts.limit")

    with pytest.raises(RetryLater, match="do not move on"):
        pull(sync)


def test_a_full_run_finds_what_was_deleted_and_what_came_back(world, sync):
    contact = world.add_contact("a@x.org")
    pull(sync)
    world.archive_record("contacts", contact["id"])

    pull(sync, full=True)
    gone = ContactLink.objects.get()
    world.store.put("contacts", contact | {"archived": False})
    pull(sync, full=True)
    back = ContactLink.objects.get()

    assert gone.archived_at is not None
    assert (back.archived_at, back.state) == (None, LinkState.AUTO)
    assert Customer.objects.count() == 1


def test_a_value_that_cannot_be_read_sets_one_contact_aside(world, sync):
    bad = world.add_contact("bad@x.org")
    world.add_contact("good@x.org")
    world.store.put("contacts", bad | {"properties": bad["properties"] | {"hs_email_open": "?"}})

    log = pull(sync)
    world.edit_contact(bad["id"], hs_email_open="2")
    mended = pull(sync)

    assert counts(log, "contacts") == {"created": 1, "failed": 1}
    problem = Problem.objects.get()
    assert problem.record == f"contact {bad['id']}"
    assert "hs_email_open: “?” is no number" in problem.message
    assert problem.resolved_at is not None
    assert counts(mended, "contacts") == {"created": 1, "unchanged": 1}


def test_without_the_right_to_read_owners_the_rest_goes_on(world, sync, settings):
    world.register_token("no-owners", ["crm.objects.contacts.read"])
    settings.HUBSPOT_ACCESS_TOKEN = "no-owners"
    world.add_contact("a@x.org", firstname="Ada")

    log = pull(sync)

    assert ContactLink.objects.count() == 1
    assert log.run.outcome == "problems"
    told = Problem.objects.exclude(code="not_available").get()
    assert "crm.objects.owners.read" in told.message


def test_a_page_takes_as_many_queries_for_thirty_contacts_as_for_three(world, sync):
    def fill(name, number):
        for n in range(number):
            world.add_contact(
                f"{name}{n}@x.org", firstname="A", hs_additional_emails=f"{name}{n}@y.org"
            )

    def read():
        save_cursor(System.HUBSPOT, "contacts", {"done_to": past})
        with CaptureQueriesContext(connection) as queries:
            pull(sync)
        return len(queries)

    pull(sync)
    past = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp() * 1000)
    fill("a", 3)
    three = read()
    ContactLink.objects.all().delete()
    EmailAddress.objects.all().delete()
    Customer.objects.all().delete()
    fill("b", 27)
    thirty = read()

    assert ContactLink.objects.count() == 30
    assert thirty == three
