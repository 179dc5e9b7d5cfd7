"""What was meant to be spent, and what was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from events.models import Event, ShowType
from finance.models import COST, Basis, Category, Expense, ExpenseStatus
from finance.services.profit import NO_SHOW_TYPE
from nova_project.models import Total
from nova_project.money import ZERO
from nova_project.periods import Period

SHARED = "Shared by several shows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgeted:
    """Costs in one currency, less reclaimable tax.

    Budgets are what staff meant to spend; planned costs are expected and count nowhere else.
    """

    currency: str
    budget: Decimal = ZERO
    planned: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO
    not_budgeted: Decimal = ZERO
    """The part of the actual costs of events and categories that have no budget."""

    @property
    def actual(self) -> Decimal:
        return self.committed + self.paid

    @property
    def difference(self) -> Decimal | None:
        """What is left of the budget; negative where more was spent. None without a budget."""
        return self.budget - (self.actual - self.not_budgeted) if self.budget else None

    @property
    def used(self) -> Decimal | None:
        """Actual costs in percent of the budget; None without one."""
        return (self.actual - self.not_budgeted) * 100 / self.budget if self.budget else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine(Budgeted):
    """Those of an event, a show type or a category; what it does not tell apart is blank."""

    event_id: int | None = None
    reference: str = ""
    name: str = ""
    starts_on: date | None = None
    show_type: str = ""
    category: str = ""
    category_name: str = ""


_AMOUNTS = ("budget", "planned", "committed", "paid")
_ADDED = (*_AMOUNTS, "not_budgeted")
_IS_ACTUAL = Q(basis=Basis.ACTUAL)
_CONDITIONS = {
    "of_budget": Q(basis=Basis.BUDGET),
    "of_planned": _IS_ACTUAL & Q(status=ExpenseStatus.PLANNED),
    "of_committed": _IS_ACTUAL & Q(status=ExpenseStatus.COMMITTED),
    "of_paid": _IS_ACTUAL & Q(status=ExpenseStatus.PAID),
}
_KEYS = ("event_id", "show_type_id", "category", "currency")
_SHOW = ("pk", "eventbrite_id", "name", "starts_on", "show_type__name")
_LABELS = dict(Category.choices)
_PLACES = {"": -1} | {name: place for place, name in enumerate(Category.values)}
GROUPINGS: dict[str, tuple[str, ...]] = {
    "": ("event_id", "reference", "name", "starts_on", "show_type", "category", "category_name"),
    "event": ("event_id", "reference", "name", "starts_on", "show_type"),
    "show_type": ("show_type", "category", "category_name"),
    "category": ("category", "category_name"),
}
"""What each row stands for, by what the address asks for."""


def budget_lines(
    period: Period, show_type: ShowType | None = None, currency: str = "", by: str = ""
) -> list[BudgetLine]:
    """Budget and costs of the events of `period`, and of the shared costs dated in it.

    By event and category, earliest event first, shared costs last; or by one of GROUPINGS. Three
    queries.
    """
    days = Q(event__starts_on__gte=period.start, event__starts_on__lt=period.end)
    shared = Q(event=None, spent_on__gte=period.start, spent_on__lt=period.end)
    expenses = Expense.objects.filter(days | shared)
    if show_type is not None:
        wanted = show_type.pk
        expenses = expenses.filter(
            Q(event__show_type=wanted, event__isnull=False) | Q(event=None, show_type=wanted)
        )
    if currency:
        expenses = expenses.filter(currency=currency)
    lines = lines_of(expenses)
    return _grouped(lines, by) if by else lines


def lines_of(expenses: QuerySet[Expense]) -> list[BudgetLine]:
    """The sums of `expenses` by event, category and currency. Three queries.

    Names are read apart: to sort costs by ids is quicker than by whole names.
    """
    sums = {name: Total(COST, filter=condition) for name, condition in _CONDITIONS.items()}
    rows = expenses.order_by().values_list(*_KEYS).annotate(**sums)
    events = Event.objects.filter(pk__in=expenses.order_by().values("event")).order_by()
    shows = {pk: _show(pk, *names) for pk, *names in events.values_list(*_SHOW)}
    types: dict[int | None, dict[str, Any]] = {
        pk: {"name": SHARED, "show_type": name} for pk, name in _type_names()
    }
    types[None] = {"name": SHARED, "show_type": "All shows"}
    lines = []
    for event_id, type_id, category, currency, *totals in rows:
        amounts: dict[str, Any] = {
            name: total or ZERO for name, total in zip(_AMOUNTS, totals, strict=True)
        }
        lines.append(
            BudgetLine(
                category=category,
                category_name=_LABELS[category],
                currency=currency,
                not_budgeted=ZERO if amounts["budget"] else amounts["committed"] + amounts["paid"],
                **(shows[event_id] if event_id else types[type_id]),
                **amounts,
            )
        )
    return sorted(lines, key=_order)


def _type_names() -> Iterable[tuple[int, str]]:
    return ShowType.objects.order_by().values_list("pk", "name")


def _show(
    pk: int, eventbrite_id: str | None, name: str, starts_on: date, show_type: str | None
) -> dict[str, Any]:
    """What a line says of its event."""
    return {
        "event_id": pk,
        "reference": eventbrite_id or f"nova-{pk}",
        "name": name,
        "starts_on": starts_on,
        "show_type": show_type or NO_SHOW_TYPE.name,
    }


def _order(line: BudgetLine) -> tuple[Any, ...]:
    return (
        line.event_id is None and bool(line.name),
        line.starts_on or date.min,
        line.name,
        line.event_id or 0,
        line.show_type,
        _PLACES[line.category],
        line.currency,
    )


def _grouped(lines: Iterable[BudgetLine], by: str) -> list[BudgetLine]:
    names = GROUPINGS[by]
    groups: dict[tuple[Any, ...], list[BudgetLine]] = {}
    for line in lines:
        key = (*(getattr(line, name) for name in names), line.currency)
        groups.setdefault(key, []).append(line)
    found = []
    for key, members in groups.items():
        values: dict[str, Any] = dict(zip((*names, "currency"), key, strict=True))
        found.append(BudgetLine(**values | _sums(members)))
    return sorted(found, key=_order)


def _sums(lines: Iterable[Budgeted]) -> dict[str, Any]:
    members = list(lines)
    return {name: sum((getattr(one, name) for one in members), ZERO) for name in _ADDED}


def budget_totals(rows: Sequence[Budgeted]) -> list[Budgeted]:
    """The sums by currency."""
    by_currency: dict[str, list[Budgeted]] = {}
    for line in rows:
        by_currency.setdefault(line.currency, []).append(line)
    return [
        Budgeted(currency=currency, **_sums(members))
        for currency, members in sorted(by_currency.items())
    ]
