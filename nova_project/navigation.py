"""The sidebar: plain words, and to each only what he may see."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from nova_project.reports import all_reports


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the sidebar: the list of `model`, another `page` of its, or the report with the
    slug `report`, for those who may view it."""

    title: str
    icon: str
    model: str
    page: str = "changelist"
    url: str = ""
    report: str = ""

    def link(self) -> str:
        if self.report:
            return reverse("reports:report", args=[self.report])
        return reverse(self.url or f"admin:{self.model.replace('.', '_')}_{self.page}")

    def is_for(self, request: HttpRequest) -> bool:
        app, name = self.model.split(".")
        may = request.user.has_perm
        return may(f"{app}.view_{name}") or may(f"{app}.change_{name}")


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Shows",
        (
            Entry("Events", "theater_comedy", "events.event"),
            Entry("Show types", "category", "events.showtype"),
            Entry("Venues", "location_on", "events.venue"),
        ),
    ),
    (
        "Customers",
        (
            Entry("Customers", "group", "customers.customer"),
            Entry("Orders", "receipt_long", "customers.order"),
            Entry("Seats", "event_seat", "customers.attendance"),
            Entry("Matches to review", "group_add", "integrations.matchsuggestion", url="matches"),
            Entry("Merges", "merge", "customers.customermerge"),
        ),
    ),
    (
        "Money",
        (
            Entry("Expenses", "payments", "finance.expense"),
            Entry("Recurring expenses", "event_repeat", "finance.recurringexpense"),
            Entry("Vendors", "storefront", "finance.vendor"),
            Entry("Receipts", "receipt", "finance.receipt"),
            Entry("Ledger", "menu_book", "finance.ledgerline"),
            Entry("Ledger checks", "rule", "finance.ledgercheck"),
            Entry("Performers", "mic_external_on", "finance.performer"),
            Entry("Agreements", "handshake", "finance.performeragreement"),
            Entry("Settlements", "task_alt", "finance.settlement"),
        ),
    ),
    (
        "Bank",
        (
            Entry("Deposits", "account_balance_wallet", "finance.deposit"),
            Entry("Deposits to match", "join_inner", "finance.deposit", "review"),
            Entry("Matches", "link", "finance.depositmatch"),
            Entry("Explained differences", "chat_info", "finance.payoutvariance"),
            Entry("Bank accounts", "account_balance", "finance.bankaccount"),
            Entry("Statement mappings", "view_column", "finance.statementmapping"),
            Entry("Locked months", "lock", "finance.lockedmonth"),
        ),
    ),
    (
        "Marketing",
        (
            Entry("Dashboard", "monitoring", "customers.campaign", report="marketing"),
            Entry("Campaigns", "campaign", "customers.campaign"),
            Entry("Campaign codes", "qr_code", "customers.campaigncode"),
            Entry("Touches", "touch_app", "customers.touch"),
            Entry("Campaign e-mails", "mail", "customers.campaignemailstats"),
            Entry("Audiences", "groups", "customers.audience"),
            Entry("Follow-ups", "forward_to_inbox", "customers.followup"),
            Entry("Follow-up messages", "outgoing_mail", "customers.followupmessage"),
            Entry("Lead models", "online_prediction", "customers.leadmodel"),
            Entry("Segment bands", "leaderboard", "customers.segmentbands"),
        ),
    ),
    (
        "In step",
        (
            Entry("Inbox", "inbox", "integrations.problem", url="inbox"),
            Entry("Plan for HubSpot", "fact_check", "integrations.remotewrite", url="hubspot-plan"),
            Entry("Sync runs", "sync", "integrations.syncrun"),
            Entry("Problems", "error", "integrations.problem"),
            Entry("Conflicts", "call_split", "integrations.conflict"),
            Entry("Webhooks", "webhook", "integrations.delivery"),
            Entry("HubSpot links", "link", "integrations.contactlink"),
            Entry("HubSpot deals", "handshake", "integrations.deallink"),
            Entry("Other deals", "sell", "integrations.hubspotdeal"),
            Entry("HubSpot lists", "list_alt", "integrations.audiencelink"),
            Entry("HubSpot events", "bolt", "integrations.occurrence"),
            Entry("HubSpot writes", "edit_note", "integrations.remotewrite"),
            Entry("Never written", "block", "integrations.writeexclusion"),
            Entry("Who decides", "rule", "integrations.contactlink", "policy"),
        ),
    ),
    (
        "Settings",
        (
            Entry("Schedule", "schedule", "django_celery_beat.periodictask"),
            Entry("Users", "person", "auth.user"),
            Entry("Roles", "badge", "auth.group"),
            Entry("API tokens", "key", "integrations.apitoken"),
            Entry("Erased people", "person_off", "customers.suppression"),
        ),
    ),
)


MOST_OPEN = 25
"""Whoever may see more pages than that gets the groups folded, but for that of the page."""


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups as the theme wants them. No query beyond the user's own permissions.

    Of pages whose addresses begin alike, the line with the longest is that of the page.
    """
    links = [entry.link() for _, entries in GROUPS for entry in entries]
    here = max((link for link in links if request.path.startswith(link)), key=len, default="")
    is_long = sum(entry.is_for(request) for _, entries in GROUPS for entry in entries) > MOST_OPEN
    first = [_line("Home", "home", reverse("admin:index"), lambda _: True)]
    if any(report.is_visible_to(request) for report in all_reports()):
        first.append(_line("Reports", "bar_chart", reverse("reports:list"), lambda _: True))
    return [
        {"title": "", "items": first},
        *(
            {
                "title": title,
                "collapsible": is_long,
                "items": [
                    _line(entry.title, entry.icon, entry.link(), entry.is_for)
                    | {"active": entry.link() == here}
                    for entry in entries
                ],
            }
            for title, entries in GROUPS
        ),
    ]


def _line(
    title: str, icon: str, link: str, permission: Callable[[HttpRequest], bool]
) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link, "permission": permission}
