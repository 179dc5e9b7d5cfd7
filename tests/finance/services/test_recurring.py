from datetime import date
from decimal import Decimal

import pytest

from finance.models import Expense, ExpenseStatus, RecurringExpense, Schedule
from finance.services.recurring import plan_recurring_expenses
from tests.factories import make_event, make_show_type

pytestmark = pytest.mark.django_db

TODAY = date(2026, 1, 31)


def make_rule(**fields):
    defaults = {
        "name": "Rent",
        "category": "room_rental",
        "amount": Decimal("500"),
        "currency": "EUR",
        "starts_on": TODAY,
    }
    return RecurringExpense.objects.create(**defaults | fields)


def planned_days():
    return [
        str(day) for day in Expense.objects.order_by("spent_on").values_list("spent_on", flat=True)
    ]


def test_a_monthly_cost_falls_on_its_day_or_the_last_of_a_shorter_month():
    make_rule()

    assert plan_recurring_expenses(TODAY) == 4

    assert planned_days() == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    assert set(Expense.objects.values_list("status", flat=True)) == {ExpenseStatus.PLANNED}
    assert Expense.history.first().history_change_reason == "Recurring: Rent"


def test_nothing_is_made_twice_and_what_staff_changed_or_deleted_stays_so():
    make_rule()
    plan_recurring_expenses(TODAY)
    first, second, *_ = Expense.objects.order_by("spent_on")
    Expense.objects.filter(pk=first.pk).update(spent_on=date(2026, 2, 3), amount=480)
    second.delete()

    assert plan_recurring_expenses(TODAY) == 0
    assert plan_recurring_expenses(date(2026, 3, 1)) == 1

    assert planned_days() == ["2026-02-03", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_a_weekly_cost_ends_with_its_last_date_and_one_that_is_off_makes_nothing():
    make_rule(schedule=Schedule.WEEKLY, ends_on=date(2026, 2, 14))
    make_rule(name="Off", is_on=False)

    plan_recurring_expenses(TODAY)

    assert planned_days() == ["2026-01-31", "2026-02-07", "2026-02-14"]


def test_every_show_of_a_type_gets_its_own_and_a_new_one_follows():
    improv = make_show_type("Improv")
    make_rule(schedule=Schedule.PER_SHOW, show_type=improv)
    show = make_event(date(2026, 5, 1), show_type=improv)
    make_event(date(2026, 1, 1), show_type=improv)
    make_event(date(2026, 5, 2))

    assert plan_recurring_expenses(TODAY) == 1
    late = make_event(date(2026, 6, 1), show_type=improv)
    assert plan_recurring_expenses(TODAY) == 1

    made = Expense.objects.order_by("spent_on").values_list("event", "show_type", "amount")
    assert list(made) == [(show.pk, None, Decimal("500")), (late.pk, None, Decimal("500"))]
