"""Deals of which HubSpot tells are read again at once, as a sync reads them."""

from decimal import Decimal

import pytest

from finance.models import Expense
from integrations.http import Meter
from integrations.hubspot.deals.account import EXPENSES
from integrations.hubspot.setup import set_up
from integrations.hubspot.sync import connect, sync_with_hubspot
from integrations.models import (
    DealLink,
    DealState,
    Delivery,
    DeliveryState,
    HubSpotDeal,
    Problem,
    System,
)
from tests.factories import make_event
from tests.integrations.webhooks.conftest import CLIENT_SECRET

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deals(nova, settings, control, work):
    """A portal set up for deals; what it tells is delivered and worked through."""
    settings.HUBSPOT_DEALS = "expenses"
    settings.HUBSPOT_WRITE_MODE = "auto"
    set_up(connect(Meter()))
    url = f"{nova.url}/webhooks/hubspot/"
    control("hubspot/webhooks", url=url, client_secret=CLIENT_SECRET)

    def tell():
        control("hubspot/webhooks/deliver")
        return work(System.HUBSPOT)

    return tell


@pytest.fixture
def enter(world, deals):
    """Enters a deal of an expense, as staff do in HubSpot."""

    def add(**values):
        home = next(row for row in world.dump("pipelines") if row["label"] == EXPENSES)
        paid = next(stage["id"] for stage in home["stages"] if stage["label"] == "Paid")
        told = {"nova_expense_category": "production", "nova_event": "700077"}
        where = {"pipeline": home["id"], "stage": paid, "closedate": "2026-03-02T22:30:00Z"}
        return world.add_deal(**{"name": "Sound hire", "amount": "250.50"} | where | told | values)

    return add


def states():
    return set(Delivery.objects.values_list("state", flat=True))


def test_a_deal_entered_in_hubspot_is_an_expense_at_once_and_follows_changes(world, deals, enter):
    make_event(eventbrite_id="700077")
    deal = enter()
    log = deals()
    entered = Expense.objects.get()

    world.edit_deal(deal["id"], amount="300")
    deals()

    assert (entered.amount, Expense.objects.get().amount) == (Decimal("250.50"), Decimal(300))
    assert log.meter.writes == 0
    assert states() == {DeliveryState.PROCESSED}


def test_a_deal_that_lacks_something_waits_and_another_pipelines_is_mirrored(world, deals, enter):
    enter(nova_event=None)
    hire = world.add_deal(name="Hire of the hall")

    deals()

    assert DealLink.objects.get().state == DealState.WAITING
    assert HubSpotDeal.objects.get().hubspot_id == hire["id"]


def test_a_deleted_deal_is_marked_as_gone_and_a_restored_one_is_back(world, deals, enter):
    make_event(eventbrite_id="700077")
    deal = enter()
    deals()

    world.archive_record("deals", deal["id"])
    deals()
    gone = DealLink.objects.get().archived_at
    world.restore_record("deals", deal["id"])
    deals()

    assert gone is not None
    assert DealLink.objects.get().archived_at is None
    assert states() == {DeliveryState.PROCESSED}


def test_deals_that_a_merge_swallowed_are_gone(world, deals, enter, nova):
    keep, lose = (world.add_deal(name=name)["id"] for name in ("Keep", "Lose"))
    deals()
    world.erase_record("deals", lose)
    Delivery.objects.create(
        system=System.HUBSPOT, action="deal.merge", object_type="deals", object_id=lose
    )

    deals()

    assert HubSpotDeal.objects.get(hubspot_id=lose).archived_at is not None
    assert HubSpotDeal.objects.get(hubspot_id=keep).archived_at is None


def test_a_sync_that_read_the_deal_meanwhile_saves_its_reading(world, deals, enter, control, work):
    make_event(eventbrite_id="700077")
    sync_with_hubspot(command="test")
    enter()
    control("hubspot/webhooks/deliver")
    sync_with_hubspot(command="test")

    assert work(System.HUBSPOT) is None
    assert Expense.objects.count() == 1


def test_without_the_right_to_read_deals_they_are_left_to_the_sync_and_staff_told(
    world, sandbox, deals
):
    world.add_deal()
    body = {"status": "error", "category": "MISSING_SCOPES", "message": "No."}
    sandbox.faults.add("status", path="/deals", status=403, body=body)

    log = deals()

    assert states() == {DeliveryState.RECEIVED}
    assert "Deals are left out" in Delivery.objects.first().message
    assert Problem.objects.open().get(code="not_available").run == log.run
