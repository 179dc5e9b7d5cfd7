"""How many people are how likely to book, and how many bookings to expect of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Avg, Count, Q, Sum
from django.urls import reverse
from django.utils import timezone

from customers.models import Consent, Customer, CustomerType, LeadBand, LeadModel
from nova_project.admin import list_url
from nova_project.periods import Period
from nova_project.reports import (
    Arguments,
    Chart,
    Column,
    Kind,
    PeriodForm,
    Report,
    Series,
    Topic,
    register,
)

_NOT_YET = "Not scored yet"
_BY_SCORE = "-7"
"""How the list of customers is asked to begin with the highest score."""


@dataclass(frozen=True, slots=True)
class Row:
    """A band of people. Bookings are expected within 90 days, visits within 12 months."""

    key: str
    band: str
    people: int
    reachable: int
    expected: Decimal | None
    visits: Decimal | None
    active: Decimal | None
    everybody: int

    @property
    def share(self) -> Decimal | None:
        return Decimal(100 * self.people) / self.everybody if self.everybody else None

    @property
    def chance(self) -> Decimal | None:
        """The mean chance in percent."""
        if self.expected is None or not self.people:
            return None
        return 100 * self.expected / self.people


class LeadScoresForm(PeriodForm):
    """Customer type and consent. Scores are those of the last night: there is no period."""

    start = None  # type: ignore[assignment]
    end = None  # type: ignore[assignment]
    currency = None  # type: ignore[assignment]  # people are in no currency
    customer_type = forms.ChoiceField(
        label="Customer type", required=False, choices=[("", "All"), *CustomerType.choices]
    )
    consent = forms.ChoiceField(
        label="Consent", required=False, choices=[("", "All"), *Consent.choices]
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        today = timezone.localdate()
        return {"period": Period.inclusive(today, today), **found}


def lead_scores(
    period: Period | None = None, customer_type: str = "", consent: str = ""
) -> list[Row]:
    """People by band, hot first, those whom nobody scored last. One query.

    `period` is of no matter: scores are those of the last night.
    """
    filters = {"customer_type": customer_type, "consent": consent}
    people = Customer.objects.filter(erased_at=None).filter(
        **{name: value for name, value in filters.items() if value}
    )
    found: dict[str, Any] = {
        row["lead_band"]: row
        for row in people.order_by()
        .values("lead_band")
        .annotate(
            people=Count("pk"),
            reachable=Count("pk", filter=~Q(consent=Consent.OPTED_OUT)),
            chances=Sum("lead__chance"),
            foreseen=Sum("lead__expected_visits"),
            active=Avg("lead__chance_active"),
        )
    }
    everybody = sum(row["people"] for row in found.values())
    return [
        _row(band, label, found[band], everybody)
        for band, label in (*LeadBand.choices, ("", _NOT_YET))
        if band in found
    ]


def _row(band: str, label: str, found: dict[str, Any], everybody: int) -> Row:
    chances = found["chances"]
    return Row(
        key=band,
        band=label,
        people=found["people"],
        reachable=found["reachable"],
        expected=None if chances is None else _tenths(chances / 100),
        visits=None if found["foreseen"] is None else _tenths(found["foreseen"]),
        active=None if found["active"] is None else Decimal(str(found["active"])),
        everybody=everybody,
    )


def _tenths(number: Any) -> Decimal:
    return Decimal(number).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class Total:
    """All bands together."""

    currency: str
    people: int
    reachable: int
    expected: Decimal | None
    visits: Decimal | None

    @property
    def chance(self) -> Decimal | None:
        return None if self.expected is None else 100 * self.expected / self.people


def totals(rows: Sequence[Row]) -> list[Total]:
    expected = [row.expected for row in rows if row.expected is not None]
    visits = [row.visits for row in rows if row.visits is not None]
    return [
        Total(
            "",
            sum(row.people for row in rows),
            sum(row.reachable for row in rows),
            sum(expected, Decimal()) if expected else None,
            sum(visits, Decimal()) if visits else None,
        )
    ]


def to_people(row: Row, arguments: Arguments) -> str:
    """The list of these people, from where it can be exported."""
    if not row.key:
        return ""
    asked = {
        "lead_band__exact": row.key,
        "customer_type__exact": arguments["customer_type"],
        "consent__exact": arguments["consent"],
        "o": _BY_SCORE,
    }
    return list_url("customers.customer", {name: value for name, value in asked.items() if value})


def _chart(rows: Sequence[Row], arguments: Arguments) -> Chart | None:
    """People and expected bookings of each band that was scored."""
    shown = [row for row in rows if row.key]
    if not shown:
        return None
    expected = [row.expected for row in shown]
    return Chart(
        title="People and expected bookings by band",
        heading="Band",
        labels=[row.band for row in shown],
        series=[
            Series(
                "People",
                [Decimal(row.people) for row in shown],
                [f"{row.people:,}" for row in shown],
                "var(--color-base-400)",
            ),
            Series(
                "Expected bookings",
                expected,
                ["–" if number is None else f"{number:,}" for number in expected],
                "var(--color-primary-500)",
            ),
        ],
        unit="people",
    )


def _notes(arguments: Arguments) -> list[str]:
    model = LeadModel.objects.latest_card()
    if model is None:
        return ["Nobody was scored yet. Nova does so every night; manage.py score_leads at once."]
    day = f"{model.as_of:%-d %b %Y}"
    if not model.is_chance:
        return [
            f"As known on {day}. Scores are points for recent and frequent bookings, no chances: "
            f"there is too little data yet. {model.why_points}"
        ]
    bands = model.card["bands"]
    return [
        f"As known at the start of {day}. Hot: a chance of {100 * bands['hot']:.0f} % or more, "
        f"three times the usual one. Warm: {100 * bands['warm']:.0f} % or more. Cool: "
        f"{100 * bands['cool']:.1f} % or more. Cold: less. The order of people is surer than the "
        "number of bookings: that goes by the last 90 days."
    ]


def _links(arguments: Arguments) -> list[tuple[str, str]]:
    model = LeadModel.objects.latest_card()
    if model is None:
        return []
    card = reverse("admin:customers_leadmodel_change", args=[model.pk])
    return [("How good the scores are", card)]


@register
class LeadScores(Report):
    slug, title = "lead-scores", "Lead scores"
    description = "Who will probably book within 90 days, and how often regulars will come."
    permission_required = ("customers.view_customer", "customers.view_leadmodel")
    form_class = LeadScoresForm
    columns = [
        Column("Band", "band", link=to_people, names_row=True),
        Column("People", "people", Kind.COUNT, "Not those who were erased.", to_people),
        Column("Share %", "share", Kind.PERCENT, "Of all these people."),
        Column("Not opted out", "reachable", Kind.COUNT, "Those of them who may be written to."),
        Column("Mean chance %", "chance", Kind.PERCENT, "Of a booking within 90 days."),
        Column(
            "Expected bookings",
            "expected",
            Kind.COUNT,
            "How many of them will book within 90 days: their chances added up. A dash where the "
            "scores are points.",
        ),
        Column(
            "Expected visits",
            "visits",
            Kind.COUNT,
            "Further shows that those of them who booked two or more will book within 12 months.",
        ),
        Column(
            "Still active %",
            "active",
            Kind.PERCENT,
            "Of those who booked two shows or more: the mean chance that they still come.",
        ),
    ]
    key_figures = ("People", "Expected bookings", "Expected visits")
    rows = staticmethod(lead_scores)
    totals = staticmethod(totals)
    chart = staticmethod(_chart)
    notes = staticmethod(_notes)
    links = staticmethod(_links)
    empty_hint = "Nobody fits these filters."
    has_period = False
    rests_on = (Topic.SALES, Topic.PEOPLE)
