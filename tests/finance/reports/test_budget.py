from datetime import date
from decimal import Decimal

import pytest

from finance.reports.budget import BudgetAgainstActual
from finance.services.budget import budget_lines, budget_totals
from nova_project.periods import Period
from tests.factories import make_event, make_expense, make_show_type

pytestmark = pytest.mark.django_db

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
COLUMNS = ["Event", "Category", "Budget", "Planned", "Committed", "Paid", "Actual", "Difference"]


def shown(lines):
    columns = [BudgetAgainstActual().column(heading) for heading in [*COLUMNS, "% used"]]
    return [[column.shown(line) for column in columns] for line in lines]


def test_budget_stands_beside_what_is_planned_committed_and_paid():
    event = make_event(name="Open mic")
    make_expense("200", event=event, basis="budget", status="planned")
    make_expense("30", event=event, status="planned")
    make_expense("50", event=event, status="committed")
    make_expense("119", tax_amount=Decimal("19"), event=event)
    make_expense("-20", event=event)
    make_expense("77", category="staff")
    make_expense("999", event=make_event(date(2026, 4, 1)))

    lines = budget_lines(MARCH)

    assert shown(lines) == [
        ["Open mic", "Room rental", "200.00", "30.00", "50.00", "80.00", "130.00", "70.00", "65.0"],
        ["Shared by several shows", "Staff", "0.00", "0.00", "0.00", "77.00", "77.00",
         "no budget", "no budget"],
    ]  # fmt: skip


@pytest.mark.parametrize("by", ["", "event", "show_type", "category"])
def test_totals_compare_only_what_has_a_budget(by):
    event = make_event()
    make_expense("200", event=event, basis="budget", status="planned")
    make_expense("130", event=event)
    make_expense("77", event=event, category="staff")
    make_expense("400", event=make_event(date(2026, 3, 20)))

    lines = budget_lines(MARCH, by=by)

    (total,) = budget_totals(lines)
    assert (total.budget, total.actual, total.not_budgeted) == (200, 607, 477)
    assert (total.difference, total.used) == (70, 65)


def test_rows_are_those_of_a_show_type_or_grouped_and_never_mix_currencies():
    music = make_show_type("Music")
    for number in range(2):
        event = make_event(date(2026, 3, 1 + number), show_type=music)
        make_expense("10", event=event)
        make_expense("1", event=event, category="staff")
    make_expense("5000", currency="JPY", show_type=music)
    make_expense("8", event=make_event())

    by_type = budget_lines(MARCH, music, by="show_type")
    by_event = budget_lines(MARCH, music, "EUR", by="event")

    assert [(line.category, line.currency, line.paid) for line in by_type] == [
        ("room_rental", "EUR", Decimal("20")),
        ("room_rental", "JPY", Decimal("5000")),
        ("staff", "EUR", Decimal("2")),
    ]
    assert [line.paid for line in by_event] == [Decimal("11"), Decimal("11")]
