"""What the e-mails of campaigns did."""

from customers.models import Campaign, CampaignEmailStats
from nova_project.admin import (
    DateRangeFilter,
    ReadOnlyModelAdmin,
    RelatedDropdownFilter,
    display,
    list_url,
    register,
)
from nova_project.panels import Panel

COUNTS = ("sent", "delivered", "opened", "clicked", "bounced", "unsubscribed")
_LATEST = 20


@register(CampaignEmailStats)
class CampaignEmailStatsAdmin(ReadOnlyModelAdmin):
    """The counts of each e-mail, day by day on which they moved; the CRM counts."""

    list_display = ["email_name", "campaign", "sent_out", "as_of", *COUNTS]
    list_select_related = ["campaign"]
    list_filter = [
        ("campaign", RelatedDropdownFilter),
        ("published_at", DateRangeFilter),
        ("as_of", DateRangeFilter),
    ]
    search_fields = ["email_name", "email_id", "campaign__name"]
    search_help_text = "E-mail or campaign"
    fields = [("email_name", "email_id"), ("campaign", "published_at"), "as_of", COUNTS]

    @display(description="Sent out", ordering="published_at")
    def sent_out(self, stats: CampaignEmailStats) -> str:
        return f"{stats.published_at:%-d %b %Y}" if stats.published_at else "–"


def emails_panel(campaign: Campaign) -> Panel:
    """The last known counts of a campaign's e-mails. One query."""
    newest = CampaignEmailStats.objects.newest().filter(campaign=campaign)
    return Panel(
        f"E-mails (latest {_LATEST})",
        columns=("E-mail", "Sent out", *(name.capitalize() for name in COUNTS), "As of"),
        numbers=tuple(name.capitalize() for name in COUNTS),
        rows=[
            (
                stats.email_name,
                f"{stats.published_at:%-d %b %Y}" if stats.published_at else "–",
                *(f"{getattr(stats, name):,}" for name in COUNTS),
                f"{stats.as_of:%-d %b %Y}",
            )
            for stats in newest[:_LATEST]
        ],
        empty="No e-mail of this campaign is known.",
        more=(
            "Day by day",
            list_url("customers.campaignemailstats", {"campaign__id__exact": campaign.pk}),
        ),
    )
