"""How a person's lead score is shown: in lists, and with its reasons on their page."""

from decimal import Decimal

from customers.models import Customer, LeadBand, LeadScore
from nova_project.admin import badge
from nova_project.panels import Figure, Panel

TONES = {
    LeadBand.HOT: "special",
    LeadBand.WARM: "good",
    LeadBand.COOL: "busy",
    LeadBand.COLD: "plain",
}
_NOT_SCORED = "Not scored yet: score_leads runs every night."


def lead_band(customer: Customer) -> str:
    """The band with the score; a dash for people who were not scored yet."""
    if customer.lead_score is None or not customer.lead_band:
        return "–"
    text = f"{customer.get_lead_band_display()} {customer.lead_score}"
    return badge(text, TONES[LeadBand(customer.lead_band)])


def lead_panel(customer: Customer) -> Panel:
    """The score, what it means, and why it is so. One query."""
    score = LeadScore.objects.filter(customer=customer).first()
    if score is None or customer.lead_score is None:
        return Panel("Lead score", columns=("Reason",), empty=_NOT_SCORED, is_half=True)
    return Panel(
        "Lead score",
        figures=[_score(customer, score), *_regular(score)],
        columns=("", "Reason"),
        rows=[(_sign(sign), words.capitalize()) for sign, words in score.reasons],
        empty="Nothing sets this person apart from the others.",
        is_half=True,
    )


def _sign(sign: str) -> str:
    return badge("raises", "good") if sign == "+" else badge("lowers", "plain")


def _score(customer: Customer, score: LeadScore) -> Figure:
    if score.chance is None:
        help = "Points for recent and frequent bookings: too little data yet for a chance."
        return Figure("Points", lead_band(customer), help)
    help = f"Of 100 people like this one, about {_shown(score.chance)} book within 90 days."
    return Figure("Chance of a booking", lead_band(customer), help, note=f"{score.chance:.1f} %")


def _regular(score: LeadScore) -> list[Figure]:
    """Of people who booked two shows or more."""
    if score.expected_visits is None or score.chance_active is None:
        return []
    return [
        Figure(
            "Expected visits",
            f"{score.expected_visits:.1f}",
            "Further shows that they will probably book within 12 months.",
        ),
        Figure(
            "Still active",
            f"{score.chance_active:.0f} %",
            "The chance that they have not quietly stopped coming.",
        ),
    ]


def _shown(chance: Decimal) -> str:
    return f"{chance:.0f}" if chance >= 1 else "fewer than one"
