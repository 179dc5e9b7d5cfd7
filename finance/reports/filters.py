"""The filters that reports about shows have in common."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Max, Min
from django.urls import reverse
from django.utils import timezone

from events.filters import NONE as NONE
from events.filters import ShowTypeField
from events.models import Event, ShowType
from finance.models import Expense, LedgerLine
from finance.services.known import end_of
from nova_project.money import company_currency
from nova_project.periods import Period
from nova_project.reports import Arguments, DayField, PeriodForm


class ShowForm(PeriodForm):
    """Period, show type and currency of shows. Two queries, for what there is to choose from."""

    show_type = ShowTypeField()
    field_order: tuple[str, ...] = ("start", "end", "show_type", "currency")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["show_type"].offer(list(ShowType.objects.all()))  # type: ignore[attr-defined]

    def currencies(self) -> list[str]:
        """Those of events and of expenses."""
        of_events = Event.objects.order_by().values_list("currency", flat=True)
        of_expenses = Expense.objects.order_by().values_list("currency", flat=True)
        return sorted(of_events.union(of_expenses))


class KnownForm(ShowForm):
    """As for all shows, and a past day: what was known at its end, in the company's zone."""

    as_of = DayField("As known on")
    field_order = ("start", "end", "show_type", "currency", "as_of")

    def clean_as_of(self) -> date | None:
        day: date | None = self.cleaned_data["as_of"]
        if day and day > timezone.localdate():
            raise ValidationError(
                "As known on: choose a day that is not after today. Leave it blank for all that is "
                "known now.",
                code="future",
            )
        return day


def known_then(arguments: Arguments) -> list[str]:
    """What a reader of the figures of a past day must know."""
    as_of = arguments["as_of"]
    if not as_of:
        return []
    first = LedgerLine.objects.aggregate(first=Min("known_at"))["first"]
    notes = [
        f"These are the figures as Nova knew them at the end of {as_of:%-d %b %Y}: ledger lines "
        "and expenses as they were then. Names, days, show types and the status of shows are "
        "today's. Seats are left blank where a seat or its order was changed since other than by a "
        "check-in, because Nova keeps no earlier versions of seats; what performers get per seat "
        "is left out there, too. "
        "Costs that are shared by seats go by today's seats."
    ]
    if first and first >= end_of(as_of):
        notes.append(
            f"Nova learned of its first order on {timezone.localtime(first):%-d %b %Y}; of the "
            "days before it no sales can be shown."
        )
    return notes


def to_changes(arguments: Arguments) -> list[tuple[str, str]]:
    """From the figures of a past day to what has changed since."""
    if not arguments["as_of"]:
        return []
    show_type = arguments["show_type"]
    filters = {
        "start": arguments["period"].start,
        "end": arguments["period"].last,
        "show_type": (show_type.pk or NONE) if show_type else "",
        "currency": arguments["currency"],
        "as_of": arguments["as_of"],
    }
    url = reverse("reports:report", args=["changes-since"])
    return [("What changed since", f"{url}?{urlencode(filters)}")]


def programme_span() -> Period | None:
    """From the day of the first event to that of the last, drafts included."""
    days = Event.objects.aggregate(first=Min("starts_on"), last=Max("starts_on"))
    return Period.inclusive(days["first"], days["last"]) if days["first"] else None


class InCurrency(Protocol):
    """A row with money."""

    @property
    def currency(self) -> str: ...


def chart_currency(rows: Sequence[InCurrency], arguments: Arguments) -> str:
    """The one currency that a chart of `rows` draws: the filter's, else the company's, else any."""
    found = {row.currency for row in rows}
    for currency in (arguments["currency"], company_currency(), *sorted(found)):
        if currency in found:
            return currency
    return company_currency()
