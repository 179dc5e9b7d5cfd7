"""A campaign and an e-mail as HubSpot has them. Plain Python; what makes no sense is left out."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from nova_project.currencies import EXPONENTS, exponent

Record = dict[str, Any]

COUNTS = {
    "sent": "sent",
    "delivered": "delivered",
    "opened": "open",
    "clicked": "click",
    "bounced": "bounce",
    "unsubscribed": "unsubscribed",
}
"""Our counts, and HubSpot's names for them."""
_MOST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class RemoteCampaign:
    """A campaign as HubSpot has it. `budget` is None where none is set or its currency unknown."""

    id: str
    name: str
    utm: str = ""
    start_on: date | None = None
    end_on: date | None = None
    budget: Decimal | None = None
    currency: str = ""

    @classmethod
    def from_api(cls, record: Record) -> "RemoteCampaign":
        """Values that make no sense are left out: a campaign without them is one all the same."""
        values: dict[str, Any] = record.get("properties") or {}
        start_on, end_on = _day(values.get("hs_start_date")), _day(values.get("hs_end_date"))
        if start_on and end_on and end_on < start_on:
            end_on = None
        currency = str(values.get("hs_currency_code") or "")
        return cls(
            id=str(record["id"]),
            name=str(values.get("hs_name") or record["id"]).strip()[:200],
            utm=str(values.get("hs_utm") or "").strip()[:200],
            start_on=start_on,
            end_on=end_on,
            budget=_amount(values.get("hs_budget_items_sum_amount"), currency),
            currency=currency if currency in EXPONENTS else "",
        )


@dataclass(frozen=True, slots=True)
class EmailCounts:
    """What an e-mail did so far. `campaign_id` is HubSpot's, "" where it belongs to none."""

    id: str
    name: str
    campaign_id: str
    published_at: datetime | None
    counts: tuple[int, ...]

    @classmethod
    def from_api(cls, record: Record) -> "EmailCounts":
        """Counts that HubSpot leaves out are zero; so are those that are no numbers."""
        counters: dict[str, Any] = (record.get("stats") or {}).get("counters") or {}
        return cls(
            id=str(record["id"])[:64],
            name=str(record.get("name") or record["id"])[:250],
            campaign_id=str(record.get("campaign") or ""),
            published_at=_time(record.get("publishDate")),
            counts=tuple(_count(counters.get(theirs)) for theirs in COUNTS.values()),
        )


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text or "")[:10])
    except ValueError:
        return None


def _time(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text or ""))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _amount(text: Any, currency: str) -> Decimal | None:
    """An amount in a known currency, rounded as that is; None where there is none."""
    try:
        amount = Decimal(str(text or ""))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 < amount < _MOST or currency not in EXPONENTS:
        return None
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), ROUND_HALF_UP)


def _count(value: Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError):
        return 0
