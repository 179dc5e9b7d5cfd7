"""Contacts whose addresses change hands, that are merged, deleted, restored, or missing once."""

import pytest

from customers.models import Customer, EmailAddress
from integrations.decisions import part_customers
from integrations.models import Conflict, ContactLink, LinkState, RemoteWrite
from tests.factories import make_buyer

GONE = "Gone from HubSpot: deleted, or merged into another."


def pull(sync, **options):
    return sync(pull_only=True, **options)


def addresses_of(customer):
    return {a.address: a.is_primary for a in customer.addresses.all()}


def link_of(hubspot_id):
    return ContactLink.objects.get(hubspot_id=hubspot_id)


def reasons(link):
    told = link.history.order_by("history_id").values_list("history_change_reason", flat=True)
    return [reason for reason in told if reason]


# Addresses


def test_a_changed_first_address_becomes_the_primary_one_and_the_old_one_is_kept(world, sync):
    contact = world.add_contact("ada@x.org", firstname="Ada")
    pull(sync)
    customer = Customer.objects.get()

    world.edit_contact(contact["id"], email="ada@new.org")
    pull(sync)

    assert addresses_of(customer) == {"ada@new.org": True, "ada@x.org": False}
    assert Customer.objects.count() == 1
    history = EmailAddress.history.filter(address="ada@new.org", is_primary=True)
    assert history.get().history_change_reason == (
        "The first address of the contact changed in HubSpot"
    )


def test_a_primary_address_that_staff_chose_stays(world, sync):
    contact = world.add_contact("ada@x.org")
    pull(sync)
    customer = Customer.objects.get()
    customer.addresses.update(is_primary=False)
    EmailAddress.objects.create(customer=customer, address="ada@own.org", is_primary=True)

    world.edit_contact(contact["id"], email="ada@new.org")
    pull(sync)

    assert addresses_of(customer) == {
        "ada@own.org": True,
        "ada@new.org": False,
        "ada@x.org": False,
    }


def test_the_address_of_a_contact_is_never_written(world, portal, sync):
    make_buyer("ada@x.org", first_name="", last_name="")
    contact = world.add_contact("ada@x.org")
    sync()
    portal.stats.reset()

    EmailAddress.objects.update(address="ada@new.org")
    Customer.objects.get().save()
    sync(full=True)

    assert world.dump("contacts")[0]["properties"]["email"] == "ada@x.org"
    assert len(world.dump("contacts")) == 1
    assert portal.stats.writes == 0
    assert link_of(contact["id"]).customer == Customer.objects.get()


def test_a_new_second_address_becomes_the_customers(world, sync):
    contact = world.add_contact("ada@x.org")
    pull(sync)

    world.edit_contact(contact["id"], hs_additional_emails="ada@y.org;ada@z.org")
    pull(sync)

    assert addresses_of(Customer.objects.get()) == {
        "ada@x.org": True,
        "ada@y.org": False,
        "ada@z.org": False,
    }


def test_an_address_that_moved_to_another_contact_asks_whether_they_are_one_person(world, sync):
    ada = world.add_contact("ada@x.org", hs_additional_emails="office@x.org")
    bob = world.add_contact("bob@x.org")
    pull(sync)
    owner = link_of(ada["id"]).customer

    world.edit_contact(ada["id"], hs_additional_emails="")
    world.edit_contact(bob["id"], hs_additional_emails="office@x.org")
    pull(sync)

    link = link_of(bob["id"])
    assert link.also == owner
    assert list(ContactLink.objects.doubled()) == [link]
    assert addresses_of(owner) == {"ada@x.org": True, "office@x.org": False}


def test_the_question_goes_when_staff_moved_the_address(world, sync):
    test_an_address_that_moved_to_another_contact_asks_whether_they_are_one_person(world, sync)
    link = ContactLink.objects.doubled().get()

    EmailAddress.objects.filter(address="office@x.org").update(customer=link.customer)
    pull(sync)

    assert link_of(link.hubspot_id).also is None


def test_the_question_is_not_asked_again_once_staff_said_no(world, sync):
    test_an_address_that_moved_to_another_contact_asks_whether_they_are_one_person(world, sync)
    link = ContactLink.objects.doubled().get()

    part_customers(ContactLink.objects.all())
    world.edit_contact(link.hubspot_id, firstname="Bob")
    pull(sync, full=True)

    assert not ContactLink.objects.doubled().exists()
    assert link_of(link.hubspot_id).is_also_other


# Merges


@pytest.mark.parametrize("new_id", [False, True], ids=["old id", "new id"])
def test_of_two_customers_merged_contacts_the_first_goes_on_and_staff_are_asked(
    world, sync, new_id
):
    kept = world.add_contact("ada@x.org", firstname="Ada")
    lost = world.add_contact("bob@x.org", firstname="Bob")
    pull(sync)
    ada, bob = link_of(kept["id"]).customer, link_of(lost["id"]).customer
    before = link_of(kept["id"])

    merged = world.merge_contacts(kept["id"], lost["id"], new_id=new_id)
    pull(sync)
    again = pull(sync)

    link, gone = link_of(merged["id"]), link_of(lost["id"])
    assert (link.pk, link.customer, link.state) == (before.pk, ada, LinkState.AUTO)
    assert (link.also, link.archived_at) == (bob, None)
    assert gone.archived_at is not None
    assert gone.evidence == f"Merged into contact {merged['id']} in HubSpot."
    assert Customer.objects.count() == 2
    assert again.total("updated") == 0


def test_a_link_that_moved_to_a_new_id_says_so_and_keeps_what_was_agreed(world, sync):
    kept = world.add_contact("ada@x.org", firstname="Ada", phone="1")
    lost = world.add_contact(firstname="Nobody")
    pull(sync)
    Customer.objects.update(phone="2")

    merged = world.merge_contacts(kept["id"], lost["id"], new_id=True)
    world.edit_contact(merged["id"], phone="3")
    pull(sync)

    link = link_of(merged["id"])
    assert reasons(link) == [f"Contact {kept['id']} was merged into this one in HubSpot."]
    assert link.evidence == reasons(link)[0]
    assert Conflict.objects.get().link == link
    assert not ContactLink.objects.filter(hubspot_id=kept["id"]).exists()


def test_a_contact_without_customer_that_outlives_one_with_takes_his_place(world, sync):
    ghost = world.add_contact(firstname="Ghost")
    ada = world.add_contact("ada@x.org", phone="1")
    pull(sync)
    customer = Customer.objects.get()
    Customer.objects.update(phone="2")
    world.edit_contact(ada["id"], phone="3")
    pull(sync)

    world.merge_contacts(ghost["id"], ada["id"])
    pull(sync)

    link = link_of(ghost["id"])
    assert (link.customer, link.state) == (customer, LinkState.AUTO)
    assert Conflict.objects.open().get().link == link
    assert link_of(ada["id"]).archived_at is not None


def test_a_merge_that_a_write_meets_first_is_sorted_out_by_the_next_run(world, portal, sync):
    make_buyer("ada@x.org")
    ada = world.add_contact("ada@x.org")
    sync(dry_run=True)
    else_ = world.add_contact(firstname="Else")
    merged = world.merge_contacts(ada["id"], else_["id"], new_id=True)

    sync()
    sync()

    link = link_of(merged["id"])
    assert (link.customer, link.archived_at) == (Customer.objects.get(), None)
    assert len([row for row in world.dump("contacts") if not row["archived"]]) == 1
    assert (
        world.find_record("contacts", "hs_object_id", merged["id"])["properties"][
            "nova_customer_type"
        ]
        == "New"
    )


# Gone and back


def test_a_deleted_contact_is_said_to_be_gone_and_a_restored_one_to_be_back(world, sync):
    contact = world.add_contact("ada@x.org", firstname="Ada")
    pull(sync)
    world.archive_record("contacts", contact["id"])
    pull(sync, full=True)
    gone = link_of(contact["id"])

    world.restore_record("contacts", contact["id"])
    pull(sync)

    back = link_of(contact["id"])
    assert gone.archived_at is not None
    assert (back.archived_at, back.state) == (None, LinkState.AUTO)
    assert reasons(back) == [GONE, "Back in HubSpot."]


def test_edits_while_a_contact_was_gone_meet_when_it_is_back(world, sync):
    contact = world.add_contact("ada@x.org", firstname="Ada", phone="1", city="Bonn")
    pull(sync)
    world.archive_record("contacts", contact["id"])
    pull(sync, full=True)
    customer = Customer.objects.get()
    customer.city = "Ulm"
    customer.save()

    world.restore_record("contacts", contact["id"])
    world.edit_contact(contact["id"], phone="2")
    sync()

    customer.refresh_from_db()
    row = world.dump("contacts")[0]["properties"]
    assert (customer.phone, customer.city) == (row["phone"], row["city"]) == ("2", "Ulm")


def test_a_contact_that_one_answer_leaves_out_is_asked_for_again_before_it_counts_as_gone(
    world, portal, sync
):
    make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    body = {"status": "COMPLETE", "results": []}
    portal.faults.add("status", path="batch/read", status=200, body=body, times=1)

    sync()

    assert link_of(contact["id"]).archived_at is None
    assert set(RemoteWrite.objects.values_list("state", flat=True)) == {"applied"}
