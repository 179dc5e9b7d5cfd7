"""The card of each night's lead model: what it learned from, how good it is, what it is not."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from customers.models import LeadKind, LeadModel
from nova_project.admin import ChoicesDropdownFilter, ReadOnlyModelAdmin, badge, display, register
from nova_project.panels import Figure, Panel
from nova_project.reports import Chart, Series

WHAT_IT_IS_NOT = (
    "It says who books, not who books because of a mail: somebody hot may come anyway. It knows "
    "nothing of a person's age, sex, origin or taste, and it should not decide on prices or on who "
    "may come. HubSpot's stage, owner and counts of mails have no dates, so they are left out. A "
    "month that is unlike the last 90 days (a summer break, a festival) is told wrong for "
    "everybody, while the order of people mostly holds."
)


@register(LeadModel)
class LeadModelAdmin(ReadOnlyModelAdmin):
    """Every night's model, the latest first."""

    list_display = ["as_of", "kind_badge", "scored_count", "auc_shown", "brier_shown", "lift_shown"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    ordering = ["-as_of"]
    fields = [("as_of", "kind"), ("scored_count", "updated_at"), "why_points"]
    empty_hint = "Nova scores people every night; manage.py score_leads does it at once."

    def get_fields(self, request, obj=None):
        return self.fields if obj and not obj.is_chance else self.fields[:-1]

    @display(description="Kind", ordering="kind")
    def kind_badge(self, model: LeadModel) -> str:
        return badge(model.get_kind_display(), "good" if model.is_chance else "warning")

    @display(description="AUC", ordering="auc")
    def auc_shown(self, model: LeadModel) -> str:
        return _number(model.auc)

    @display(description="Brier score", ordering="brier")
    def brier_shown(self, model: LeadModel) -> str:
        return _number(model.brier, 4)

    @display(description="Lift", ordering="lift")
    def lift_shown(self, model: LeadModel) -> str:
        return _number(model.lift, 2)

    def panels(self, request: HttpRequest, obj: LeadModel) -> list[Panel]:
        if not obj.is_chance:
            return [points_panel(obj), *_pace(obj.card)]
        card = obj.card
        return [
            quality_panel(card),
            calibration_panel(card),
            groups_panel(card),
            making_panel(card),
            *_pace(card),
            Panel("What the score is not", note=WHAT_IT_IS_NOT, is_half=True),
        ]


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def quality_panel(card: dict[str, Any]) -> Panel:
    tested = card["people"]["tested_on"]
    return Panel(
        "How good it is",
        figures=[
            Figure(
                "AUC",
                _number(card["auc"]),
                "How often somebody who booked has the higher score of two people, of whom the "
                "other did not. 0.5 is a coin, 1 is perfect.",
                note=f"{_number(card['auc_recent'])} by “most recent first”",
            ),
            Figure(
                "Brier score",
                _number(card["brier"], 4),
                "The mean square of what the chances were wrong by: lower is better.",
                note=f"{_number(card['brier_usual'], 4)} if all had the same chance",
            ),
            Figure(
                "Lift over “most recent first”",
                _number(card["lift"], 2),
                "Bookings of the tenth with the highest scores, for each booking of the tenth who "
                "booked last.",
                note=f"{card['lift_chance']:.1f} times a tenth by lot",
            ),
            Figure(
                "Usual chance",
                _percent(card["usual_chance"]),
                "The share of all people known then who booked.",
            ),
            Figure("People tested", f"{tested['people']:,}", note=f"{tested['booked']:,} booked"),
        ],
        note="Tested on the last 90 days that are over, which the tested model never saw. The "
        "model in use is made in the same way, 90 days further on.",
        is_above=True,
        more=("Lead scores", reverse("reports:report", args=["lead-scores"])),
    )


def calibration_panel(card: dict[str, Any]) -> Panel:
    """Ten equal groups by chance: what was expected, and what came."""
    parts = card["calibration"]
    expected = [_percent(part["expected"]) for part in parts]
    booked = [_percent(part["booked"]) for part in parts]
    rows = [
        (str(number), f"{part['people']:,}", expected[number - 1], booked[number - 1])
        for number, part in enumerate(parts, 1)
    ]
    return Panel(
        "Do the chances hold?",
        chart=Chart(
            title="Expected and real bookings by tenth",
            heading="Tenth",
            labels=[row[0] for row in rows],
            series=[
                Series("Expected", _hundreds(parts, "expected"), expected, "var(--color-base-400)"),
                Series("Booked", _hundreds(parts, "booked"), booked, "var(--color-primary-500)"),
            ],
            unit="% of people",
        ),
        columns=("Tenth, lowest chances first", "People", "Expected", "Booked"),
        numbers=("People", "Expected", "Booked"),
        rows=rows,
        note=f"Expected were {card['expected']:,.0f} bookings of these people, {card['booked']:,} "
        "came. If far more came in every tenth, more was on sale than 90 days before; the model in "
        "use has learned that since.",
    )


def _hundreds(parts: list[dict[str, Any]], name: str) -> list[Decimal | None]:
    return [Decimal(str(round(100 * part[name], 3))) for part in parts]


def groups_panel(card: dict[str, Any]) -> Panel:
    return Panel(
        "What it goes by",
        columns=("What is known of a person", "Weight"),
        numbers=("Weight",),
        rows=[(group["words"], _percent(group["share"], 0)) for group in card["groups"]],
        note="How much each moves the scores of the people tested, as a share of all.",
        is_half=True,
    )


def making_panel(card: dict[str, Any]) -> Panel:
    moments, people = card["moments"], card["people"]
    steps = (
        ("Learned from", _days(moments["learned_from"]), "learned_from"),
        ("Chosen and calibrated on", _days([moments["chosen_on"]]), "chosen_on"),
        ("Tested on", "the last 90 days that are over", "tested_on"),
    )
    tried = ", ".join(f"{LeadKind(kind).label} {loss:.4f}" for kind, loss in card["tried"].items())
    return Panel(
        "How it was made",
        columns=("Step", "As known on", "People", "Booked"),
        numbers=("People", "Booked"),
        rows=[
            (step, days, f"{people[name]['people']:,}", f"{people[name]['booked']:,}")
            for step, days, name in steps
        ],
        note=f"Tried, by their surprise on later days (lower is better): {tried}. Trees are taken "
        f"only where they are better by a hundredth. Calibrated by {card['calibrated_by']} "
        "regression. A person counts once for each day on which they were known.",
        is_half=True,
    )


def _days(texts: list[str]) -> str:
    """“1 Feb 2026”, or “5 days from 1 Oct 2025 to 1 Feb 2026”."""
    first, last = (f"{date.fromisoformat(text):%-d %b %Y}" for text in (texts[0], texts[-1]))
    return f"{len(texts)} days from {first} to {last}" if len(texts) > 1 else first


def points_panel(model: LeadModel) -> Panel:
    return Panel(
        "Only points yet",
        note=f"There is too little data for chances. {model.why_points} Until then people have "
        "points: up to 60 for the last booking, halved every 180 days, and 10 for each doubling of "
        "bookings up to 40. They put people in an order and are no chance of anything.",
        is_above=True,
    )


def _pace(card: dict[str, Any]) -> list[Panel]:
    """What is known of regulars, where there are enough."""
    visits = card.get("visits")
    if not visits:
        return []
    return [
        Panel(
            "Regulars",
            figures=[
                Figure("Buyers", f"{visits['people']:,}"),
                Figure("Booked two shows or more", f"{visits['regulars']:,}"),
                Figure(
                    "Leave after a booking",
                    _percent(visits["a"] / (visits["a"] + visits["b"])),
                    "The mean chance that a person never comes again after a booking.",
                ),
            ],
            note="Expected visits go by the MBG/NBD model: everybody books at a pace of their own "
            "until they quietly stop. Its parameters: "
            + ", ".join(f"{name} {visits[name]:,.3f}" for name in ("r", "alpha", "a", "b"))
            + ", in weeks.",
            is_half=True,
        )
    ]
