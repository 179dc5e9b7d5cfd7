"""What campaigns, channels and sources sold and cost: the rows of the marketing reports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from customers.models import Campaign, Channel, TouchKind
from finance.services.attribution import Attribution, Credit, Grouping, Model, Scope, attribute
from finance.services.spend import Spend, marketing_spend, spend_on_shows
from nova_project.money import ZERO, company_currency

UNATTRIBUTED = "Unattributed"
NO_CAMPAIGN = "No campaign"
Amounts = Mapping[Model, Decimal]


def _ratio(amount: Decimal, divisor: Decimal | int) -> Decimal | None:
    return amount / divisor if divisor else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMarketing:
    """All there is in one currency: every order of the shows, and all that marketing cost.

    `attributed` is the part of the net sales that touches earned; `event_marketing` what the shows
    themselves spent. Ratios are None where they would divide by zero.
    """

    currency: str
    spend: Decimal = ZERO
    event_marketing: Decimal = ZERO
    orders: int = 0
    seats: int = 0
    first_time_buyers: int = 0
    amounts: Amounts = field(default_factory=dict)
    attributed: Decimal = ZERO

    @property
    def net_sales(self) -> Decimal:
        """Of all orders; the same under every model."""
        return next(iter(self.amounts.values()), ZERO)

    @property
    def roi(self) -> Decimal | None:
        """What touches earned less all spend, in percent of the spend."""
        return _ratio((self.attributed - self.spend) * 100, self.spend)

    @property
    def cac(self) -> Decimal | None:
        """Blended: all spend per first-time buyer, wherever they came from."""
        return _ratio(self.spend, self.first_time_buyers) if self.spend else None

    @property
    def cost_per_attendee(self) -> Decimal | None:
        """Marketing of the shows themselves per valid seat, as in the profit by event."""
        return _ratio(self.event_marketing, self.seats)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marketing:
    """What one campaign, channel or source sold and cost in one currency.

    `is_rest`: it is no effort but what is left over. `spend` is None where cost is not known by
    such groups, as for sources. `amounts` are the net sales by model, `net_sales` those of the
    first one asked for. Ratios are exact, and None where they would divide by zero or where there
    is no effort to judge.
    """

    name: str
    currency: str
    whole: WholeMarketing
    campaign_id: int | None = None
    campaign: str = ""
    channel: str = ""
    kind: str = ""
    is_rest: bool = False
    spend: Decimal | None = ZERO
    orders: int = 0
    seats: int = 0
    first_time_buyers: int = 0
    amounts: Amounts = field(default_factory=dict)

    @property
    def net_sales(self) -> Decimal:
        return next(iter(self.amounts.values()), ZERO)

    @property
    def is_judged(self) -> bool:
        """Is it an effort that can pay, and not what is left over?"""
        return not self.is_rest and self.spend is not None

    @property
    def roi(self) -> Decimal | None:
        """Net sales less spend, in percent of the spend."""
        if not self.is_judged or self.spend is None:
            return None
        return _ratio((self.net_sales - self.spend) * 100, self.spend)

    @property
    def cac(self) -> Decimal | None:
        """Spend per first-time buyer."""
        if not self.is_judged or not self.spend:
            return None
        return _ratio(self.spend, self.first_time_buyers)


def marketing(
    scope: Scope, models: Sequence[Model], by: Grouping = Grouping.CAMPAIGN
) -> list[Marketing]:
    """Each group that earned or cost anything, by currency, the company's first, and most net sales
    first; then what no campaign claims; last, a row per currency, what no touch earned.

    Σ net sales of the rows of a currency = net sales of its orders, for every model. Six queries.
    """
    found = attribute(scope, models, by)
    spend = marketing_spend(scope)
    book = _Book(found, spend, spend_on_shows(scope), models)
    rows = list(_by_source(found, book) if by is Grouping.SOURCE else _by_effort(book, by))
    rest = [
        Marketing(
            name=UNATTRIBUTED,
            is_rest=True,
            currency=currency,
            whole=whole,
            spend=None if by is Grouping.SOURCE else ZERO,
            **_counts(found.unattributed.get(currency), models),
        )
        for currency, whole in book.wholes.items()
    ]
    return sorted(rows, key=_in_order) + sorted(rest, key=_in_order)


def wholes(rows: Sequence[Marketing]) -> list[WholeMarketing]:
    """All there is in each currency of `rows`, in their order."""
    return list({row.currency: row.whole for row in rows}.values())


def _in_order(row: Marketing) -> tuple[object, ...]:
    is_foreign = row.currency != company_currency()
    return is_foreign, row.currency, row.is_rest, -row.net_sales, -(row.spend or ZERO), row.name


def _counts(credit: Credit | None, models: Sequence[Model]) -> dict[str, Any]:
    if credit is None:
        return {"amounts": dict.fromkeys(models, ZERO)}
    return {
        "orders": credit.orders,
        "seats": credit.seats,
        "first_time_buyers": credit.first_time_buyers,
        "amounts": credit.net_sales,
    }


class _Book:
    """What was earned and spent, and how campaigns are called. One query."""

    def __init__(
        self,
        found: Attribution,
        spend: Spend,
        on_shows: Mapping[str, Decimal],
        models: Sequence[Model],
    ) -> None:
        self.found, self.spend, self.models = found, spend, models
        names = Campaign.objects.order_by().values_list("pk", "name", "channel")
        self.campaigns = {pk: (name, channel) for pk, name, channel in names}
        codes = dict.fromkeys([*found.whole, *(code for _, code in spend)])
        self.wholes = {code: self._whole(code, on_shows.get(code, ZERO)) for code in codes}

    def _whole(self, currency: str, on_shows: Decimal) -> WholeMarketing:
        credit = self.found.whole.get(currency)
        left = self.found.unattributed.get(currency)
        model = self.models[0]
        all_sales = credit.net_sales[model] if credit else ZERO
        return WholeMarketing(
            currency=currency,
            spend=sum((a for (_, code), a in self.spend.items() if code == currency), ZERO),
            event_marketing=on_shows,
            attributed=all_sales - (left.net_sales[model] if left else ZERO),
            **_counts(credit, self.models),
        )

    def channel_of(self, campaign_id: int | None) -> str:
        return self.campaigns[campaign_id][1] if campaign_id else ""


def _by_effort(book: _Book, by: Grouping) -> Iterator[Marketing]:
    """A row per campaign or channel and currency."""

    def group(campaign_id: int | None, label: str) -> int | str | None:
        return campaign_id if by is Grouping.CAMPAIGN else label

    spend: dict[tuple[int | str | None, str], Decimal] = {}
    for (campaign_id, currency), amount in book.spend.items():
        key = group(campaign_id, book.channel_of(campaign_id)), currency
        spend[key] = spend.get(key, ZERO) + amount
    credits = {
        (group(credit.campaign_id, credit.label), credit.currency): credit
        for credit in book.found.credits
    }
    for key in dict.fromkeys([*credits, *spend]):
        of, currency = key
        yield Marketing(
            **_named(book, of),
            currency=currency,
            whole=book.wholes[currency],
            spend=spend.get(key, ZERO),
            **_counts(credits.get(key), book.models),
        )


def _named(book: _Book, of: int | str | None) -> dict[str, Any]:
    if not of:
        return {"name": NO_CAMPAIGN, "is_rest": True}
    if isinstance(of, str):
        return {"name": Channel(of).label}
    name, channel = book.campaigns[of]
    return {"name": name, "campaign_id": of, "channel": Channel(channel).label}


def _by_source(found: Attribution, book: _Book) -> Iterator[Marketing]:
    """A row per code or source, as what it was seen, and currency; spend is not known so."""
    for credit in found.credits:
        kind, _, source = credit.label.partition(" ")
        named = book.campaigns.get(credit.campaign_id or 0, ("", ""))
        yield Marketing(
            name=source,
            kind=TouchKind(kind).label,
            campaign=named[0],
            campaign_id=credit.campaign_id,
            currency=credit.currency,
            whole=book.wholes[credit.currency],
            spend=None,
            **_counts(credit, book.models),
        )
