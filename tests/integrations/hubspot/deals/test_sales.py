"""Orders as deals: one each, won or lost, belonging to the buyer's contact."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, Order, OrderStatus
from customers.services import mark_rollups_due
from integrations.errors import RetryLater
from integrations.hubspot.sync import apply_approved
from integrations.models import DealLink, Problem, RemoteWrite, WriteState
from tests.factories import make_buyer, make_customer, make_event, make_order

UPSERT = "POST /crm/v3/objects/{type}/batch/upsert"
TIE = "POST /crm/v4/associations/{from}/{to}/batch/associate/default"


@pytest.fixture
def order(db):
    """An order of 50.00 for one show, with a buyer."""
    event = make_event(date(2026, 3, 14), name="Jazz Night", eventbrite_id="700077")
    return make_order(
        event,
        "50.00",
        eventbrite_id="7009001",
        buyer=make_customer("ada@x.org"),
        ordered_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    )


def change(order, **values):
    for name, value in values.items():
        setattr(order, name, value)
    order.save()


def ties(world):
    """The contact ids of each live deal, by its order."""
    return {
        row["properties"].get("nova_order_id"): world.associated("deals", row["id"], "contacts")
        for row in world.dump("deals")
        if not row["archived"]
    }


def test_an_order_becomes_a_won_deal_of_its_buyers_contact(world, portal, sync, sales, order):
    log = sync()

    (deal,) = sales()
    assert deal == {
        "dealname": "Jazz Night, 2026-03-14, order 7009001",
        "dealstage": "Paid",
        "amount": "50",
        "closedate": "2026-03-01T09:30:00.000Z",
        "deal_currency_code": "EUR",
        "nova_event": "700077",
        "nova_order_id": "7009001",
    }
    (row,) = world.dump("deals")
    (contact,) = world.dump("contacts")
    assert row["properties"]["hs_is_closed_won"] == "true"
    assert ties(world) == {"7009001": [contact["id"]]}
    assert log.counts["HubSpot deals"]["created"] == 1
    assert log.counts["contacts of HubSpot deals"]["created"] == 1
    assert portal.stats.by_route[TIE] == 1


def test_what_comes_in_twice_is_written_once(portal, sync, order):
    make_buyer("bob@x.org", events=3)
    sync()
    portal.stats.reset()

    again = [sync(), sync(full=True)]

    assert portal.stats.writes == 0
    assert [log.total("created") + log.total("updated") for log in again] == [0, 0]
    assert not RemoteWrite.objects.pending().exists()
    assert not Problem.objects.open().exists()


@pytest.mark.parametrize(
    ("values", "amount", "stage"),
    [
        ({"refund": Decimal("12.50")}, "37.5", "Paid"),
        ({"refund": Decimal("50.00")}, "0", "Refunded"),
        ({"refund": Decimal("50.00"), "status": OrderStatus.REFUNDED}, "0", "Refunded"),
        ({"status": OrderStatus.DELETED}, "0", "Refunded"),
    ],
)
def test_the_amount_follows_refunds(sync, sales, order, values, amount, stage):
    sync()
    change(order, **values)

    log = sync()

    (deal,) = sales()
    assert (deal["amount"], deal["dealstage"]) == (amount, stage)
    assert log.meter.writes == 1


def test_only_orders_that_were_bought_are_deals(sync, sales, order):
    for status in (OrderStatus.STARTED, OrderStatus.ABANDONED, OrderStatus.UNPAID):
        make_order(order.event, status=status)
    make_order(order.event, "0.00", status=OrderStatus.CANCELLED)
    make_order(order.event, "0.00", eventbrite_id="7009002")
    make_order(order.event, "9.00", eventbrite_id=None, pk=777)

    sync()

    found = [(deal["nova_order_id"], deal["amount"], deal["dealstage"]) for deal in sales()]
    assert sorted(found) == [
        ("7009001", "50", "Paid"),
        ("7009002", "0", "Paid"),
        ("nova-777", "9", "Paid"),
    ]


def test_what_somebody_changes_in_hubspot_is_put_right(world, sync, sales, order):
    sync()
    (row,) = world.dump("deals")
    world.edit_deal(row["id"], amount="1", dealname="Ada's tickets")

    log = sync()

    assert (sales()[0]["amount"], sales()[0]["dealname"]) == ("50", "Ada's tickets")
    assert log.meter.writes == 1
    assert Order.objects.get().gross_paid == Decimal(50)


def test_an_order_without_buyer_is_a_deal_without_contact(world, sync, order):
    change(order, buyer=None)

    sync()

    assert ties(world) == {"7009001": []}


def test_a_buyer_who_becomes_known_later_is_associated_then(world, sync, order):
    buyer = order.buyer
    change(order, buyer=None)
    sync()
    change(order, buyer=Customer.objects.get(pk=buyer.pk))
    mark_rollups_due([buyer.pk])

    log = sync()

    (contact,) = world.dump("contacts")
    assert ties(world) == {"7009001": [contact["id"]]}
    assert log.counts["contacts of HubSpot deals"]["created"] == 1
    assert sync(full=True).meter.writes == 0


def test_a_deal_in_the_recycle_bin_is_not_made_again(world, sync, order):
    sync()
    (row,) = world.dump("deals")
    world.archive_record("deals", row["id"])
    change(order, refund=Decimal("5.00"))

    log = sync()

    assert DealLink.objects.get().archived_at is not None
    assert len(world.dump("deals")) == 1
    assert log.counts["HubSpot deals"]["skipped"] == 1
    assert sync(full=True).meter.writes == 0


def test_a_deal_of_an_unknown_order_waits(world, sync, pipeline, db):
    home = pipeline("Nova ticket sales")
    stages = {"pipeline": home["id"], "stage": home["stages"]["Paid"]}
    world.add_deal("Old", nova_order_id="404", **stages)

    sync()

    assert DealLink.objects.get().reason == "Nova has no order 404."


# --- What goes wrong ------------------------------------------------------------------------


UPSERTS, TIES = "deals/batch/upsert", "associations/deals"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("reset_after", UPSERTS),
        ("reset_before", UPSERTS),
        ("truncate", UPSERTS),
        ("locked", UPSERTS),
        ("reset_after", TIES),
    ],
)
def test_a_fault_that_passes_doubles_nothing(world, portal, sync, sales, order, kind, path):
    make_buyer("bob@x.org", events=2)
    portal.faults.add(kind, path, method="POST", times=1)
    try:
        sync()
    except RetryLater:
        sync()  # whoever is told to wait gives up here, and the next run goes on

    assert len(sales()) == 3
    assert all(len(found) == 1 for found in ties(world).values())
    assert sync(full=True).meter.writes == 0


@pytest.mark.parametrize("path", [UPSERTS, TIES])
def test_a_run_that_gives_up_is_completed_by_the_next(world, portal, sync, sales, order, path):
    portal.faults.add("reset_after", path, method="POST")
    with pytest.raises(RetryLater):
        sync()
    portal.faults.clear()

    sync()

    assert len(sales()) == 1
    assert [len(found) for found in ties(world).values()] == [1]
    assert sync(full=True).meter.writes == 0


def test_what_hubspot_leaves_out_of_its_answer_is_looked_at_again(portal, sync, sales, order):
    make_order(order.event)
    portal.faults.add("leave_out", UPSERTS, times=1)

    first = sync()
    sync()

    assert first.counts["HubSpot deals"]["skipped"] == 1
    assert len(sales()) == DealLink.objects.count() == 2
    assert sync(full=True).meter.writes == 0


def test_a_refused_deal_is_found_among_the_good_ones(portal, sync, sales, order):
    for _ in range(9):
        make_order(order.event)
    body = {"status": "error", "category": "VALIDATION_ERROR", "message": "No more of these."}
    portal.faults.add("status", UPSERTS, status=400, body=body, nth=[1, 2, 3, 4])

    sync()

    failed = RemoteWrite.objects.get(object_type="deals", state=WriteState.FAILED)
    assert len(sales()) == 9
    assert failed.after["nova_order_id"] not in {deal["nova_order_id"] for deal in sales()}
    problem = Problem.objects.open().get(code="refused")
    assert (problem.record, problem.message) == (failed.subject, "No more of these.")


# --- Review ---------------------------------------------------------------------------------


def test_in_review_nothing_is_written_before_staff_approve(
    world, portal, sync, sales, order, settings, patience
):
    sync()
    change(order, refund=Decimal("10.00"))
    late = make_order(order.event, eventbrite_id="7009002", buyer=order.buyer)
    settings.HUBSPOT_WRITE_MODE = "review"
    portal.stats.reset()
    log = sync()

    assert (portal.stats.writes, len(sales())) == (0, 1)
    assert log.run.message == "2 deals differ from Nova. Nothing was written to HubSpot."
    planned = RemoteWrite.objects.pending().filter(subject=f"order {late.pk}")
    assert sorted(planned.values_list("object_type", flat=True)) == ["associations", "deals"]

    planned.update(state=WriteState.APPROVED)
    apply_approved(command="test", patience=patience)

    assert {deal["nova_order_id"]: deal["amount"] for deal in sales()} == {
        "7009001": "50",
        "7009002": "20",
    }
    assert len(ties(world)["7009002"]) == 1


# --- Cost -----------------------------------------------------------------------------------


def test_thirty_orders_take_as_many_queries_as_three(world, sync, order):
    sync()
    counts = []
    for number in (3, 30):
        for _ in range(number):
            make_order(order.event, buyer=order.buyer)
        with CaptureQueriesContext(connection) as first:
            sync()
        with CaptureQueriesContext(connection) as second:
            sync()
        counts.append((len(first), len(second)))

    assert counts[0] == counts[1]
