"""Follow-ups with what they brought."""

from django.http import HttpRequest
from django.urls import reverse

from customers.admin import FollowUpAdmin
from customers.models import FollowUp
from finance.services.followups import Result, follow_up_results
from nova_project.admin import register
from nova_project.money import format_money
from nova_project.panels import Figure, Panel


@register(FollowUp)
class FollowUpWithResultsAdmin(FollowUpAdmin):
    """What Nova knows of a follow-up, and whether it brings people back."""

    def panels(self, request: HttpRequest, obj: FollowUp) -> list[Panel]:
        results = [result_panel(result) for result in follow_up_results(follow_ups=[obj.pk])]
        state, *others = super().panels(request, obj)
        return [state, *results, *others]


def result_panel(result: Result) -> Panel:
    """The result on the page of the follow-up."""
    return Panel(
        f"Did it bring people back within {result.days} days?",
        figures=[
            Figure("Difference", _lift(result), "In points, against those held out."),
            Figure("Waiting for their days", f"{result.open:,}"),
        ],
        columns=("Group", "People", "Booked", "Share", "Net sales per person"),
        numbers=("People", "Booked", "Share", "Net sales per person"),
        rows=[
            (
                label,
                f"{group.people:,}",
                f"{group.won:,}",
                "–" if group.share is None else f"{group.share:.1f} %",
                format_money(group.net_sales_each, result.currency)
                if group.net_sales_each is not None
                else "–",
            )
            for label, group in (("Got it", result.reached), ("Held out", result.held))
        ],
        note=result.verdict,
        more=("All results", reverse("reports:report", args=["follow-up-results"])),
    )


def _lift(result: Result) -> str:
    return "–" if result.lift is None else f"{result.lift:+.1f}".replace("-", "−")
