"""Deals of other pipelines: read with their stage, owner and contacts, and never written."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.models import DealLink, HubSpotDeal

pytestmark = pytest.mark.django_db


@pytest.fixture
def hire(world):
    """A deal with a contact."""
    contact = world.add_contact("ada@x.org", firstname="Ada")
    deal = world.add_deal(
        "Venue hire", "contractsent", amount="600", closedate="2026-05-02T22:30:00Z"
    )
    world.associate(contact["id"], deal["id"])
    return deal


def test_a_deal_is_mirrored_with_its_stage_and_contacts(sync, portal, hire):
    portal.stats.reset()
    log = sync()

    deal = HubSpotDeal.objects.get()
    assert (deal.name, deal.pipeline, deal.stage) == (
        "Venue hire",
        "Sales Pipeline",
        "Contract Sent",
    )
    assert (deal.amount, deal.currency, deal.closes_on) == (Decimal(600), "EUR", date(2026, 5, 3))
    assert (deal.is_closed, deal.is_won) == (False, False)
    assert [link.email for link in deal.contacts.all()] == ["ada@x.org"]
    assert log.counts["deals"]["created"] == 1
    assert portal.stats.writes == 0
    assert not DealLink.objects.exists()


def test_a_change_is_followed_and_nothing_else_is_read_again(sync, world, hire):
    world.add_deal("Gala")
    sync()
    other = world.add_contact("bob@x.org")
    world.associate(other["id"], hire["id"])
    world.edit_deal(hire["id"], dealstage="closedwon")

    log = sync()

    deal = HubSpotDeal.objects.get(hubspot_id=hire["id"])
    assert (deal.stage, deal.is_won, deal.contacts.count()) == ("Closed Won", True, 2)
    assert log.counts["deals"]["updated"] == 1


def test_a_contact_that_is_taken_off_is_taken_off_here(sync, world, hire):
    sync()
    (contact,) = world.associated("deals", hire["id"], "contacts")
    world.dissociate(contact, hire["id"])

    sync(full=True)

    assert HubSpotDeal.objects.get().contacts.count() == 0


def test_contacts_that_an_answer_leaves_out_stay_and_are_asked_for_again(sync, portal, world, hire):
    sync()
    other = world.add_contact("bob@x.org")
    world.associate(other["id"], hire["id"])
    world.edit_deal(hire["id"], dealname="Venue hire, two evenings")
    portal.faults.add("leave_out", path="/associations/deals/contacts/batch/read", times=1)

    sync()
    meanwhile = HubSpotDeal.objects.get().contacts.count()
    portal.stats.reset()
    sync()
    deal, asked = HubSpotDeal.objects.get(), [entry[1] for entry in portal.stats.log]
    portal.stats.reset()
    sync()

    assert (meanwhile, deal.contacts.count(), deal.name) == (1, 2, "Venue hire, two evenings")
    assert asked.count("/crm/v3/objects/deals/batch/read") == 1
    assert not [entry for entry in portal.stats.log if "deals/batch/read" in entry[1]]


def test_the_recycle_bin_is_seen_by_a_full_run_and_a_restored_deal_is_back(sync, world, hire):
    sync()
    world.archive_record("deals", hire["id"])
    sync(full=True)
    gone = HubSpotDeal.objects.get().archived_at

    world.restore_record("deals", hire["id"])
    sync(full=True)

    assert gone is not None
    assert HubSpotDeal.objects.get().archived_at is None


def test_a_deal_moved_into_novas_pipeline_is_mirrored_no_more(sync, world, hire, pipeline):
    sync()
    home = pipeline("Nova expenses")
    world.edit_deal(hire["id"], pipeline=home["id"], dealstage=home["stages"]["Paid"])

    sync()

    assert not HubSpotDeal.objects.exists()
    assert DealLink.objects.get().reason == "It has no expense category. It has no Nova event."


def test_when_other_pipelines_are_kept_all_is_read_anew(sync, enter, settings):
    settings.HUBSPOT_DEALS = "sales"
    enter()
    sync()
    mirrored = HubSpotDeal.objects.count()

    settings.HUBSPOT_DEALS = "all"
    sync()

    assert (mirrored, HubSpotDeal.objects.count(), DealLink.objects.count()) == (1, 0, 1)


def test_three_hundred_deals_cost_seven_requests(sync, portal, world):
    for number in range(300):
        world.add_deal(f"Deal {number}")
    portal.stats.reset()

    sync()

    asked = [entry for entry in portal.stats.log if "deals" in entry[1]]
    assert len(asked) == 6
    assert HubSpotDeal.objects.count() == 300
