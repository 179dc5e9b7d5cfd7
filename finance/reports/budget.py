"""What shows were meant to cost, and what they cost."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.urls import reverse

from finance.reports.filters import ShowForm, programme_span
from finance.services.budget import BudgetLine, budget_lines, budget_totals
from nova_project.admin import list_url
from nova_project.reports import Arguments, Column, Kind, Report, Topic, register

NO_BUDGET = "no budget"


class BudgetForm(ShowForm):
    """Also by what the rows are: event and category, event, show type, or category."""

    by = forms.ChoiceField(
        label="A row for each",
        required=False,
        choices=[
            ("", "Event and category"),
            ("event", "Event"),
            ("show_type", "Show type and category"),
            ("category", "Category"),
        ],
        error_messages={"invalid_choice": "A row for each: choose one of the list."},
    )
    field_order: tuple[str, ...] = ("start", "end", "show_type", "currency", "by")


def _to_event(line: BudgetLine, arguments: Arguments) -> str:
    return reverse("admin:events_event_change", args=[line.event_id]) if line.event_id else ""


def _to_expenses(attribute: str, **filters: str) -> Callable[[BudgetLine, Arguments], str]:
    """The event's expenses that add up to a figure."""

    def link(line: BudgetLine, arguments: Arguments) -> str:
        if not line.event_id or not getattr(line, attribute):
            return ""
        found: dict[str, Any] = {
            "event__id__exact": line.event_id,
            "currency__exact": line.currency,
            **filters,
        }
        if line.category:
            found["category__exact"] = line.category
        return list_url("finance.expense", found)

    return link


def _amount(heading: str, attribute: str, definition: str, **filters: str) -> Column:
    link = _to_expenses(attribute, **filters) if filters else None
    return Column(heading, attribute, Kind.MONEY, definition, link)


COLUMNS = [
    Column("Event ID", "reference", help="Eventbrite's id, or Nova's for an event of its own."),
    Column("Event", "name", link=_to_event, names_row=True),
    Column("Date", "starts_on", Kind.DATE, help="The day of the show in its own time zone."),
    Column("Show type", "show_type"),
    Column("Category", "category_name"),
    Column("Currency", "currency"),
    _amount("Budget", "budget", "What was meant to be spent.", basis__exact="budget"),
    _amount(
        "Planned",
        "planned",
        "Costs that are expected. They do not reduce profit yet.",
        basis__exact="actual",
        status__exact="planned",
    ),
    _amount(
        "Committed",
        "committed",
        "Costs that are ordered and not paid yet.",
        basis__exact="actual",
        status__exact="committed",
    ),
    _amount("Paid", "paid", "Costs that are paid.", basis__exact="actual", status__exact="paid"),
    _amount("Actual", "actual", "Committed and paid costs together, less reclaimable tax."),
    _amount(
        "Not budgeted",
        "not_budgeted",
        "The part of actual of events and categories that have no budget. It is compared with "
        "nothing.",
    ),
    Column(
        "Difference",
        "difference",
        Kind.MONEY,
        "Budget less actual of what has a budget: negative where more was spent.",
        undefined=NO_BUDGET,
    ),
    Column(
        "% used",
        "used",
        Kind.PERCENT,
        "Actual of what has a budget, in percent of the budget.",
        undefined=NO_BUDGET,
    ),
]


@register
class BudgetAgainstActual(Report):
    slug, title = "budget", "Budget against actual"
    description = "What shows were meant to cost, what is planned, ordered and paid."
    permission_required = ("events.view_event", "finance.view_expense")
    rests_on = (Topic.SALES, Topic.MONEY)
    form_class = BudgetForm
    columns = COLUMNS
    rows = staticmethod(budget_lines)
    totals = staticmethod(budget_totals)
    key_figures = ("Budget", "Actual", "Not budgeted", "Difference", "% used")
    span = staticmethod(programme_span)
    empty_hint = "Enter expenses with “Budget” under “Budget or actual”, or choose a longer period."
