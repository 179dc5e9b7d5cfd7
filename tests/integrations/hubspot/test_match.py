"""Which contact is whom: by address, in any spelling, and never two for one person."""

import pytest
from django.core.exceptions import ValidationError

from customers.models import Customer, EmailAddress, Suppression
from customers.services import Person, erase_person, find_or_add_people
from integrations.models import ContactLink, LinkState, MatchRule, RemoteWrite
from tests.factories import make_buyer, make_customer


def pull(sync, **options):
    return sync(pull_only=True, **options)


def addresses_of(customer):
    return {a.address: a.is_primary for a in customer.addresses.all()}


def test_case_and_spaces_do_not_matter(world, sync):
    customer = make_customer("ada.byron@x.org")
    contact = world.add_contact("ada.byron@x.org")
    spelt = contact["properties"] | {"email": "  Ada.Byron@X.org "}
    world.store.put("contacts", contact | {"properties": spelt})

    pull(sync)

    link = ContactLink.objects.get()
    assert (link.customer, link.state) == (customer, LinkState.AUTO)
    assert (link.rule, link.evidence) == (MatchRule.PRIMARY_ADDRESS, "Both have ada.byron@x.org.")


def test_another_address_of_the_contact_finds_the_customer(world, sync):
    customer = make_customer("ada@home.org")
    world.add_contact("ada@work.org", hs_additional_emails="ada@club.org;ada@home.org")

    pull(sync)

    link = ContactLink.objects.get()
    assert (link.customer, link.rule) == (customer, MatchRule.SECONDARY_ADDRESS)
    assert link.evidence == "The contact has ada@home.org among its other addresses."
    assert addresses_of(customer) == {
        "ada@home.org": True,
        "ada@work.org": False,
        "ada@club.org": False,
    }


def test_a_second_address_of_the_customer_finds_it(world, sync):
    customer = make_customer("ada@home.org")
    EmailAddress.objects.create(customer=customer, address="ada@work.org")
    world.add_contact("ada@work.org")

    pull(sync)

    assert ContactLink.objects.get().customer == customer


def test_an_address_that_is_somebody_elses_stays_theirs(world, sync):
    ada, bob = make_customer("ada@x.org"), make_customer("bob@x.org")
    world.add_contact("ada@x.org", hs_additional_emails="bob@x.org")

    pull(sync)

    assert ContactLink.objects.get().customer == ada
    assert addresses_of(bob) == {"bob@x.org": True}


def test_a_person_whom_only_hubspot_knows_becomes_a_lead(world, sync):
    world.add_contact("new@x.org", firstname="Nora", hs_additional_emails="nora@y.org")

    pull(sync)

    customer = Customer.objects.get()
    link = ContactLink.objects.get()
    assert (customer.first_name, customer.customer_type) == ("Nora", "lead")
    assert addresses_of(customer) == {"new@x.org": True, "nora@y.org": False}
    assert (link.customer, link.rule) == (customer, MatchRule.NEW_PERSON)
    assert link.evidence == "Nobody in Nova had new@x.org."


def test_two_contacts_of_one_person_are_not_merged(world, sync):
    customer = make_customer("ada@home.org", city="")
    EmailAddress.objects.create(customer=customer, address="ada@work.org")
    first = world.add_contact("ada@home.org", lifecyclestage="lead")
    second = world.add_contact("ada@work.org", lifecyclestage="customer", city="Bonn")

    pull(sync)

    one, two = ContactLink.objects.order_by("hubspot_id")
    assert (one.hubspot_id, one.state) == (first["id"], LinkState.AUTO)
    assert (two.hubspot_id, two.state) == (second["id"], LinkState.SUGGESTED)
    assert two.customer == customer
    assert f"Contact {first['id']} stands for the person." in two.evidence
    customer.refresh_from_db()
    assert (customer.lifecycle_stage, customer.city) == ("lead", "")


@pytest.mark.parametrize("address", [None, "not an address"])
def test_a_contact_without_usable_address_is_nobody(world, sync, address):
    contact = world.add_contact(firstname="Ghost")
    if address:
        values = contact["properties"] | {"email": address}
        world.store.put("contacts", contact | {"properties": values})

    pull(sync)

    link = ContactLink.objects.get()
    assert (link.customer, link.state, link.rule) == (None, LinkState.UNMATCHED, MatchRule.NONE)
    assert link.evidence == "The contact has no usable address."
    assert not Customer.objects.exists()


def test_a_contact_that_gets_an_address_is_matched_then(world, sync):
    customer = make_customer("ada@x.org")
    contact = world.add_contact(firstname="Ghost")
    pull(sync)

    world.edit_contact(contact["id"], email="ada@x.org")
    pull(sync)

    assert ContactLink.objects.get().customer == customer


@pytest.mark.parametrize("other", ["", "gone@x.org"])
def test_an_erased_person_does_not_come_back(world, sync, other):
    erased = other or "ada@x.org"
    Suppression.objects.create(digest=Suppression.digest_of(erased))
    world.add_contact("ada@x.org", firstname="Ada", hs_additional_emails=other or None)

    pull(sync)

    link = ContactLink.objects.get()
    assert not Customer.objects.exists()
    assert (link.customer, link.state) == (None, LinkState.UNMATCHED)
    assert (link.email, link.other_emails, link.seen) == ("", "", {})


def test_a_person_who_is_erased_later_leaves_the_link_at_the_next_run(world, sync):
    world.add_contact("ada@x.org", firstname="Ada")
    world.add_contact("bob@x.org", firstname="Bob")
    pull(sync)

    erase_person(email="ada@x.org")
    pull(sync)

    ada, bob = ContactLink.objects.order_by("hubspot_id")
    assert (ada.customer, ada.email, ada.seen) == (None, "", {})
    assert bob.customer.first_name == "Bob"


def test_an_erased_person_is_not_created_in_hubspot(portal, sync):
    make_buyer("ada@x.org")
    erase_person(email="ada@x.org")

    sync()

    assert portal.world.dump("contacts") == []
    assert not RemoteWrite.objects.exists()


def test_the_same_person_bought_after_the_contact_was_read(world, sync):
    world.add_contact("ada@x.org", hs_additional_emails="ada@y.org")
    pull(sync)

    found = find_or_add_people([Person("ADA@x.org"), Person("ada@y.org")])

    assert set(found.values()) == {ContactLink.objects.get().customer_id}


def test_a_rejected_link_stays_rejected(world, portal, sync):
    customer = make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    pull(sync)
    ContactLink.objects.update(state=LinkState.REJECTED)

    world.edit_contact(contact["id"], firstname="Changed")
    sync(full=True)

    link = ContactLink.objects.get()
    assert (link.state, link.customer) == (LinkState.REJECTED, customer)
    assert portal.stats.writes == 0


def test_a_confirmed_link_keeps_its_customer_whatever_the_address(world, sync):
    chosen, other = make_customer("chosen@x.org"), make_customer("other@x.org")
    contact = world.add_contact("else@x.org")
    pull(sync)
    link = ContactLink.objects.get()
    link.customer, link.state, link.rule = chosen, LinkState.CONFIRMED, MatchRule.BY_HAND
    link.save()

    world.edit_contact(contact["id"], email="other@x.org")
    pull(sync, full=True)

    link.refresh_from_db()
    assert (link.customer, link.state) == (chosen, LinkState.CONFIRMED)
    assert addresses_of(other) == {"other@x.org": True}


def test_of_merged_contacts_the_survivor_stands_for_the_person(world, sync):
    customer = make_customer("ada@home.org")
    EmailAddress.objects.create(customer=customer, address="ada@work.org")
    first = world.add_contact("ada@home.org")
    second = world.add_contact("ada@work.org")
    pull(sync)

    world.merge_contacts(second["id"], first["id"])
    pull(sync)

    lost, kept = ContactLink.objects.order_by("hubspot_id")
    assert lost.archived_at is not None
    assert (kept.state, kept.archived_at, kept.customer) == (LinkState.AUTO, None, customer)


def test_a_contact_that_came_back_does_not_push_out_the_one_in_force(world, sync):
    customer = make_customer("ada@home.org")
    EmailAddress.objects.create(customer=customer, address="ada@work.org")
    first = world.add_contact("ada@home.org")
    world.add_contact("ada@work.org")
    pull(sync)
    world.archive_record("contacts", first["id"])
    pull(sync, full=True)

    world.store.put("contacts", first | {"archived": False})
    pull(sync, full=True)

    one, two = ContactLink.objects.order_by("hubspot_id")
    assert (one.state, two.state) == (LinkState.SUGGESTED, LinkState.AUTO)


def test_the_database_refuses_two_links_in_force(world, sync):
    customer = make_customer("ada@x.org")
    world.add_contact("ada@x.org")
    pull(sync)

    second = ContactLink(hubspot_id="1", customer=customer, state=LinkState.CONFIRMED)

    with pytest.raises(ValidationError, match="linked to another contact"):
        second.full_clean()
