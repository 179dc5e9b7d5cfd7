"""The money of shows as rows: what is kept of a show, a show type or a period, and its ratios."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from events.models import NOT_PLAYED
from nova_project.money import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Money and seats in one currency. Deductions and costs are positive amounts.

    Ratios are exact; who shows them rounds. They are None where they would divide by zero. Seats
    are None where nobody knows how many there were on the day that is asked for.
    """

    currency: str
    seats: int | None = 0
    gross: Decimal = ZERO
    refunds: Decimal = ZERO
    tax: Decimal = ZERO
    eventbrite_fees: Decimal = ZERO
    processing_fees: Decimal = ZERO
    room_rental: Decimal = ZERO
    marketing: Decimal = ZERO
    production: Decimal = ZERO
    staff: Decimal = ZERO
    performers: Decimal = ZERO
    shared_costs: Decimal = ZERO

    @property
    def revenue(self) -> Decimal:
        """What margins are measured against: gross less refunds and tax."""
        return self.gross - self.refunds - self.tax

    @property
    def net_sales(self) -> Decimal:
        """What the ledger lines add up to."""
        return self.revenue - self.eventbrite_fees - self.processing_fees

    @property
    def direct_expenses(self) -> Decimal:
        """What the show itself costs, without performers."""
        return self.room_rental + self.marketing + self.production + self.staff

    @property
    def expenses(self) -> Decimal:
        """The show's own expenses and its shares of common ones; not what performers are due."""
        return self.direct_expenses + self.shared_costs

    @property
    def costs(self) -> Decimal:
        """Everything that is paid out: expenses and what performers are due."""
        return self.expenses + self.performers

    @property
    def net_revenue(self) -> Decimal:
        return self.net_sales - self.expenses - self.performers

    @property
    def margin(self) -> Decimal | None:
        """Net revenue in percent of `revenue`."""
        return self.net_revenue * 100 / self.revenue if self.revenue else None

    @property
    def cost_per_attendee(self) -> Decimal | None:
        """Marketing of the event itself per valid seat."""
        return self.marketing / self.seats if self.seats else None

    @property
    def has_money(self) -> bool:
        """Is any amount other than zero? A deduction and its reversal are no money."""
        return any(getattr(self, name) for name in AMOUNTS)


AMOUNTS = tuple(f.name for f in fields(Figures) if f.name not in ("currency", "seats"))
"""The figures that are money and add up over events of one currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMoney(Figures):
    """One event's money in one currency. Its seats stand in the row of the event's own currency."""

    event_id: int
    eventbrite_id: str | None
    name: str
    starts_on: date
    status: str
    is_series_parent: bool
    show_type_id: int | None
    show_type: str

    @property
    def reference(self) -> str:
        """Eventbrite's id where there is one, else Nova's."""
        return self.eventbrite_id or f"nova-{self.event_id}"

    @property
    def events(self) -> int:
        """How many events the row stands for."""
        return 1

    @property
    def is_listed(self) -> bool:
        """Played or planned, or with money all the same, as a cancelled event may have."""
        is_played = self.status not in NOT_PLAYED and not self.is_series_parent
        return is_played or self.has_money


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTypeMoney(Figures):
    """The money of all events of one show type in one currency."""

    show_type_id: int | None
    show_type: str
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodMoney(Figures):
    """The money of all events of a period in one currency."""

    events: int
