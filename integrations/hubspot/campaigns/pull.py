"""Reads campaigns and the counts of their e-mails, and brings them to Nova's own."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from customers.models import Campaign, CampaignCode, CampaignEmailStats, Channel, CodeKind
from integrations.hubspot.campaigns.records import COUNTS, EmailCounts, RemoteCampaign
from integrations.hubspot.marketing_client import MarketingClient
from integrations.models import System
from integrations.sync import RunLog, read_cursor, save_cursor
from nova_project.money import company_currency

STREAM = "campaigns"
_SALES_CODES = (CodeKind.UTM, CodeKind.AFFILIATE, CodeKind.PROMO)
_FILLED = ("start_on", "end_on", "budget", "currency")


def pull_campaigns(client: MarketingClient, log: RunLog, *, full: bool = False) -> None:
    """Reads all campaigns and e-mails once a day, or now if `full`: a request for a hundred of
    each, a constant number of queries."""
    today = timezone.localdate()
    position = read_cursor(System.HUBSPOT, STREAM)
    if not full and position.get("done_on") == today.isoformat():
        return
    campaigns = [RemoteCampaign.from_api(record) for record in client.campaigns()]
    emails = [EmailCounts.from_api(record) for record in client.emails()]
    senders = {email.campaign_id for email in emails}
    with transaction.atomic():
        known = _store_campaigns(campaigns, senders, log)
        _store_emails(emails, known, today, log)
        save_cursor(System.HUBSPOT, STREAM, {"done_on": today.isoformat()})


def _store_campaigns(
    found: list[RemoteCampaign], senders: set[str], log: RunLog
) -> dict[str, Campaign]:
    """The campaign of each of HubSpot's, by its id there."""
    book = _Book()
    known: dict[str, Campaign] = {}
    new: list[Campaign] = []
    for remote in found:
        campaign = book.of(remote)
        if campaign is None:
            campaign = Campaign(
                name=book.free_name(remote.name),
                channel=Channel.EMAIL if remote.id in senders else Channel.OTHER,
                currency=remote.currency or company_currency(),
            )
            new.append(campaign)
        known[remote.id] = campaign
        book.note(remote, campaign)
    filled = [known[remote.id] for remote in found if _fill(known[remote.id], remote)]
    added = {id(campaign) for campaign in new}
    bulk_create_with_history(new, Campaign)
    changed = [campaign for campaign in filled if id(campaign) not in added]
    _update(changed)
    codes = [CampaignCode(campaign=c, kind=kind, code=code) for c, kind, code in book.new_codes]
    bulk_create_with_history(codes, CampaignCode)
    log.add("campaigns", "created", len(new))
    log.add("campaigns", "updated", len(changed))
    log.add("campaigns", "unchanged", len(found) - len(new) - len(changed))
    return known


class _Book:
    """The campaigns that are there, and by what they are known. Two queries."""

    def __init__(self) -> None:
        campaigns = Campaign.objects.in_bulk()
        self._by_name = {c.name.lower(): c for c in campaigns.values()}
        self._by_code: dict[tuple[str, str], Campaign] = {}
        self._linked: set[str] = set()
        for campaign_id, kind, code in CampaignCode.objects.values_list(
            "campaign_id", "kind", "code"
        ):
            self._by_code[kind, code.lower()] = campaigns[campaign_id]
        self.new_codes: list[tuple[Campaign, CodeKind, str]] = []
        self._taken = {
            id(campaign) for (kind, code), campaign in self._by_code.items() if _is_id(kind, code)
        }

    def of(self, remote: RemoteCampaign) -> Campaign | None:
        """The campaign with its id; else one that has its UTM code as a code of any kind, or its
        name, and that none of HubSpot's other campaigns is linked to."""
        if campaign := self._by_code.get((CodeKind.CRM, remote.id.lower())):
            return campaign
        by_code = (self._by_code.get((kind, remote.utm.lower())) for kind in _SALES_CODES)
        for campaign in (*by_code, self._by_name.get(remote.name.lower())):
            if campaign is not None and id(campaign) not in self._taken:
                return campaign
        return None

    def note(self, remote: RemoteCampaign, campaign: Campaign) -> None:
        """Links the campaign, and takes over the UTM code if it points nowhere yet."""
        self._taken.add(id(campaign))
        self._by_name.setdefault(campaign.name.lower(), campaign)
        codes = ((CodeKind.CRM, remote.id), (CodeKind.UTM, remote.utm))
        for kind, code in codes:
            if code and (kind, code.lower()) not in self._by_code:
                self._by_code[kind, code.lower()] = campaign
                self.new_codes.append((campaign, kind, code))

    def free_name(self, name: str) -> str:
        """The name, or with a number where another campaign has it."""
        numbers = range(2, len(self._by_name) + 3)
        names = (name, *(f"{name[:190]} ({number})" for number in numbers))
        return next(one for one in names if one.lower() not in self._by_name)


def _is_id(kind: str, code: str) -> bool:
    """A code of the CRM is a campaign's id, or the name of a source such as EMAIL_MARKETING."""
    return kind == CodeKind.CRM and len(code) == 36 and code.count("-") == 4


def _fill(campaign: Campaign, remote: RemoteCampaign) -> bool:
    """Fills what is blank; says whether anything was. Dates are taken only if they fit."""
    before = [getattr(campaign, name) for name in _FILLED]
    if campaign.start_on is None and campaign.end_on is None:
        campaign.start_on, campaign.end_on = remote.start_on, remote.end_on
    if campaign.budget is None and remote.budget:
        campaign.budget, campaign.currency = remote.budget, remote.currency
    return before != [getattr(campaign, name) for name in _FILLED]


def _update(campaigns: list[Campaign]) -> None:
    now = timezone.now()
    for campaign in campaigns:
        campaign.updated_at = now
    if campaigns:
        bulk_update_with_history(campaigns, Campaign, [*_FILLED, "updated_at"])


def _store_emails(
    emails: Iterable[EmailCounts], campaigns: Mapping[str, Campaign], today: date, log: RunLog
) -> None:
    """Adds a row for each e-mail whose counts moved, or puts today's right."""
    newest = {
        row["email_id"]: row
        for row in CampaignEmailStats.objects.newest().values(
            "email_id", "email_name", "campaign_id", *COUNTS
        )
    }
    rows = []
    unchanged = 0
    for email in emails:
        campaign = campaigns.get(email.campaign_id)
        row = {
            "email_id": email.id,
            "email_name": email.name,
            "campaign_id": campaign.pk if campaign else None,
            **dict(zip(COUNTS, email.counts, strict=True)),
        }
        if newest.get(email.id) == row:
            unchanged += 1
        else:
            rows.append(CampaignEmailStats(as_of=today, published_at=email.published_at, **row))
    CampaignEmailStats.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["email_id", "as_of"],
        update_fields=["email_name", "campaign_id", "published_at", "updated_at", *COUNTS],
        batch_size=500,
    )
    log.add("campaign e-mails", "created", sum(row.email_id not in newest for row in rows))
    log.add("campaign e-mails", "updated", sum(row.email_id in newest for row in rows))
    log.add("campaign e-mails", "unchanged", unchanged)
