"""The line about break-even on the page of a show."""

from finance.admin.whatif_pages import what_if_url
from finance.services.breakeven import BreakEven
from finance.services.figures import EventMoney
from nova_project.money import format_money
from nova_project.panels import Figure

_HELP = "The least number of tickets at the current mix for which net revenue is not negative."


def break_even_figure(found: BreakEven | None, row: EventMoney) -> list[Figure]:
    """How many tickets, and how many more. It leads to what would come of other terms."""
    what_if = what_if_url(row.event_id)
    if found is None:
        words = "Nova knows no price or no capacity of this show. Try some."
        return [Figure("Break-even", "What if", words, what_if)]
    if found.tickets is None:
        full = format_money(found.at_capacity, row.currency)
        words = f"With all {found.capacity:,} seats sold, net revenue is {full}."
        return [Figure("Break-even", "Not within capacity", words, what_if)]
    more = found.tickets - (row.seats or 0)
    note = f"{more:,} more to go" if more > 0 else "reached"
    return [Figure("Break-even", f"{found.tickets:,} tickets", _HELP, what_if, note)]
