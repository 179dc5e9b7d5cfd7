"""What the e-mails of campaigns did, and what their campaigns sold."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Sum
from django.utils import timezone

from customers.models import Campaign, CampaignEmailStats
from finance.services.attribution import Credit, Model, Scope, attribute
from finance.services.campaigns import NO_CAMPAIGN
from nova_project.money import ZERO, company_currency
from nova_project.periods import Period

_PER = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailResult:
    """The e-mails of one campaign, and its orders and net sales in one currency.

    Counts are totals since each e-mail went out, as of the last day on which one of them moved.
    Rates are None where nothing was delivered.
    """

    campaign: str
    campaign_id: int | None
    currency: str
    emails: int = 0
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    unsubscribed: int = 0
    orders: int = 0
    net_sales: Decimal = ZERO
    as_of: date | None = None

    def _rate(self, count: int) -> Decimal | None:
        return Decimal(count * 100) / self.delivered if self.delivered else None

    @property
    def click_rate(self) -> Decimal | None:
        """Clicks in percent of what was delivered."""
        return self._rate(self.clicked)

    @property
    def unsubscribe_rate(self) -> Decimal | None:
        return self._rate(self.unsubscribed)

    @property
    def bounce_rate(self) -> Decimal | None:
        """Bounces in percent of what was sent."""
        return Decimal(self.bounced * 100) / self.sent if self.sent else None

    @property
    def orders_per_thousand(self) -> Decimal | None:
        """Orders of the campaign per 1,000 delivered e-mails."""
        return Decimal(self.orders * _PER) / self.delivered if self.delivered else None

    @property
    def sales_per_thousand(self) -> Decimal | None:
        """Net sales of the campaign per 1,000 delivered e-mails."""
        return self.net_sales * _PER / self.delivered if self.delivered else None


_COUNTS = ("emails", "sent", "delivered", "opened", "clicked", "bounced", "unsubscribed")


def email_results(scope: Scope, model: Model) -> list[EmailResult]:
    """Campaigns with e-mails that went out in the period, the most net sales first: a row in the
    company's currency, and one in each other in which they sold.

    Orders are those of the shows of the period, given to campaigns by `model`. E-mails of no
    campaign stand last, in one row without sales. Three queries.
    """
    counts = _counts(scope.period)
    credits: dict[int, list[Credit]] = defaultdict(list)
    for credit in attribute(scope, [model]).credits:
        if credit.campaign_id in counts:
            credits[credit.campaign_id or 0].append(credit)
    names = dict(
        Campaign.objects.filter(pk__in=[pk for pk in counts if pk]).values_list("pk", "name")
    )
    home = scope.currency or company_currency()
    rows = []
    for campaign_id, found in counts.items():
        bare = EmailResult(
            campaign=names.get(campaign_id or 0, NO_CAMPAIGN),
            campaign_id=campaign_id,
            currency=home,
            **found,
        )
        sold = {credit.currency: credit for credit in credits[campaign_id or 0]}
        rows += [_with_sales(bare, code, sold.get(code), model) for code in {home: None, **sold}]
    return sorted(rows, key=_in_order)


def _counts(period: Period) -> dict[int | None, dict[str, Any]]:
    zone = timezone.get_current_timezone()
    first, end = (datetime.combine(day, time(), zone) for day in (period.start, period.end))
    newest = CampaignEmailStats.objects.newest()
    sums: Any = (
        newest.filter(published_at__gte=first, published_at__lt=end)
        .order_by()
        .values("campaign_id")
        .annotate(
            emails=Count("pk"),
            latest=Max("as_of"),
            **{f"all_{name}": Sum(name) for name in _COUNTS[1:]},
        )
    )
    return {
        row["campaign_id"]: {
            "emails": row["emails"],
            "as_of": row["latest"],
            **{name: row[f"all_{name}"] for name in _COUNTS[1:]},
        }
        for row in sums
    }


def _with_sales(
    bare: EmailResult, currency: str, credit: Credit | None, model: Model
) -> EmailResult:
    if credit is None:
        return replace(bare, currency=currency)
    sales = credit.net_sales[model]
    return replace(bare, currency=currency, orders=credit.orders, net_sales=sales)


def _in_order(row: EmailResult) -> tuple[Any, ...]:
    is_foreign = row.currency != company_currency()
    return is_foreign, row.currency, row.campaign_id is None, -row.net_sales, row.campaign


def email_totals(rows: Iterable[EmailResult]) -> list[EmailResult]:
    """The sums of `rows`, a row per currency, in their order. An order that several campaigns share
    counts once for each."""
    by_currency: dict[str, list[EmailResult]] = defaultdict(list)
    for row in rows:
        by_currency[row.currency].append(row)
    return [_total(currency, found) for currency, found in by_currency.items()]


def _total(currency: str, rows: Sequence[EmailResult]) -> EmailResult:
    sums: dict[str, Any] = {
        name: sum(getattr(row, name) for row in rows) for name in (*_COUNTS, "orders")
    }
    sums["net_sales"] = sum((row.net_sales for row in rows), ZERO)
    as_of = max((row.as_of for row in rows if row.as_of), default=None)
    return EmailResult(campaign="", campaign_id=None, currency=currency, as_of=as_of, **sums)
