"""Pulls that repeat, that are cut short, that meet more: always the same rows in the end."""

import shutil
from collections import defaultdict
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Attendance, Customer, EmailAddress, Order
from customers.models.ticketing import PAID_STATUSES
from events.models import Event, TicketClass, Venue
from finance.models import LedgerLine
from integrations.errors import RetryLater
from integrations.eventbrite.pull.windows import BATCH_ROWS
from integrations.models import Cursor, Outcome, SyncRun
from integrations.sandbox.server import running
from integrations.sandbox.ticketing import ORGANIZATION_ID
from integrations.sandbox.world import EVENTBRITE_TOKEN, World
from tests.integrations import killing
from tests.integrations.eventbrite.everything import everything, undisturbed

pytestmark = pytest.mark.django_db

ORDERS = f"organizations/{ORGANIZATION_ID}/orders/"
ATTENDEES = f"organizations/{ORGANIZATION_ID}/attendees/"
STAMPED = (Venue, Event, TicketClass, Order, Attendance, Customer, EmailAddress)


@pytest.fixture
def season() -> World:
    """A small made-up season, refunds, guests and second addresses included."""
    return World.generate(seed=3, events=8, orders=700, contacts=0)


@pytest.fixture
def world(request) -> World:
    if "season" in request.fixturenames:
        return request.getfixturevalue("season")
    return World.empty()


def test_a_second_run_writes_nothing(season, pull):
    pull()
    before = everything()
    stamps = [list(m.objects.values_list("pk", "updated_at")) for m in STAMPED]

    log = pull(is_full=True)

    assert (log.total("created"), log.total("updated"), log.total("failed")) == (0, 0, 0)
    assert everything() == before
    assert [list(m.objects.values_list("pk", "updated_at")) for m in STAMPED] == stamps


def test_a_run_with_nothing_new_changes_no_row(season, pull):
    pull()

    with CaptureQueriesContext(connection) as captured:
        pull()

    said = [q["sql"] for q in captured if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    tables = {sql.split('"')[1] for sql in said if "ON CONFLICT" not in sql}
    assert tables == {"integrations_syncrun", "integrations_cursor"}


def test_a_full_run_gives_the_rows_of_a_first_run(season, pull):
    pull()
    first = everything()

    log = pull(is_full=True)

    assert everything() == first
    assert (log.total("created"), log.total("updated")) == (0, 0)
    assert log.run.counts["orders"]["unchanged"] == 700


def test_a_run_reads_only_what_changed(season, connected, pull):
    pull()
    [order] = season.dump("orders")[:1]
    season.patch("orders", order["id"], name="Ada King")
    connected.stats.reset()

    log = pull()

    assert log.run.counts["orders"]["updated"] == 1
    assert connected.stats.total <= 6


def test_the_ledger_equals_a_recomputation_from_the_raw_orders(season, pull):
    due = defaultdict(Decimal)
    for order in season.dump("orders"):
        if order["status"] in set(PAID_STATUSES):
            costs = order["costs"]
            currency = costs["gross"]["currency"]
            asked = sum(
                item["amount_processed"]["value"]
                for request in order["_refund_requests"]
                for item in request["items"]
            )
            gross, kept = costs["gross"]["value"], ("tax", "eventbrite_fee", "payment_fee")
            is_gone = order["status"] != "placed" and not asked
            refund = gross if is_gone else min(asked, gross)
            value = gross - refund - sum(costs[key]["value"] for key in kept)
            due[currency] += Decimal(value) / (1 if currency == "JPY" else 100)

    pull()

    posted = LedgerLine.objects.order_by().values_list("currency").annotate(Sum("amount"))
    assert dict(posted) == dict(due)
    assert len(due) == 2


@pytest.mark.parametrize("path", [ORDERS, ATTENDEES])
@pytest.mark.parametrize("page", [2, 6])
def test_a_run_that_fails_between_pages_is_completed_by_the_next(
    season, connected, pull, path, page
):
    expected = undisturbed(pull)
    connected.faults.add("status", path, after=page - 1, status=500, body={"error": "BROKEN"})

    with pytest.raises(RetryLater):
        pull()
    interrupted = SyncRun.objects.order_by("-pk")[0]
    connected.faults.clear()
    connected.stats.reset()
    pull()

    assert interrupted.outcome == Outcome.FAILED
    assert everything() == expected
    asked = [target for _, target, _ in connected.stats.log if path in target]
    assert "continuation=" in asked[0]
    assert connected.stats.total <= 5 + 7 + 14 - page + 3


def test_what_changed_while_a_run_was_down_comes_with_the_next_one(season, connected, pull):
    connected.faults.add("reset_before", ORDERS, after=3)
    with pytest.raises(RetryLater):
        pull()
    connected.faults.clear()
    early = season.dump("orders")[0]
    season.patch("orders", early["id"], name="Ada King", buyer={})

    pull()

    assert Order.objects.get(eventbrite_id=early["id"]).buyer_name == "Ada King"


def test_a_refused_continuation_begins_the_window_again(season, connected, pull):
    expected = undisturbed(pull)
    connected.faults.add("reset_before", ORDERS, after=3)
    with pytest.raises(RetryLater):
        pull()
    connected.faults.clear()
    cursor = Cursor.objects.get(stream=f"orders of {ORGANIZATION_ID}")
    cursor.position["after"] = {"continuation": "of-yesterday"}
    cursor.save()

    log = pull()

    assert log.run.outcome == Outcome.DONE
    assert everything() == expected


def test_pages_that_go_in_circles_end_the_run_and_not_the_next_one(season, connected, pull):
    connected.faults.add("repeat_continuation", f"{ORDERS}.*continuation=")
    with pytest.raises(RetryLater, match="gave already as the next one"):
        pull()
    connected.faults.clear()

    log = pull()

    assert log.run.outcome == Outcome.DONE
    assert Order.objects.count() == 700


RUN = "from integrations.eventbrite.pull import pull_eventbrite; pull_eventbrite()"


@pytest.fixture
def folder(empty_database, tmp_path):
    shutil.copytree(empty_database, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize(
    ("sql", "call"),
    [
        ('INSERT INTO "events_event"', 1),
        ('INSERT INTO "finance_ledgerline"', 2),
        ('INSERT INTO "customers_attendance"', 3),
        ("WITH due", 1),
    ],
    ids=["in the programme", "in the orders", "in the seats", "in the figures"],
)
def test_the_next_run_completes_one_that_was_killed(season, folder, sql, call):
    killed = killing.ON_SQL.format(sql=sql, call=call, run=RUN)
    with running(season, limits=False) as sandbox:
        killing.kill_then(
            killed,
            f"{RUN}\n{RUN}",
            folder,
            EVENTBRITE_BASE_URL=sandbox.url,
            EVENTBRITE_TOKEN=EVENTBRITE_TOKEN,
        )

    assert killing.figures(folder, FIGURES) == {
        "orders": 700,
        "seats": len(season.dump("attendees")),
        "due": 0,
        "off": 0,
        "twice": 0,
        "written by the last": 0,
    }


FIGURES = {
    "orders": "SELECT count(*) FROM customers_order",
    "seats": "SELECT count(*) FROM customers_attendance",
    "due": "SELECT count(*) FROM customers_customer WHERE is_rollup_due",
    "off": """SELECT count(*) FROM (
        SELECT 1 FROM customers_order o LEFT JOIN finance_ledgerline l ON l.order_id = o.id
        WHERE o.status IN ('placed', 'refunded', 'cancelled') GROUP BY o.id
        HAVING round(coalesce(sum(l.amount), 0) * 1000) <> round(1000 * (
            o.gross_paid - o.refund - o.tax - o.eventbrite_fee - o.payment_fee)))""",
    "twice": """SELECT count(*) FROM (SELECT 1 FROM finance_ledgerline
        GROUP BY order_id, kind HAVING count(*) > 1)""",
    "written by the last": """SELECT created_count + updated_count
        FROM integrations_syncrun ORDER BY id DESC LIMIT 1""",
}


def test_a_page_of_thirty_orders_takes_the_statements_of_a_page_of_three(world, pull):
    taken = []
    for number in (1, 3, 30):
        event = world.add_event()
        for buyer in range(number):
            address = f"p{number}-{buyer}@x.org"
            person = {"name": f"Person {buyer}", "email": address}
            guest = {"name": "Guest", "email": f"guest-{address}", "affiliate": "flyer"}
            world.add_order(event, buyer=person, seats=[{}, guest], price=1000)
        with CaptureQueriesContext(connection) as captured:
            log = pull()
        assert log.run.counts["orders"]["created"] == number
        taken.append(len(captured))

    assert taken[1] == taken[2]  # the first run of all also makes its cursors


def test_more_orders_than_a_batch_come_in_whole(world, pull):
    event = world.add_event()
    for _ in range(BATCH_ROWS + 120):
        world.add_order(event, price=100)

    pull()

    assert Order.objects.count() == Attendance.objects.count() == BATCH_ROWS + 120
    assert LedgerLine.objects.aggregate(total=Sum("amount"))["total"] == BATCH_ROWS + 120


CHANGES = st.one_of(
    st.tuples(st.just("gross"), st.integers(0, 9000)),
    st.tuples(st.just("request"), st.integers(1, 5000)),
    st.tuples(st.just("fall"), st.integers(1, 5000)),
    st.tuples(
        st.just("status"),
        st.sampled_from(["placed", "refunded", "cancelled", "pending", "deleted", "odd"]),
    ),
    st.tuples(st.just("fee"), st.integers(0, 500)),
)


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=st.lists(CHANGES, max_size=6))
def test_whatever_happens_to_an_order_its_ledger_says_what_the_rule_says(world, pull, changes):
    order_id = world.add_order(world.add_event(), price=5000, eventbrite_fee=100)["id"]
    highest = asked = 0
    for kind, value in [("status", "placed"), *changes]:
        change(world, order_id, kind, value)
        raw = world.row("orders", order_id)
        gross, fee = raw["costs"]["gross"]["value"], raw["costs"]["eventbrite_fee"]["value"]
        is_paid = raw["status"] in set(PAID_STATUSES)
        highest = max(highest, gross) if is_paid else highest
        asked = sum(
            item["amount_processed"]["value"]
            for request in raw["_refund_requests"]
            for item in request["items"]
        )
        refund = min(highest, max(highest - gross, asked, 0))
        if raw["status"] in ("refunded", "cancelled") and not refund:
            refund = highest

        pull()
        lines = LedgerLine.objects.filter(order__eventbrite_id=order_id)
        posted, number = lines.aggregate(total=Sum("amount"))["total"] or 0, lines.count()
        pull()

        assert posted == (Decimal(highest - refund - fee) / 100 if is_paid else 0)
        assert lines.count() == number


def change(world, order_id, kind, value):
    if kind == "gross":
        world.patch("orders", order_id, costs={"gross": {"value": value}})
    elif kind == "fee":
        world.patch("orders", order_id, costs={"eventbrite_fee": {"value": value}})
    elif kind == "status":
        world.patch("orders", order_id, status=value)
    elif world.row("orders", order_id)["costs"]["gross"]["value"]:
        world.refund_order(order_id, value, style=kind)
