"""How well customers and contacts fit together: what is missing, what is double, and each of it."""

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer
from integrations.matching.gaps import GAPS, gap_of
from integrations.matching.listing import MOST, Found, GapCount, count_gaps, list_gap
from nova_project.panels import Panel
from nova_project.periods import Period
from nova_project.reports import Arguments, Column, Kind, PeriodForm, Report, register

_MAY = ("customers.view_customer", "integrations.view_matchsuggestion")


class KnownSinceForm(PeriodForm):
    """Days on which somebody became known. Without days, all of them."""

    currency = None  # type: ignore[assignment]  # no amounts here

    def usual_period(self, last: date) -> Period:
        return Period.inclusive(min(_first_day(), last), last)


class GapForm(KnownSinceForm):
    """One kind, or all that staff can decide on."""

    kind = forms.ChoiceField(
        label="Kind",
        required=False,
        choices=[("", "All to be decided"), *((gap.slug, gap.title) for gap in GAPS)],
        error_messages={"invalid_choice": "Kind: choose one of the list."},
    )


def _first_day() -> date:
    first = Customer.objects.order_by("pk").values_list("created_at", flat=True).first()
    return timezone.localdate(first) if first else timezone.localdate()


def _to_list(row: GapCount, arguments: Arguments) -> str:
    if not row.count:
        return ""
    period: Period = arguments["period"]
    asked = {"kind": row.gap.slug, "start": period.start, "end": period.last}
    return f"{reverse('reports:report', args=['matches-list'])}?{urlencode(asked)}"


@register
class Matches(Report):
    slug, title = "matches", "Matches"
    description = (
        "Whether customers and HubSpot contacts fit together: who is alone, who may be there "
        "twice, and which values are missing. Each number opens its list."
    )
    permission_required = _MAY
    form_class = KnownSinceForm
    columns = [
        Column("Group", "group"),
        Column("Kind", "title", names_row=True, link=_to_list),
        Column(
            "Count", "count", Kind.COUNT, link=_to_list, help="How many there are of this kind."
        ),
        Column("Of all", "total", Kind.COUNT, help="What the share is of."),
        Column("Of", "of"),
        Column("Share %", "share", Kind.PERCENT, help="Count ÷ of all × 100."),
        Column("What it means", "meaning", wraps=True),
    ]
    rows = staticmethod(count_gaps)
    dates = "by the day on which they became known in Nova"
    empty_hint = "Sync with Eventbrite and HubSpot first."

    @staticmethod
    def links(arguments: Arguments) -> Sequence[tuple[str, str]]:
        return [("Review matches", reverse("matches"))]

    @staticmethod
    def notes(arguments: Arguments) -> Sequence[str]:
        return [
            "Suggestions are looked for after each sync among those who changed, and among "
            "everybody once a night. What staff rejected is in no count.",
        ]

    @staticmethod
    def span() -> Period | None:
        return Period.inclusive(_first_day(), timezone.localdate())


@register
class MatchesList(Report):
    slug, title = "matches-list", "Matches one by one"
    description = "Every gap and every pair that may be one person, with its evidence in words."
    permission_required = _MAY
    form_class = GapForm
    columns = [
        Column("Kind", "kind"),
        Column("Record", "record", names_row=True, link=lambda row, _: row.url),
        Column("Address", "address"),
        Column("Evidence", "evidence", wraps=True),
        Column("Since", "since", Kind.DATE, help="Known in Nova, or suggested, since that day."),
    ]
    dates = "by the day on which they became known in Nova"
    empty_hint = "There is none of this kind: nothing is to be done."

    @staticmethod
    def rows(period: Period, kind: str) -> list[Found]:
        return list_gap(period, kind)

    @staticmethod
    def panels(request: HttpRequest) -> Sequence[Panel]:
        gap = gap_of(request.GET.get("kind", ""))
        return [Panel(gap.title, note=gap.help)] if gap else []

    @staticmethod
    def notes(arguments: Arguments) -> Sequence[str]:
        return [f"The list holds {MOST:,} rows at most. Choose a shorter period for the others."]

    @staticmethod
    def links(arguments: Arguments) -> Sequence[tuple[str, str]]:
        return [
            ("All kinds in numbers", reverse("reports:report", args=["matches"])),
            ("Review matches", reverse("matches")),
        ]

    @staticmethod
    def span() -> Period | None:
        return Period.inclusive(_first_day(), timezone.localdate())
