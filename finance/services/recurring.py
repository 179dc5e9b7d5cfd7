"""Planning ahead what recurs: each rule makes an expense for each of its dates or shows, once."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, cast

from django.db import transaction
from django.utils import timezone

from events.models import Event
from finance.models import (
    Expense,
    ExpenseStatus,
    LockedMonth,
    RecurringEntry,
    RecurringExpense,
    Schedule,
)

AHEAD = timedelta(days=92)
"""How far ahead monthly and weekly costs are planned; shows as far as they are known."""


def plan_recurring_expenses(today: date | None = None) -> int:
    """Makes the planned expenses of all running rules that are not there yet; returns how many."""
    today = today or timezone.localdate()
    rules = RecurringExpense.objects.running(today).values_list("pk", flat=True)
    return sum(plan_rule(pk, today) for pk in rules)


@transaction.atomic
def plan_rule(rule_id: int, today: date) -> int:
    """Makes what is missing of one rule. What was made once, and changed or deleted since, is left
    alone, and so are locked months. Holds the rule, so that two runs at once make nothing twice.
    """
    rule = RecurringExpense.objects.select_for_update().get(pk=rule_id)
    made = set(rule.entries.values_list("period", flat=True))
    locked = LockedMonth.objects.months()
    due = [
        (period, day, event)
        for period, day, event in _due(rule, today)
        if period not in made and day.replace(day=1) not in locked
    ]
    for period, day, event in due:
        expense = _planned(rule, period, day, event)
        RecurringEntry.objects.create(rule=rule, period=period, expense=expense)
    return len(due)


def _planned(rule: RecurringExpense, period: str, day: date, event: int | None) -> Expense:
    expense: Any = Expense(
        reference=f"R{rule.pk}-{period}",
        category=rule.category,
        amount=rule.amount,
        tax_amount=rule.tax_amount,
        currency=rule.currency,
        vendor_id=rule.vendor_id,
        spent_on=day,
        status=ExpenseStatus.PLANNED,
        event_id=event,
        show_type_id=None if event else rule.show_type_id,
        spread=rule.spread,
        note=rule.note or rule.name,
    )
    expense._change_reason = f"Recurring: {rule.name}"[:100]
    expense.full_clean()
    expense.save()
    return cast(Expense, expense)


def _due(rule: RecurringExpense, today: date) -> Iterator[tuple[str, date, int | None]]:
    """The dates or shows of a rule up to the horizon: period, day, and the show's key."""
    if rule.schedule == Schedule.PER_SHOW:
        for event, day in _shows(rule):
            yield f"event-{event}", day, event
        return
    horizon = min(today + AHEAD, rule.ends_on or date.max)
    dates = _months(rule.starts_on) if rule.schedule == Schedule.MONTHLY else _weeks(rule.starts_on)
    for day in dates:
        if day > horizon:
            return
        yield day.isoformat(), day, None


def _shows(rule: RecurringExpense) -> Iterator[tuple[int, date]]:
    shows = Event.objects.played_or_planned().filter(
        starts_on__gte=rule.starts_on, currency=rule.currency
    )
    if rule.show_type_id:
        shows = shows.filter(show_type=rule.show_type_id)
    if rule.ends_on:
        shows = shows.filter(starts_on__lte=rule.ends_on)
    yield from shows.order_by("starts_on", "pk").values_list("pk", "starts_on")


def _months(first: date) -> Iterator[date]:
    """The same day of every month; in a shorter month its last day."""
    year, month = first.year, first.month
    while True:
        yield date(year, month, min(first.day, monthrange(year, month)[1]))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _weeks(first: date) -> Iterator[date]:
    while True:
        yield first
        first += timedelta(days=7)
