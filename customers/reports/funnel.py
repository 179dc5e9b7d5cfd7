"""How far people come, and how long each step takes them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from customers.models import Campaign, Customer
from customers.reports.filters import MAY_VIEW, FirstShowForm, known_span
from customers.services.funnel import (
    ENOUGH,
    STAGES,
    UNKNOWN,
    USUAL_DAYS,
    FunnelBy,
    FunnelStep,
    Stage,
    funnel,
    in_words,
)
from nova_project.reports import Arguments, Chart, Column, Kind, Report, Series, Topic, register

_MOST_GROUPS = 12
"""A chart with more groups than that can be read by nobody."""
_COLORS = {
    Stage.LEAD: "var(--color-base-400)",
    Stage.CONTACT: "#d97706",
    Stage.TICKET: "var(--color-primary-500)",
    Stage.REPEAT: "#16a34a",
}
_BY = {
    FunnelBy.SOURCE: "Acquisition source",
    FunnelBy.CAMPAIGN: "Campaign",
    FunnelBy.MONTH: "Month first known",
    FunnelBy.SHOW_TYPE: "Type of first show",
}


class FunnelForm(FirstShowForm):
    """Period, what people are told apart by, source, campaign and type of the first show."""

    by = forms.TypedChoiceField(
        label="Told apart by",
        required=False,
        choices=[("", "Not at all"), *((by.value, name) for by, name in _BY.items())],
        coerce=FunnelBy,
        empty_value=None,
        error_messages={"invalid_choice": "Told apart by: choose one of the list."},
    )
    source = forms.CharField(label="Source", required=False, max_length=80, widget=forms.Select)
    campaign = forms.ModelChoiceField(
        Campaign.objects.order_by("name"),
        required=False,
        empty_label="All",
        error_messages={"invalid_choice": "Campaign: choose one of the list."},
    )
    field_order = ("start", "end", "by", "source", "campaign", "show_type")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Customer.objects.exclude(source="").order_by("source")
        names = known.values_list("source", flat=True).distinct()
        self.fields["source"].widget.choices = [
            ("", "All"),
            *((name, in_words(name)) for name in names),
            (UNKNOWN, UNKNOWN),
        ]


def _group(arguments: Arguments) -> Column:
    return Column(_BY[arguments["by"]], "group", names_row=True)


COLUMNS = [
    Column(
        "Stage",
        "stage",
        help="Lead: first known, to the CRM or to Nova. Contact: first click in an e-mail or "
        "logged contact. First ticket: when the order of a first booked event was placed. Repeat "
        "customer: when that of a second, different event was.",
    ),
    Column(
        "People",
        "people",
        Kind.COUNT,
        "Who reached the stage by now. A stage that somebody skipped counts as reached at the "
        "next, so numbers only fall.",
    ),
    Column("Step conversion %", "step_conversion", Kind.PERCENT, "Of those of the stage before."),
    Column("Overall conversion %", "overall_conversion", Kind.PERCENT, "Of all leads."),
    Column(
        "Median days",
        "median_days",
        Kind.COUNT,
        "Half took the step within so many days, counted from the last stage before it that they "
        "did not skip. Whoever skipped the stage is left out.",
    ),
    Column("P75 days", "p75_days", Kind.COUNT, "Three of four took the step within so many days."),
    Column("P90 days", "p90_days", Kind.COUNT, "Nine of ten took the step within so many days."),
    Column(
        "Skipped",
        "skipped",
        Kind.COUNT,
        "Of the people of the stage, those who came to the next one without it: leads who were "
        "first known by their contact or ticket, contacts who bought before anybody was in touch.",
    ),
    Column(
        "In progress",
        "in_progress",
        Kind.COUNT,
        "Reached the stage before but not this one, and may still: they have been there for less "
        f"than the P90 days, or less than {USUAL_DAYS} days where fewer than {ENOUGH} people have "
        "taken the step.",
    ),
]


def funnel_chart(rows: Sequence[FunnelStep], arguments: Arguments) -> Chart | None:
    """People by stage; by group where people are told apart, the largest or latest twelve."""
    by = arguments["by"]
    if by is None:
        return Chart(
            "People by stage", "Stage", [row.stage for row in rows], list(_one(rows)), "people"
        )
    groups = list(dict.fromkeys(row.group for row in rows))
    groups = groups[-_MOST_GROUPS:] if by is FunnelBy.MONTH else groups[:_MOST_GROUPS]
    found = {(row.group, row.stage): row.people for row in rows}
    series = [
        _bars(stage, [found[group, stage] for group in groups], _COLORS[stage]) for stage in STAGES
    ]
    return Chart(f"People by {_BY[by].lower()}", _BY[by], groups, series, "people")


def _one(rows: Sequence[FunnelStep]) -> Sequence[Series]:
    overall = next(column for column in COLUMNS if column.attribute == "overall_conversion")
    return [
        _bars("People", [row.people for row in rows], _COLORS[Stage.TICKET]),
        Series(
            overall.heading,
            [row.overall_conversion for row in rows],
            [overall.shown(row) for row in rows],
            "#d97706",
            is_percent=True,
        ),
    ]


def _bars(name: str, values: Sequence[int], color: str) -> Series:
    return Series(name, list(map(Decimal, values)), [f"{value:,}" for value in values], color)


@register
class FunnelReport(Report):
    slug, title = "funnel", "Funnel"
    description = "How far people come from first known to second show, and how long it takes."
    permission_required = MAY_VIEW
    rests_on = (Topic.SALES, Topic.PEOPLE, Topic.SOURCES)
    form_class = FunnelForm
    columns = COLUMNS
    chart = staticmethod(funnel_chart)
    span = staticmethod(known_span)
    dates = "by the day on which a person was first known"
    empty_hint = "Choose a longer period, or run the syncs: they bring the people."

    @staticmethod
    def rows(**arguments: Any) -> list[FunnelStep]:
        """As `funnel`. One query."""
        return funnel(**arguments)

    def columns_for(self, arguments: Arguments) -> Sequence[Column]:
        """With a group, its name comes first."""
        return [_group(arguments), *self.columns] if arguments["by"] else self.columns

    @staticmethod
    def notes(arguments: Arguments) -> list[str]:
        notes = [
            "Of a logged contact only the latest is known; somebody who was contacted again after "
            "their first ticket, and never clicked, counts as having skipped contact."
        ]
        if arguments["by"] is FunnelBy.CAMPAIGN:
            notes.append("A person's campaign is that of their first touch which has one.")
        return notes
