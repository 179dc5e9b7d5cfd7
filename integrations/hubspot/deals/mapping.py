"""A deal as Nova reads it, and what an expense or an order is as a deal. Plain Python.

A value has one spelling: two are equal when their texts are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from finance.models import Category, ExpenseStatus
from integrations.hubspot.deals.account import (
    CANCELLED,
    CURRENCY,
    EXPENSES,
    PAID,
    REFUNDED,
    SALES,
    STATUSES,
    Account,
)
from integrations.hubspot.values import moment, number
from integrations.merge import Policy

NAME, STAGE, PIPELINE, AMOUNT, CLOSES = "dealname", "dealstage", "pipeline", "amount", "closedate"
OWNER, CREATED = "hubspot_owner_id", "createdate"
EXPENSE_ID, ORDER_ID = "nova_expense_id", "nova_order_id"
CATEGORY, EVENT, VENDOR = "nova_expense_category", "nova_event", "nova_vendor"
SEEN = (
    NAME,
    STAGE,
    PIPELINE,
    AMOUNT,
    CLOSES,
    CURRENCY,
    OWNER,
    CREATED,
    "hs_is_closed",
    "hs_is_closed_won",
    EXPENSE_ID,
    ORDER_ID,
    CATEGORY,
    EVENT,
    VENDOR,
)
"""The properties that are read and kept of a deal."""

POLICY = dict.fromkeys(
    ("amount", "currency", "spent_on", "category", "event", "status", "vendor"), Policy.ASK
)
"""The fields that an expense and its deal both keep. Changed on both sides, a person decides."""
Values = dict[str, str]

PLACES = {
    "amount": AMOUNT,
    "currency": CURRENCY,
    "spent_on": CLOSES,
    "category": CATEGORY,
    "event": EVENT,
    "status": STAGE,
    "vendor": VENDOR,
}
"""Where HubSpot has each field of an expense."""
_NOON = "T12:00:00Z"
"""A date is sent as noon in UTC, which is the same day nearly everywhere."""
_SPELLINGS = {AMOUNT: number, CLOSES: moment, CREATED: moment}


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as HubSpot has it. `values` holds the properties in SEEN that are not blank."""

    id: str
    values: Mapping[str, str] = field(default_factory=dict)
    changed_at: datetime | None = None

    @classmethod
    def from_api(cls, record: Mapping[str, Any]) -> "Deal":
        """Raises ValueError: a value is not of its property's kind; the message names both."""
        given, values = record.get("properties") or {}, {}
        for name in SEEN:
            if text := given.get(name):
                try:
                    values[name] = _SPELLINGS.get(name, str)(text)
                except (ValueError, OverflowError, OSError) as error:
                    raise ValueError(f"{name}: {error}") from error
        changed = record.get("updatedAt")
        return cls(str(record["id"]), values, datetime.fromisoformat(changed) if changed else None)

    def after(self, sent: Mapping[str, str], reply: "Deal") -> "Deal":
        """The deal once HubSpot took `sent` and answered with `reply`, which may leave out some."""
        values = {**self.values, **sent, **reply.values}
        return Deal(reply.id, {k: v for k, v in values.items() if v}, reply.changed_at)

    @property
    def name(self) -> str:
        return self.values.get(NAME, "")

    def day(self, zone: ZoneInfo) -> date | None:
        """The day of the close date, or of the deal's creation, in the organiser's zone."""
        text = self.values.get(CLOSES) or self.values.get(CREATED)
        return datetime.fromisoformat(text).astimezone(zone).date() if text else None


def expense_of(deal: Deal, account: Account, event: int | None, zone: ZoneInfo) -> Values:
    """A deal's fields as an expense has them; `event` is the key of the one that it names."""
    day, pipeline = deal.day(zone), account.pipelines.get(deal.values.get(PIPELINE, ""))
    stage = pipeline.stages.get(deal.values.get(STAGE, ""), "") if pipeline else ""
    return {
        "amount": deal.values.get(AMOUNT, ""),
        "currency": deal.values.get(CURRENCY) or account.currency,
        "spent_on": day.isoformat() if day else "",
        "category": deal.values.get(CATEGORY, ""),
        "event": str(event or ""),
        "status": STATUSES.get(stage, ""),
        "vendor": deal.values.get(VENDOR, ""),
    }


def fields_of(values: Mapping[str, str]) -> dict[str, Any]:
    """The fields of an expense as the model takes them, from how a merge compares them."""
    found: dict[str, Any] = dict(values)
    if "amount" in found:
        found["amount"] = Decimal(found["amount"])
    if "spent_on" in found:
        found["spent_on"] = date.fromisoformat(found["spent_on"])
    if "event" in found:
        found["event_id"] = int(found.pop("event")) if found["event"] else None
    return found


def lacking(deal: Deal, account: Account, values: Values, *, is_shared: bool) -> str:
    """Why a deal cannot be an expense, in words for staff; "" if it can.

    `is_shared` says that Nova keeps it as a cost of several events, which names none.
    """
    pipeline = account.pipelines.get(deal.values.get(PIPELINE, ""))
    label = pipeline.label if pipeline else "another pipeline"
    if label != EXPENSES:
        return f"It was moved to the pipeline “{label}”."
    parts = []
    if not values["amount"] or values["amount"] == "0":
        parts.append("It has no amount.")
    if values["category"] not in Category.values:
        parts.append("It has no expense category.")
    if not values["event"] and not (is_shared and not deal.values.get(EVENT)):
        parts.append(_no_event(deal.values.get(EVENT, "")))
    if not values["status"]:
        parts.append("Its stage stands for no status of an expense.")
    return " ".join(parts)


def _no_event(text: str) -> str:
    if text:
        return f"No single event of Nova is “{text[:80]}”."
    return "It has no Nova event."


def is_cancelled(deal: Deal, account: Account) -> bool:
    """Is it in the stage of expenses that were deleted?"""
    pipeline = account.pipeline(EXPENSES)
    return pipeline is not None and deal.values.get(STAGE) == pipeline.stage(CANCELLED) != ""


def expense_to_api(values: Values, account: Account, event_text: str) -> dict[str, str]:
    """These fields of an expense as properties; `event_text` is how its event is written."""
    found = {PLACES[name]: value for name, value in values.items()}
    if CLOSES in found:
        found[CLOSES] += _NOON
    if EVENT in found:
        found[EVENT] = event_text
    if STAGE in found:
        pipeline = account.pipeline(EXPENSES)
        label = ExpenseStatus(values["status"]).label
        found[STAGE] = pipeline.stage(label) if pipeline else ""
    if not account.has_currencies:
        found.pop(CURRENCY, None)
    return {name: moment(v) if name == CLOSES else v for name, v in found.items()}


@dataclass(frozen=True, slots=True)
class Sale:
    """An order, as far as its deal tells of it. `paid` is what is left of what the buyer paid."""

    key: str
    event: str
    event_text: str
    paid: Decimal
    currency: str
    ordered_at: datetime
    is_lost: bool

    def to_api(self, account: Account) -> dict[str, str]:
        """The properties that Nova decides, as the deal should hold them."""
        pipeline = account.pipeline(SALES)
        stage = REFUNDED if self.is_lost else PAID
        found = {
            ORDER_ID: self.key,
            PIPELINE: pipeline.id if pipeline else "",
            STAGE: pipeline.stage(stage) if pipeline else "",
            AMOUNT: number(str(self.paid)),
            CLOSES: moment(self.ordered_at.astimezone(UTC).isoformat(timespec="seconds")),
            EVENT: self.event_text,
        }
        return found | ({CURRENCY: self.currency} if account.has_currencies else {})


def event_text(eventbrite_id: str | None, name: str, starts_on: date) -> str:
    """How a deal names an event: by its Eventbrite id, or by name and date where it has none."""
    return eventbrite_id or f"{name}, {starts_on.isoformat()}"
