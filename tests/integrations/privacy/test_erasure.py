"""Erasing a person: nothing that tells of them is left anywhere, and no amount changes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import PeriodicTask

from customers.models import (
    Attendance,
    Customer,
    EmailAddress,
    FollowUpMessage,
    Order,
    Suppression,
)
from customers.services import Person, find_or_add_people, refresh_rollups
from finance.models import LedgerLine, Settlement
from integrations.models import ContactLink, LinkState, RemoteWrite, WriteState
from integrations.privacy import (
    NotErased,
    erase_contact,
    erase_everywhere,
    erase_returned,
    foresee,
    keep_away,
    person_with,
    subject_of_customers,
)
from integrations.privacy.places import PLACES
from integrations.tasks import keep_people_erased
from nova_project.imports.models import ImportJob, ImportState
from tests.factories import make_customer, make_event
from tests.integrations.privacy.conftest import ADA, ADAS

pytestmark = pytest.mark.django_db


@pytest.fixture
def erase(django_capture_on_commit_callbacks):
    def run(email=ADA):
        with django_capture_on_commit_callbacks(execute=True):
            return erase_everywhere(person_with(email))

    return run


def test_nothing_that_tells_of_the_person_is_left_anywhere(ada, traces, erase):
    before = traces()

    erase()

    assert {name.split(".")[0] for name in before} >= {
        *("admin", "customers", "events", "finance", "integrations", "nova_project"),
    } - {"events"}
    assert len(before) > 40
    assert traces() == []


def test_every_place_is_walked_and_told_of_before_it_is_erased(ada, erase):
    foreseen = foresee(person_with(ADA))

    done = erase()

    assert foreseen == done
    assert set(done.counts) == {place.name for place in PLACES} - {"rejected links"} | {
        "texts that quote them"
    }
    assert foresee(subject_of_customers([ada.pk])).counts.keys() == {
        "customers",
        "orders",
        "seats",
        "past follow-ups",
        "log of the admin",
    }


def test_amounts_orders_and_seats_stay(ada, erase):
    refresh_rollups(everyone=True)
    money = list(LedgerLine.objects.values())
    orders = list(Order.objects.order_by("pk").values("pk", "buyer", "gross", "status"))
    figures = Customer.objects.values("total_spend", "events_booked", "customer_type")
    before = figures.get(pk=ada.pk)

    erase()
    refresh_rollups()

    assert list(LedgerLine.objects.values()) == money
    assert list(Order.objects.order_by("pk").values("pk", "buyer", "gross", "status")) == orders
    assert Attendance.objects.count() == 3
    assert figures.get(pk=ada.pk) == before
    assert before["total_spend"] == 40


def test_nobody_else_loses_anything(ada, erase):
    namesake = make_customer(f"not-{ADA}", first_name="Zadara", last_name="Lovelace", phone="1")
    link = ContactLink.objects.create(
        hubspot_id="99", customer=namesake, state=LinkState.AUTO, email=f"not-{ADA}"
    )

    erase()

    namesake.refresh_from_db()
    link.refresh_from_db()
    assert (namesake.name, namesake.email, link.customer) == (
        "Zadara Lovelace",
        f"not-{ADA}",
        namesake,
    )
    assert Customer.objects.get(addresses__address="friend@example.org").note == (
        "A friend of [erased]."
    )


def test_all_addresses_of_the_person_are_kept_away(ada, erase):
    erase(ADAS[2])

    assert Suppression.objects.covering([*ADAS, "friend@example.org"]) == set(ADAS)
    assert find_or_add_people(Person(address, first_name="Zadara") for address in ADAS) == {}


def test_nothing_about_the_person_is_sent_or_restored_any_more(ada, erase):
    erase()

    assert not RemoteWrite.objects.open().exists()
    assert set(RemoteWrite.objects.values_list("customer", "link", "subject", "remote_id")) == {
        (None, None, "", "51")
    }
    for write in RemoteWrite.objects.filter(state=WriteState.APPLIED):
        assert write.before == write.after == {"phone": "[masked]", "email": "[masked]"}


def test_what_was_planned_is_never_sent_and_what_went_out_is_nobodys(ada, erase):
    erase()

    states = set(FollowUpMessage.objects.values_list("state", flat=True))
    assert states == {"sent", "handed", "held_out", "skipped", "failed"}
    assert {str(message.customer) for message in FollowUpMessage.objects.all()} == {
        f"Erased person {ada.pk}"
    }


def test_the_links_keep_the_number_of_the_contact_and_nothing_else(ada, erase):
    erase()

    links = ContactLink.objects.exclude(erased_at=None).order_by("hubspot_id")
    assert [link.hubspot_id for link in links] == ["51", "52", "53"]
    assert {(link.customer, link.email, link.state) for link in links} == {
        (None, "", LinkState.UNMATCHED)
    }


def test_an_import_that_waits_with_the_person_in_it_is_cancelled(ada, erase, media):
    job = ImportJob.objects.get(state=ImportState.READY)

    erase()

    job.refresh_from_db()
    assert (job.state, job.file.name, job.problems.count()) == (ImportState.CANCELLED, "", 0)
    assert "a person in the file was erased" in job.message


def test_an_erased_person_can_be_looked_for_again(ada, traces, erase):
    erase()
    RemoteWrite.objects.update(error=f"{ADA} is not valid.")

    again = erase()

    assert (again.outcome, again.counts) == (
        "erased already",
        {"texts that quote them": RemoteWrite.objects.count()},
    )
    assert traces() == []


@pytest.mark.parametrize(("email", "code"), [("x", "invalid"), ("bob@x.org", "not_found")])
def test_who_is_not_known_cannot_be_erased(db, email, code):
    with pytest.raises(NotErased) as refusal:
        person_with(email)

    assert refusal.value.code == code


def test_an_address_can_be_kept_away_before_it_comes(db):
    made = keep_away(email="New@example.org"), keep_away(email="new@example.org")

    assert made == (True, False)
    assert find_or_add_people([Person("new@example.org")]) == {}


def test_somebody_who_is_known_is_not_kept_away_but_erased(ada):
    with pytest.raises(NotErased) as refusal:
        keep_away(email=ADAS[2])

    assert refusal.value.code == "known"


def test_a_contact_that_staff_rejected_takes_nobody_with_it(db):
    bob = make_customer("bob@x.org", first_name="Bob")
    ContactLink.objects.create(
        hubspot_id="7", customer=bob, state=LinkState.REJECTED, email="bob@x.org", seen={"a": "b"}
    )

    erase_contact("7")
    unknown = erase_contact("8")

    bob.refresh_from_db()
    assert (bob.name.split()[0], bob.email, unknown) == ("Bob", "bob@x.org", None)
    assert ContactLink.objects.get(hubspot_id="7").seen == {}


def test_whoever_came_back_through_a_run_under_way_is_erased_again(ada, erase, traces):
    erase()
    Order.objects.filter(buyer=ada).update(buyer_name="Zadara Lövelace")
    EmailAddress.objects.create(customer=make_customer(first_name="Zadara"), address=ADA)
    ContactLink.objects.create(hubspot_id="77", email=ADAS[2], seen={"firstname": "Zadara"})

    task = PeriodicTask.objects.get(task=keep_people_erased.name)
    keep_people_erased()

    assert str(task.interval) == "every day"
    assert traces() == []
    assert erase_returned() == 0


def test_what_is_closed_stays_and_is_named(ada, erase):
    frozen = Settlement.objects.create(
        event=make_event(), version=1, currency="EUR", net_revenue=0, figures={"note": ADA}
    )

    done = erase()

    assert done.refused == [f"settlement {frozen.pk}"]


def test_looking_for_a_person_costs_the_same_whoever_else_there_is(ada):
    counts = []
    for number in range(2):
        for other in range(number * 9):
            make_customer(f"other{other}@example.org", note="x")
        with CaptureQueriesContext(connection) as queries:
            foresee(person_with(ADA))
        counts.append(len(queries))

    assert counts[0] == counts[1]
