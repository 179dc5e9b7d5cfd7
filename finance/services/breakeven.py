"""How many tickets a show must sell to cost nothing. Plain Python, found by stepping.

Stepping and no formula, because deals bend: a versus deal takes more of each ticket once its share
passes the guarantee, and a bonus step takes a lump.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from finance.services.dues import Terms, due
from finance.services.figures import Figures
from nova_project.money import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What so many tickets bring in together, as they are sold now: exact for that number."""

    tickets: int
    gross: Decimal
    tax: Decimal = ZERO
    eventbrite_fees: Decimal = ZERO
    processing_fees: Decimal = ZERO

    @classmethod
    def of(cls, figures: Figures) -> "Mix | None":
        """The mix of the tickets that a show has sold; None where it has sold none."""
        if not figures.seats:
            return None
        return cls(
            tickets=figures.seats,
            gross=figures.gross - figures.refunds,
            tax=figures.tax,
            eventbrite_fees=figures.eventbrite_fees,
            processing_fees=figures.processing_fees,
        )


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The least number of tickets with no loss; None if there is none within the capacity.

    `at_capacity` is the net revenue of a full house.
    """

    tickets: int | None
    capacity: int
    at_capacity: Decimal


def at_tickets(costs: Figures, mix: Mix, tickets: int, deals: Sequence[Terms]) -> Figures:
    """The figures of a show with the expenses of `costs` that sells so many tickets of the mix."""
    sold = replace(
        costs,
        seats=tickets,
        gross=mix.gross * tickets / mix.tickets,
        refunds=ZERO,
        tax=mix.tax * tickets / mix.tickets,
        eventbrite_fees=mix.eventbrite_fees * tickets / mix.tickets,
        processing_fees=mix.processing_fees * tickets / mix.tickets,
        performers=ZERO,
    )
    return replace(sold, performers=sum((due(deal, sold) for deal in deals), ZERO))


def first_without_loss(
    net_revenue_at: Callable[[int], Decimal], capacity: int, start: int = 0
) -> int | None:
    """The least number from `start` to `capacity` at which net revenue is not negative."""
    steps = range(start, capacity + 1)
    return next((tickets for tickets in steps if net_revenue_at(tickets) >= 0), None)


def break_even(*, costs: Figures, mix: Mix, deals: Sequence[Terms], capacity: int) -> BreakEven:
    """Where a show with these expenses and deals breaks even at the mix; no database is asked."""

    def net_revenue_at(tickets: int) -> Decimal:
        return at_tickets(costs, mix, tickets, deals).net_revenue

    start = _no_sooner_than(costs, mix, capacity)
    return BreakEven(
        first_without_loss(net_revenue_at, capacity, start), capacity, net_revenue_at(capacity)
    )


def _no_sooner_than(costs: Figures, mix: Mix, capacity: int) -> int:
    """Fewer tickets do not even pay the expenses, and dues only add to these."""
    fees = mix.eventbrite_fees + mix.processing_fees
    kept = mix.gross - mix.tax - fees
    if costs.expenses <= 0:
        return 0
    if kept <= 0:
        return capacity + 1
    return min(max(int(costs.expenses * mix.tickets / kept) - 1, 0), capacity + 1)
