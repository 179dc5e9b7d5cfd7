"""What a show would earn under other terms: price, fee, costs and deal. Saves as a budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from events.models import Event
from finance.models import Basis, Category, Expense, ExpenseStatus
from finance.services.breakeven import BreakEven, Mix, at_tickets, break_even
from finance.services.dues import Terms
from finance.services.expenses import change_expense, record_expense
from finance.services.figures import Figures
from nova_project.money import quantize

SHARES = (25, 50, 75, 100)
"""Percent of the capacity for which the result is worked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The terms of a show. Amounts are per ticket or for the whole show, as their names say.

    `costs` are figures with expenses alone; `tax_percent` is the rate of the tax that is inside
    the price.
    """

    price: Decimal
    fee: Decimal
    tax_percent: Decimal
    capacity: int
    costs: Figures
    deals: tuple[Terms, ...] = ()

    @property
    def ticket(self) -> Mix:
        """One ticket; its tax is rounded to the currency's digits, as on a receipt."""
        tax = self.price * self.tax_percent / (100 + self.tax_percent)
        return Mix(
            tickets=1,
            gross=self.price,
            tax=quantize(tax, self.costs.currency),
            eventbrite_fees=self.fee,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """Where a plan breaks even, and its figures by percent of the capacity."""

    break_even: BreakEven
    at_share: Mapping[int, Figures]


def work_out(plan: Plan) -> Result:
    """What comes of a plan; no database is asked."""
    found = break_even(costs=plan.costs, mix=plan.ticket, deals=plan.deals, capacity=plan.capacity)
    at_share = {
        share: at_tickets(plan.costs, plan.ticket, plan.capacity * share // 100, plan.deals)
        for share in SHARES
    }
    return Result(found, at_share)


@transaction.atomic
def save_as_budget(*, event: Event, amounts: Mapping[Category, Decimal]) -> int:
    """Keeps planned costs as the show's budget: an expense per category, budget and planned.

    Saved again, they take the place of those saved before; an amount of zero leaves none. Budgets
    that were entered elsewhere stay. Returns how many there are now.
    Raises ValidationError: an amount has more digits than the currency.
    """
    saved = 0
    for category, amount in amounts.items():
        reference = f"whatif-{event.pk}-{category}"
        earlier = Expense.objects.filter(reference=reference).first()
        if not amount and earlier:
            earlier.delete()
        elif amount and earlier:
            change_expense(expense=earlier, **_budget(event, category, amount))
        elif amount:
            record_expense(reference=reference, **_budget(event, category, amount))
        saved += bool(amount)
    return saved


def _budget(event: Event, category: Category, amount: Decimal) -> dict[str, object]:
    return {
        "event": event,
        "category": category,
        "amount": amount,
        "currency": event.currency,
        "spent_on": event.starts_on,
        "basis": Basis.BUDGET,
        "status": ExpenseStatus.PLANNED,
        "note": "From what-if",
    }
