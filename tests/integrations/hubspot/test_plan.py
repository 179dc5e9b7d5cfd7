"""The plan: only differences, only for whom they matter, and never a write by itself."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, EmailAddress
from integrations.models import ContactLink, Operation, RemoteWrite
from tests.factories import make_buyer, make_customer

NAMELESS = {"first_name": "", "last_name": ""}
NOTHING_YET = {
    "nova_events_attended": "",
    "nova_total_spend": "",
    "nova_first_event_date": "",
    "nova_last_event_date": "",
    "nova_customer_type": "",
    "nova_tags": "",
}
ONE_SHOW = {
    "nova_events_attended": "1",
    "nova_total_spend": "20",
    "nova_first_event_date": "2026-01-14",
    "nova_last_event_date": "2026-01-14",
    "nova_customer_type": "New",
    "nova_tags": "Nova Attendee",
}


def plan(sync, **options):
    return sync(dry_run=True, **options)


def planned():
    rows = RemoteWrite.objects.planned().order_by("customer")
    return list(rows.values_list("operation", "remote_id", "before", "after"))


def test_a_linked_buyer_gets_the_figures(world, sync):
    make_buyer("ada@x.org", **NAMELESS)
    contact = world.add_contact("ada@x.org")

    log = plan(sync)

    assert planned() == [("update", contact["id"], NOTHING_YET, ONE_SHOW)]
    assert RemoteWrite.objects.get().reason == (
        "Differs from Nova: attended events, total spend, first event, last event, "
        "customer type, tag."
    )
    assert log.run.message == "1 contact differs from Nova. Nothing was written to HubSpot."


def test_a_buyer_whom_hubspot_does_not_know_gets_a_contact(sync):
    customer = make_buyer("ada@x.org", first_name="Ada", last_name="Byron", phone="1")

    plan(sync)

    person = {"email": "ada@x.org", "firstname": "Ada", "lastname": "Byron", "phone": "1"}
    assert planned() == [("create", "", {}, person | ONE_SHOW)]
    write = RemoteWrite.objects.get()
    assert write.customer == customer
    assert write.reason == "Booked 1 event; HubSpot has no contact with this address."


def test_leads_are_left_alone(world, sync):
    make_customer("in-nova@x.org")
    world.add_contact("in-hubspot@x.org")

    plan(sync)

    assert planned() == []


def test_figures_that_a_lead_should_not_have_are_put_right(world, sync):
    world.add_contact("lead@x.org", nova_customer_type="VIP", nova_total_spend="900.00")

    plan(sync)

    (write,) = planned()
    assert write[2] == {"nova_customer_type": "VIP", "nova_total_spend": "900"}
    assert write[3] == {"nova_customer_type": "", "nova_total_spend": "0"}


def test_only_what_differs_is_planned(world, sync):
    make_buyer("ada@x.org", **NAMELESS)
    world.add_contact("ada@x.org", **ONE_SHOW | {"nova_total_spend": "20.00"})
    make_buyer("bob@x.org", **NAMELESS)
    world.add_contact("bob@x.org", **ONE_SHOW | {"nova_total_spend": "19.99"})

    plan(sync)

    ((_, _, before, after),) = planned()
    assert (before, after) == ({"nova_total_spend": "19.99"}, {"nova_total_spend": "20"})


def test_other_tags_are_kept(world, sync):
    prop = world.store.tables["properties"].rows["contacts/nova_tags"]
    podcast = prop["options"][0] | {"value": "Podcast", "label": "Podcast"}
    world.store.put("properties", prop | {"options": [*prop["options"], podcast]})
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org", **ONE_SHOW | {"nova_tags": "Podcast"})

    sync()

    assert world.dump("contacts")[0]["properties"]["nova_tags"] == "Podcast;Nova Attendee"


def test_a_new_plan_takes_the_place_of_the_old(world, sync):
    make_buyer("ada@x.org")
    make_buyer("bob@x.org")
    world.add_contact("ada@x.org")

    first = plan(sync)
    second = plan(sync)

    assert not RemoteWrite.objects.filter(run=first.run).exists()
    writes = RemoteWrite.objects.filter(run=second.run)
    assert sorted(writes.values_list("operation", flat=True)) == ["create", "update"]


def test_a_change_in_nova_is_found_without_a_full_comparison(world, sync):
    customer = make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    sync()
    Customer.objects.filter(pk=customer.pk).update(is_rollup_due=True)
    order = customer.orders.get()
    order.gross = order.gross_paid = Decimal("50.00")
    order.save()

    plan(sync)

    assert [row[3] for row in planned()] == [{"nova_total_spend": "50"}]


def test_a_change_in_hubspot_is_put_right(world, sync):
    make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    sync()

    world.edit_contact(contact["id"], nova_customer_type="VIP")
    plan(sync)

    assert [row[3] for row in planned()] == [{"nova_customer_type": "New"}]


def test_suggested_contacts_are_never_written_to(world, sync):
    customer = make_buyer("ada@home.org")
    EmailAddress.objects.create(customer=customer, address="ada@work.org")
    first = world.add_contact("ada@home.org")
    world.add_contact("ada@work.org")

    plan(sync, full=True)

    assert [row[1] for row in planned()] == [first["id"]]


def test_a_contact_that_was_deleted_in_hubspot_is_not_made_again(world, sync):
    make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    sync()

    world.archive_record("contacts", contact["id"])
    plan(sync, full=True)

    assert planned() == []


def test_nobody_is_created_whose_address_another_contact_has(world, sync):
    make_customer("ada@x.org", **NAMELESS)
    make_buyer("bob@x.org")
    world.add_contact("ada@x.org", hs_additional_emails="bob@x.org")

    plan(sync)

    assert planned() == []


@pytest.mark.parametrize("kind", ["update", "create"])
def test_a_plan_takes_as_many_queries_for_thirty_people_as_for_three(world, sync, kind):
    def measure(name, number):
        for n in range(number):
            make_buyer(f"{name}{n}@x.org")
            if kind == Operation.UPDATE:
                world.add_contact(f"{name}{n}@x.org")
        sync(pull_only=True)
        with CaptureQueriesContext(connection) as queries:
            plan(sync)
        return len(queries)

    plan(sync)
    three = measure("a", 3)
    thirty = measure("b", 27)

    assert RemoteWrite.objects.planned().filter(operation=kind).count() == 30
    assert thirty == three
    assert ContactLink.objects.count() == (30 if kind == Operation.UPDATE else 0)
