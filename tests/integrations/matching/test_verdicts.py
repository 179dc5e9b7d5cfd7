"""What staff decide stays decided, whatever the syncs read; over real HTTP."""

import pytest
from django.core.exceptions import ValidationError

from customers.models import Customer, Touch
from integrations.matching.verdicts import (
    confirm_contact,
    link_contact,
    merge_people,
    part_again,
    unlink_contact,
)
from integrations.models import ContactLink, LinkState, MatchRule, MatchSuggestion, RemoteWrite
from integrations.privacy import erase_everywhere, subject_of_customers
from tests.factories import make_buyer, make_customer


def link_of(hubspot_id) -> ContactLink:
    return ContactLink.objects.get(hubspot_id=hubspot_id)


def held(world, contact, name):
    rows = {row["id"]: row["properties"] for row in world.dump("contacts")}
    return rows[contact["id"]].get(name)


def pull(sync, **options):
    return sync(pull_only=True, **options)


def test_an_unlinked_contact_is_not_linked_again(world, sync):
    ada = make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org", hs_analytics_source="EMAIL_MARKETING")
    pull(sync)
    link = link_of(contact["id"])
    assert Customer.objects.get(pk=ada.pk).source == "EMAIL_MARKETING"

    unlink_contact(link=link)
    world.edit_contact(contact["id"], city="Rome")
    sync(full=True)

    link.refresh_from_db()
    ada.refresh_from_db()
    assert (link.state, link.customer, link.evidence) == (
        LinkState.REJECTED,
        ada,
        f"Unlinked: not customer {ada.pk}.",
    )
    assert (ada.source, ada.city) == ("", "")
    assert not Touch.objects.filter(key__startswith="contact ").exists()
    assert not RemoteWrite.objects.exists()
    assert len(world.dump("contacts")) == 1


def test_a_contact_linked_by_hand_stays_so(world, sync):
    ada = make_buyer("ada@x.org")
    first = world.add_contact("ada@x.org")
    second = world.add_contact("ada@y.org")
    pull(sync)
    unlink_contact(link=link_of(second["id"]))

    link_contact(link=link_of(second["id"]), customer=ada)
    sync(full=True)

    links = dict(ContactLink.objects.values_list("hubspot_id", "state"))
    assert links == {first["id"]: LinkState.SUGGESTED, second["id"]: LinkState.CONFIRMED}
    assert link_of(second["id"]).rule == MatchRule.BY_HAND
    with pytest.raises(ValidationError, match="Unlink it first"):
        link_contact(link=link_of(second["id"]), customer=make_customer())


def test_a_suggested_customer_is_taken_with_a_word_on_who_it_was(world, sync):
    ada = make_customer(first_name="Ada", last_name="Byron", phone="+49 171 5550199")
    contact = world.add_contact("", firstname="Ada", lastname="Byron", phone="0171 5550199")

    pull(sync)
    pair = MatchSuggestion.objects.get()
    confirm_contact(suggestion=pair, user=None)
    pull(sync)

    link = link_of(contact["id"])
    assert (link.customer, link.state) == (ada, LinkState.CONFIRMED)
    assert link.evidence == "Both are called Ada Byron and have 0171 5550199."
    with pytest.raises(ValidationError, match="decided"):
        confirm_contact(suggestion=pair, user=None)


def test_of_two_merged_customers_one_contact_stays_in_force_and_staff_are_told(world, sync):
    ada, other = make_buyer("ada@x.org", events=1), make_buyer("a@y.org", events=2)
    one, two = world.add_contact("ada@x.org"), world.add_contact("a@y.org")
    sync()
    before = list(ContactLink.objects.order_by("pk").values("customer", "state", "agreed"))

    told = merge_people(survivor=ada, merged=other)
    log = sync(full=True)

    ada.refresh_from_db()
    assert f"contacts of this person: {one['id']} and {two['id']}" in told.advice
    assert (link_of(one["id"]).state, link_of(two["id"]).state) == ("auto", "suggested")
    assert (ada.events_booked, ada.total_spend) == (3, 60)
    assert held(world, one, "nova_total_spend") == "60"
    assert not log.has_problems
    part_again(merge=told.merge)
    assert list(ContactLink.objects.order_by("pk").values("customer", "state", "agreed")) == before
    sync()
    assert held(world, one, "nova_total_spend") == "20"


def test_a_contact_of_the_one_who_goes_stands_for_the_one_who_stays(world, sync):
    contact = world.add_contact("a@y.org", firstname="Ada", phone="1")
    pull(sync)
    other = Customer.objects.get()
    ada = make_buyer("ada@x.org")

    told = merge_people(survivor=ada, merged=other)
    sync(full=True)

    link = link_of(contact["id"])
    assert (link.customer, link.state, told.advice) == (ada, LinkState.AUTO, "")
    assert held(world, contact, "nova_total_spend") == "20"


@pytest.mark.django_db
def test_an_erasure_takes_whoever_was_merged_into_the_person_and_seals_the_merge():
    ada = make_customer("ada@x.org", phone="+49 171 5550199")
    other = make_customer("zadara@y.org", first_name="Zadara", last_name="Old", city="Rome")
    other.city = "Paris"
    other.save()
    merge = merge_people(survivor=ada, merged=other, evidence="Zadara is Ada.").merge

    erase_everywhere(subject_of_customers([ada.pk]))

    merge.refresh_from_db()
    assert (merge.evidence, merge.conflicts, merge.steps) == ("", [], [])
    assert not Customer.history.filter(id=other.pk).exists()
    with pytest.raises(ValidationError, match="erased"):
        part_again(merge=merge)
