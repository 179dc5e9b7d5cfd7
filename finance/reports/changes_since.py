"""What has changed in the money of shows since a day: the report of that day against today's."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from finance.reports.drilldown import to_edits_since, to_event, to_lines_since, to_shared_edits
from finance.reports.filters import KnownForm, programme_span
from finance.services.changes import (
    EventChanges,
    change_totals,
    changes_since,
    shared_edits_since,
)
from nova_project.reports import Arguments, Column, Kind, Report, Topic, register


def _part(heading: str, attribute: str, of: str) -> Column:
    definition = f"What {of} that became known since did to net revenue: less is negative."
    return Column(heading, attribute, Kind.MONEY, definition)


COLUMNS = [
    Column("Event ID", "reference", help="Eventbrite's id, or Nova's for an event of its own."),
    Column("Event", "name", link=to_event, names_row=True),
    Column("Date", "starts_on", Kind.DATE, help="The day of the show in its own time zone."),
    Column("Currency", "currency"),
    Column("Net revenue then", "then", Kind.MONEY, "As it was known at the end of that day."),
    Column("Net revenue now", "now", Kind.MONEY, "As it is known today."),
    Column(
        "Change", "change", Kind.MONEY, "Net revenue now less then: the columns after it, added up."
    ),
    _part("Gross change", "gross", "sales"),
    _part("Refunds change", "refunds", "refunds"),
    _part("Tax and fees change", "tax_and_fees", "tax and fees"),
    _part("Own costs change", "own_costs", "expenses of the show itself"),
    _part("Performers change", "performers", "performers' dues"),
    Column(
        "Shared costs change",
        "shared_costs",
        Kind.MONEY,
        "What changes of shared costs, or of the shows that bear them, did to net revenue.",
        to_shared_edits,
    ),
    Column(
        "Ledger lines",
        "lines",
        Kind.COUNT,
        "Lines that became known since. The number opens them.",
        to_lines_since,
    ),
    Column(
        "Expense changes",
        "edits",
        Kind.COUNT,
        "How often the show's own expenses were entered, changed or deleted since. The number "
        "opens them.",
        to_edits_since,
    ),
]


class ChangesForm(KnownForm):
    """As of the reports of a past day; without a day, the last one of the month before."""

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if "as_of" in found and found["as_of"] is None:
            found["as_of"] = _last_of_last_month()
        return found

    def show(self, period: Any) -> None:
        super().show(period)
        self.data = {"as_of": _last_of_last_month().isoformat()} | dict(self.data)


def _last_of_last_month() -> date:
    return timezone.localdate().replace(day=1) - timedelta(days=1)


def shared_changes(arguments: Arguments) -> Sequence[str]:
    """A sentence on the shared costs that were changed since."""
    if not (count := shared_edits_since(arguments["as_of"])):
        return []
    times = "once" if count == 1 else f"{count:,} times"
    return [f"Shared costs were entered, changed or deleted {times} since, by all shows together."]


@register
class ChangesSince(Report):
    slug, title = "changes-since", "What changed since a day"
    description = (
        "Each show whose money is known otherwise today than at the end of a day, and why."
    )
    permission_required = (
        "events.view_event",
        "finance.view_ledgerline",
        "finance.view_historicalexpense",
    )
    rests_on = (Topic.SALES, Topic.MONEY)
    form_class = ChangesForm
    columns = COLUMNS
    totals = staticmethod(change_totals)
    key_figures = ("Net revenue then", "Net revenue now", "Change")
    notes = staticmethod(shared_changes)
    span = staticmethod(programme_span)
    empty_hint = (
        "Nothing has become known since about the shows of these days. Choose an earlier day "
        "under “As known on”, or a longer period."
    )

    @staticmethod
    def rows(**arguments: Any) -> Sequence[EventChanges]:
        return changes_since(**arguments)
