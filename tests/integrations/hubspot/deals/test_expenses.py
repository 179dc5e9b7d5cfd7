"""Expenses as deals: made on either side, changed on either side, never deleted."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from finance.models import Category, Expense, ExpenseStatus
from integrations.hubspot.deals.conflicts import choose
from integrations.models import (
    Conflict,
    ConflictState,
    DealLink,
    DealState,
    Problem,
    RemoteWrite,
    Resolution,
)
from tests.factories import make_event, make_expense, make_show_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def show():
    return make_event(date(2026, 3, 14), name="Jazz Night", eventbrite_id="700077")


def waiting():
    """What each waiting deal lacks, by its id."""
    return dict(DealLink.objects.waiting().values_list("hubspot_id", "reason"))


def told(code="waiting"):
    return list(Problem.objects.open().filter(code=code).values_list("record", flat=True))


# --- From Nova ------------------------------------------------------------------------------


def test_an_expense_of_nova_becomes_a_deal_that_counts_as_no_revenue(world, sync, expenses, show):
    made = make_expense("-120.50", event=show, vendor="The House", status="committed")

    sync()

    assert expenses() == [
        {
            "dealname": "Room rental, The House, Jazz Night, 14 Mar 2026",
            "dealstage": "Committed",
            "amount": "-120.5",
            "closedate": "2026-03-14T12:00:00.000Z",
            "deal_currency_code": "EUR",
            "nova_expense_category": "room_rental",
            "nova_expense_id": str(made.pk),
            "nova_event": "700077",
            "nova_vendor": "The House",
        }
    ]
    (row,) = world.dump("deals")
    assert row["properties"]["hs_is_closed_won"] == "false"
    assert row["properties"]["hs_deal_stage_probability"] == "0.0"


def test_a_shared_cost_becomes_a_deal_without_an_event_and_stays_shared(sync, expenses):
    make_expense(show_type=make_show_type(), spent_on=date(2026, 3, 1))
    sync()

    log = sync(full=True)

    assert "nova_event" not in expenses()[0]
    assert Expense.objects.get().is_shared
    assert (log.meter.writes, waiting()) == (0, {})


def test_a_budget_is_no_deal(sync, expenses, show):
    make_expense(event=show, basis="budget")

    sync()

    assert expenses() == []


def test_an_event_without_an_eventbrite_id_is_named_by_name_and_date(sync, expenses):
    show = make_event(date(2026, 5, 2), name="Open Mic", eventbrite_id=None)
    make_expense(event=show)
    sync()

    log = sync(full=True)

    assert expenses()[0]["nova_event"] == "Open Mic, 2026-05-02"
    assert (log.meter.writes, Expense.objects.get().event) == (0, show)


# --- From HubSpot ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"nova_event": "700077"},
        {"nova_event": "Jazz night, 2026-03-14"},
        {"nova_event": "Jazz Night"},
        {"name": "Sound hire, jazz night 2026-03-14"},
    ],
)
def test_a_deal_of_hubspot_becomes_an_expense(sync, enter, expenses, show, values):
    deal = enter("Planned", **values)

    log = sync()

    made = Expense.objects.get()
    assert (made.amount, made.currency, made.event) == (Decimal("250.50"), "EUR", show)
    assert (made.category, made.status) == (Category.PRODUCTION, ExpenseStatus.PLANNED)
    assert made.spent_on == date(2026, 3, 2)
    assert made.vendor_name == deal["properties"]["dealname"][:160]
    assert expenses()[0]["nova_expense_id"] == str(made.pk)
    assert log.counts["expenses"] == {"created": 1}
    assert sync(full=True).meter.writes == 0


@pytest.mark.parametrize(
    ("lack", "reason"),
    [
        ({"amount": None}, "It has no amount."),
        ({"amount": "0"}, "It has no amount."),
        ({"nova_expense_category": None}, "It has no expense category."),
        ({"nova_event": None}, "It has no Nova event."),
        ({"nova_event": "Gala"}, "No single event of Nova is “Gala”."),
        ({"amount": "1.005"}, "EUR has 2 digits after the point."),
    ],
)
def test_a_deal_that_lacks_something_waits_with_the_reason(sync, world, enter, show, lack, reason):
    deal = enter(**{"nova_event": "700077"} | lack)

    sync()

    assert {pk: text.startswith(reason) for pk, text in waiting().items()} == {deal["id"]: True}
    assert told() == [f"deal {deal['id']}"]
    assert not Expense.objects.exists()


def test_a_waiting_deal_is_taken_once_it_is_complete(sync, world, enter, show):
    deal = enter(amount=None)
    sync()
    world.edit_deal(deal["id"], amount="99", nova_event="700077")

    sync()

    assert Expense.objects.get().amount == Decimal(99)
    assert (waiting(), told()) == ({}, [])


def test_two_events_of_one_name_are_not_guessed_at(sync, enter, show):
    make_event(date(2026, 4, 14), name="Jazz Night")
    enter(nova_event="Jazz Night")

    sync()

    assert list(waiting().values()) == ["No single event of Nova is “Jazz Night”."]


def test_an_unreadable_amount_is_told_and_the_others_go_on(sync, world, enter, show):
    deal = enter(nova_event="700077")
    bad = enter(nova_event="700077")
    world.store.tables["deals"].rows[bad["id"]]["properties"]["amount"] = "a lot"

    sync()

    assert Expense.objects.count() == 1
    assert told("unreadable") == [f"deal {bad['id']}"]
    assert deal["id"] != bad["id"]


# --- Both ways ------------------------------------------------------------------------------


@pytest.fixture
def pair(sync, world, show):
    """An expense and its deal, in step: the expense, and the deal's id."""
    expense = make_expense("100.00", event=show, spent_on=date(2026, 3, 1))
    sync()
    (row,) = world.dump("deals")
    return expense, row["id"]


def change(expense, **values):
    """Changes an expense as staff do in the admin."""
    for name, value in values.items():
        setattr(expense, name, value)
    expense.save()


def test_an_edit_in_nova_flows_to_the_deal(sync, expenses, pair):
    other = make_event(date(2026, 6, 1), name="Gala", eventbrite_id="700088")
    change(pair[0], amount=Decimal("80.00"), category="staff", event=other, status="planned")

    log = sync()

    (deal,) = expenses()
    assert (deal["amount"], deal["nova_expense_category"]) == ("80", "staff")
    assert (deal["nova_event"], deal["dealstage"]) == ("700088", "Planned")
    (write,) = RemoteWrite.objects.filter(object_type="deals", operation="update")
    assert write.before["amount"] == "100"
    assert write.reason == "Differs from Nova: amount, category, event, stage."
    assert log.meter.writes == 1
    assert sync(full=True).meter.writes == 0


def test_an_edit_in_hubspot_flows_to_the_expense(sync, world, pair, pipeline):
    make_event(date(2026, 6, 1), name="Gala", eventbrite_id="700088")
    planned = pipeline("Nova expenses")["stages"]["Planned"]
    world.edit_deal(
        pair[1],
        amount="80",
        nova_event="700088",
        dealstage=planned,
        closedate="2026-03-05T10:00:00Z",
    )

    log = sync()

    expense = Expense.objects.get()
    assert (expense.amount, expense.event.name) == (Decimal(80), "Gala")
    assert (expense.status, expense.spent_on) == (ExpenseStatus.PLANNED, date(2026, 3, 5))
    assert expense.history.count() == 2
    assert (log.counts["expenses"], log.meter.writes) == ({"updated": 1}, 0)


def test_edits_of_different_fields_pass_each_other(sync, world, expenses, pair):
    change(pair[0], category="staff")
    world.edit_deal(pair[1], amount="80")

    sync()

    expense = Expense.objects.get()
    assert (expense.amount, expense.category) == (Decimal(80), "staff")
    assert (expenses()[0]["amount"], expenses()[0]["nova_expense_category"]) == ("80", "staff")
    assert not Conflict.objects.open().exists()


def test_the_name_of_a_deal_belongs_to_hubspot(sync, world, expenses, pair):
    world.edit_deal(pair[1], dealname="Hall")

    log = sync()

    assert (expenses()[0]["dealname"], Expense.objects.get().vendor_name) == ("Hall", "The House")
    assert log.meter.writes == 0


@pytest.fixture
def conflict(sync, world, pair):
    change(pair[0], amount=Decimal("80.00"))
    world.edit_deal(pair[1], amount="90")
    log = sync()
    assert log.run.conflict_count == 1
    return Conflict.objects.open().get()


def test_an_amount_changed_on_both_sides_waits_for_a_person(sync, expenses, conflict):
    again = sync(full=True)

    assert (conflict.field, conflict.base_value) == ("amount", "100")
    assert (conflict.local_value, conflict.remote_value) == ("80", "90")
    assert (Expense.objects.get().amount, expenses()[0]["amount"]) == (Decimal(80), "90")
    assert (again.meter.writes, Conflict.objects.count()) == (0, 1)


@pytest.mark.parametrize(
    ("value", "resolution"),
    [("80", Resolution.NOVA), ("90", Resolution.HUBSPOT), ("85.5", Resolution.TYPED)],
)
def test_what_a_person_chooses_comes_to_both_sides(sync, expenses, conflict, value, resolution):
    choose(conflict, value, resolution)

    sync()

    assert Expense.objects.get().amount == Decimal(value)
    assert expenses()[0]["amount"] == value
    assert not Conflict.objects.open().exists()
    assert sync(full=True).meter.writes == 0


def test_a_conflict_settles_when_both_sides_agree(sync, world, pair, conflict):
    world.edit_deal(pair[1], amount="80")

    sync()

    conflict.refresh_from_db()
    assert (conflict.state, conflict.resolution) == (ConflictState.RESOLVED, Resolution.SETTLED)


def test_a_deal_that_loses_its_event_waits_and_the_expense_stays(sync, world, pair, show):
    world.edit_deal(pair[1], nova_event="")

    sync()

    assert waiting() == {pair[1]: "It has no Nova event."}
    assert Expense.objects.get().event == show


def test_one_refused_deal_of_a_batch_leaves_the_others_alone(sync, world, enter, show):
    last = make_expense(event=show).pk
    enter(amount=None, nova_expense_id=str(last + 1))
    bad, good = enter(nova_event="700077"), enter(nova_event="700077")

    sync()

    failed = RemoteWrite.objects.get(state="failed")
    assert failed.remote_id == bad["id"]
    rows = {row["id"]: row["properties"] for row in world.dump("deals")}
    assert rows[good["id"]]["nova_expense_id"] == str(last + 2)
    assert "nova_expense_id" not in rows[bad["id"]]


# --- Going away -----------------------------------------------------------------------------


def test_an_expense_deleted_in_nova_cancels_its_deal(sync, expenses, pair):
    pair[0].delete()

    sync()

    assert [deal["dealstage"] for deal in expenses()] == ["Cancelled"]
    assert DealLink.objects.get().state == DealState.CANCELLED
    assert not Expense.objects.exists()
    assert sync(full=True).meter.writes == 0


def test_a_cancelled_deal_that_is_moved_back_becomes_an_expense_again(
    sync, world, pair, pipeline, expenses
):
    pair[0].delete()
    sync()
    world.edit_deal(pair[1], dealstage=pipeline("Nova expenses")["stages"]["Paid"])

    sync()

    made = Expense.objects.get()
    assert made.amount == Decimal(100)
    assert expenses()[0]["nova_expense_id"] == str(made.pk)
    assert sync(full=True).meter.writes == 0


def test_a_deal_cancelled_in_hubspot_deletes_nothing(sync, world, pair, pipeline):
    world.edit_deal(pair[1], dealstage=pipeline("Nova expenses")["stages"]["Cancelled"])

    sync()

    assert Expense.objects.get() == pair[0]
    assert waiting() == {
        pair[1]: "It was cancelled in HubSpot. Delete the expense in Nova, or move the deal back."
    }


def test_a_deal_moved_to_another_pipeline_waits(sync, world, pair):
    world.edit_deal(pair[1], pipeline="default", dealstage="contractsent")

    sync()

    assert waiting() == {pair[1]: "It was moved to the pipeline “Sales Pipeline”."}
    assert Expense.objects.get() == pair[0]


def test_a_deal_in_the_recycle_bin_marks_its_link_and_is_not_made_again(sync, world, pair):
    world.archive_record("deals", pair[1])

    log = sync(full=True)

    assert DealLink.objects.get().archived_at is not None
    assert Expense.objects.get() == pair[0]
    assert log.meter.writes == 0


def test_a_restored_deal_is_in_step_again(sync, world, expenses, pair):
    world.archive_record("deals", pair[1])
    sync(full=True)
    change(pair[0], amount=Decimal("70.00"))
    world.restore_record("deals", pair[1])

    sync(full=True)

    assert DealLink.objects.get().archived_at is None
    assert expenses()[0]["amount"] == "70"


# --- Currencies -----------------------------------------------------------------------------


def test_an_expense_in_a_currency_that_the_account_lacks_is_told(sync, expenses):
    make_expense(currency="CHF")
    make_expense(currency="USD")

    log = sync()

    assert [deal["deal_currency_code"] for deal in expenses()] == ["USD"]
    assert told("currency") == ["deals in CHF"]
    assert log.run.outcome == "problems"


# --- Choosing -------------------------------------------------------------------------------


def test_events_are_shown_and_typed_by_name_and_date(sync, world, expenses, pair):
    gala, fair = (
        make_event(date(2026, 6, day), name=name, eventbrite_id=f"70000{day}")
        for day, name in ((1, "Gala"), (2, "Fair"))
    )
    make_event(date(2026, 6, 3), name="Ball", eventbrite_id="700003")
    change(pair[0], event=gala)
    world.edit_deal(pair[1], nova_event="700002")
    sync()
    conflict = Conflict.objects.open().get()

    choose(conflict, "ball, 2026-06-03", Resolution.TYPED)
    sync()

    assert conflict.local_value == f"Gala, 2026-06-01 #{gala.pk}"
    assert conflict.remote_value == f"Fair, 2026-06-02 #{fair.pk}"
    assert Expense.objects.get().event.name == "Ball"
    assert expenses()[0]["nova_event"] == "700003"


@pytest.mark.parametrize("value", ["a lot", "0", ""])
def test_an_impossible_value_is_refused(conflict, value):
    with pytest.raises(ValidationError):
        choose(conflict, value, Resolution.TYPED)

    assert Conflict.objects.open().get() == conflict
    assert Expense.objects.get().amount == Decimal(80)
