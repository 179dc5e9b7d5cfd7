"""The codes of orders become touches, and touches belong to campaigns."""

import pytest

from customers.models import Campaign, CampaignCode, CodeKind, Customer, Touch, TouchKind
from customers.services import claim_touches

pytestmark = pytest.mark.django_db

ADA = {"name": "Ada Lovelace", "email": "ada@x.org"}


def code(text, kind=CodeKind.AFFILIATE, name="Spring"):
    campaign = Campaign.objects.get_or_create(name=name)[0]
    return CampaignCode.objects.create(campaign=campaign, kind=kind, code=text)


def touches():
    rows = Touch.objects.order_by("kind", "source")
    return list(rows.values_list("kind", "source", "campaign__name", "order__eventbrite_id"))


def test_each_code_of_an_order_is_a_touch_of_its_buyer(world, pull):
    code("FLYER")
    event = world.add_event()
    kind = world.add_ticket_class(event)
    discount = world.add_discount("EARLY")
    seats = [
        {"affiliate": "flyer", "variant_id": f"T{kind['id']}-D{discount['id']}"},
        {"affiliate": "poster"},
        {},
    ]
    order = world.add_order(event, buyer=ADA, seats=seats)

    pull()

    assert touches() == [
        (TouchKind.PROMO_CODE, "EARLY", None, order["id"]),
        (TouchKind.TRACKING_LINK, "flyer", "Spring", order["id"]),
        (TouchKind.TRACKING_LINK, "poster", None, order["id"]),
    ]
    assert set(Touch.objects.values_list("customer", flat=True)) == {Customer.objects.get().pk}
    assert {t.occurred_at for t in Touch.objects.all()} == {Touch.objects.first().order.ordered_at}


def test_reading_again_adds_no_touch_and_changes_none(world, pull):
    world.add_order(world.add_event(), buyer=ADA, seats=[{"affiliate": "flyer"}])
    pull()
    before = list(Touch.objects.values())

    pull(is_full=True)

    assert list(Touch.objects.values()) == before
    assert len(before) == 1


def test_a_code_in_two_spellings_is_one_touch(world, pull):
    code("flyer")
    seats = [{"affiliate": "Flyer"}, {"affiliate": "FLYER"}]
    world.add_order(world.add_event(), buyer=ADA, seats=seats)

    pull()

    assert Touch.objects.get().campaign == Campaign.objects.get()


def test_a_code_that_a_campaign_gets_later_claims_what_was_seen_before(world, pull):
    world.add_order(world.add_event(), buyer=ADA, seats=[{"affiliate": "Flyer"}])
    pull()
    assert Touch.objects.get().campaign is None

    added = code("fLYER")
    pull()
    assert Touch.objects.get().campaign == added.campaign
    added.delete()
    pull()

    assert Touch.objects.get().campaign is None


def test_a_promo_code_claims_no_tracking_link_of_the_same_name(world, pull):
    code("flyer", CodeKind.PROMO)
    world.add_order(world.add_event(), buyer=ADA, seats=[{"affiliate": "flyer"}])

    pull()

    assert Touch.objects.get().campaign is None
    assert claim_touches() == 0


def test_a_code_that_is_taken_off_is_no_touch_any_more(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA, seats=[{"affiliate": "flyer"}, {}])
    pull()
    assert Touch.objects.count() == 1

    world.patch("attendees", world.seats_of(order)[0]["id"], affiliate=None)
    pull()

    assert not Touch.objects.exists()


def test_a_touch_follows_the_buyer_of_its_order(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA, seats=[{"affiliate": "flyer"}])
    pull()

    world.patch("orders", order["id"], name="Bo", email="bo@x.org")
    pull()

    assert Touch.objects.get().customer == Customer.objects.known_by("bo@x.org").get()


def test_an_order_without_address_has_touches_without_customer(world, pull):
    buyer = {"name": "Box office", "email": ""}
    world.add_order(world.add_event(), buyer=buyer, seats=[{"affiliate": "flyer"}])

    pull()

    assert Touch.objects.get().customer is None


def test_a_deleted_campaign_leaves_its_touches_to_be_claimed(world, pull):
    code("flyer")
    world.add_order(world.add_event(), buyer=ADA, seats=[{"affiliate": "flyer"}])
    pull()

    Campaign.objects.get().delete()

    assert Touch.objects.unclaimed().count() == 1
