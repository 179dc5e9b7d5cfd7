"""The money of one show on one sheet: the ladder from buyers to net revenue, and who is paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from customers.models import Order
from events.models import Event
from finance.models import (
    AgreementStatus,
    Basis,
    Expense,
    ExpenseStatus,
    PerformerAgreement,
    Settlement,
)
from finance.services.dues import Step, in_words, reckon, terms_of
from finance.services.figures import AMOUNTS, EventMoney, Figures
from finance.services.payouts import deposited, expected_payout
from finance.services.profit import event_money
from nova_project.money import ZERO, quantize


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder. `amount` is signed as it adds to net revenue.

    A rung that `is_result` is the sum of those before it; one that `is_aside` tells of money on its
    way and is in no sum.
    """

    key: str
    label: str
    amount: Decimal
    is_result: bool = False
    is_aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What one performer is due, how that was worked out, and whether it is paid."""

    agreement_id: int
    name: str
    currency: str
    terms: str
    steps: tuple[Step, ...]
    due: Decimal
    status: str
    paid_on: date | None

    @property
    def is_paid(self) -> bool:
        return self.status == AgreementStatus.PAID

    @property
    def calculation(self) -> tuple[Step, ...]:
        """The lines above the result."""
        return self.steps[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One show's settlement in its own currency, as it is now or as it was frozen."""

    currency: str
    seats: int
    rungs: tuple[Rung, ...]
    performers: tuple[Owed, ...]
    warnings: tuple[str, ...]

    def amount(self, key: str) -> Decimal | None:
        return next((rung.amount for rung in self.rungs if rung.key == key), None)

    @property
    def net_revenue(self) -> Decimal:
        return self.amount("net_revenue") or ZERO

    @property
    def owed(self) -> dict[str, Decimal]:
        """Σ of what is due and not paid yet, by currency."""
        sums: dict[str, Decimal] = {}
        for performer in self.performers:
            if not performer.is_paid:
                sums[performer.currency] = sums.get(performer.currency, ZERO) + performer.due
        return sums


_LADDER: tuple[tuple[str, str, int], ...] = (
    ("gross", "Paid by buyers", 1),
    ("tax", "Tax", -1),
    ("eventbrite_fees", "Eventbrite fees", -1),
    ("processing_fees", "Processing fees", -1),
    ("refunds", "Refunds", -1),
    ("net_sales", "Net sales", 0),
    ("expected_payout", "Expected payout of Eventbrite", 0),
    ("deposited", "Deposited so far", 0),
    ("room_rental", "Room rental", -1),
    ("marketing", "Marketing", -1),
    ("production", "Production", -1),
    ("staff", "Staff", -1),
    ("shared_costs", "Shares of common costs", -1),
    ("performers", "Performers", -1),
    ("net_revenue", "Net revenue", 0),
)
ASIDE = ("expected_payout", "deposited")
LABELS = {key: label for key, label, _ in _LADDER}


def ladder(figures: Figures, *, expected_payout: Decimal, deposited: Decimal) -> tuple[Rung, ...]:
    """The rungs from what buyers paid to net revenue; those that are no sum add up to it."""
    aside = {"expected_payout": expected_payout, "deposited": deposited}
    return tuple(
        Rung(
            key,
            label,
            aside[key] if key in aside else getattr(figures, key) * (sign or 1) or ZERO,
            is_result=sign == 0 and key not in aside,
            is_aside=key in aside,
        )
        for key, label, sign in _LADDER
    )


def sheet_of(event: Event) -> Sheet:
    """The settlement of a show by the figures of now. Eleven queries."""
    rows = event_money(Event.objects.filter(pk=event.pk))
    own = next(row for row in rows if row.currency == event.currency)
    expected, arrived = _payout(event)
    return Sheet(
        currency=event.currency,
        seats=own.seats or 0,
        rungs=ladder(own, expected_payout=expected, deposited=arrived),
        performers=_performers(event, rows),
        warnings=tuple(_warnings(event, rows)),
    )


def _payout(event: Event) -> tuple[Decimal, Decimal]:
    """What Eventbrite should pay out for the show, and what reached the bank. One query."""
    found = Event.objects.filter(pk=event.pk).values_list(expected_payout(), deposited())
    return found.get()


def _performers(event: Event, rows: Sequence[EventMoney]) -> tuple[Owed, ...]:
    agreements = (
        PerformerAgreement.objects.counted()
        .filter(event=event)
        .select_related("performer")
        .prefetch_related("bonus_steps")
        .order_by("performer__name", "pk")
    )
    found = []
    for agreement in agreements:
        terms = terms_of(agreement)
        steps = tuple(reckon(terms, figures_for(terms.currency, rows)))
        found.append(
            Owed(
                agreement_id=agreement.pk,
                name=agreement.performer.name,
                currency=agreement.currency,
                terms=in_words(terms),
                steps=steps,
                due=steps[-1].amount,
                status=agreement.status,
                paid_on=agreement.paid_on,
            )
        )
    return tuple(found)


def figures_for(currency: str, rows: Sequence[EventMoney]) -> Figures:
    """A show's money in the currency of a deal, with all its seats.

    `rows` are the show's, of which only that of its own currency has the seats.
    """
    amounts: dict[str, Any] = {}
    for row in rows:
        if row.currency == currency:
            amounts = {name: getattr(row, name) for name in AMOUNTS}
    return Figures(currency=currency, seats=sum(row.seats or 0 for row in rows), **amounts)


def _warnings(event: Event, rows: Sequence[EventMoney]) -> list[str]:
    """What is not certain yet, in sentences."""
    found = []
    if assumed := Order.objects.filter(event=event, is_refund_provisional=True).count():
        found.append(
            f"{_counted(assumed, 'order counts', 'orders count')} as refunded in full, because "
            "Eventbrite has not said how much went back."
        )
    planned = Expense.objects.filter(
        event=event, basis=Basis.ACTUAL, status=ExpenseStatus.PLANNED
    ).count()
    if planned:
        found.append(
            f"{_counted(planned, 'planned expense is', 'planned expenses are')} not counted: "
            "commit or delete what is still planned."
        )
    drafts = PerformerAgreement.objects.filter(event=event, status=AgreementStatus.DRAFT).count()
    if drafts:
        found.append(
            f"{_counted(drafts, 'agreement is a draft', 'agreements are drafts')}: drafts are not "
            "counted."
        )
    others = sorted(row.currency for row in rows if row.currency != event.currency)
    if others:
        found.append(
            f"There is money in {', '.join(others)} as well: it is not in this sheet, which is in "
            f"{event.currency}."
        )
    return found


def _counted(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {many}"


# Frozen and back


def as_figures(sheet: Sheet) -> dict[str, Any]:
    """The sheet as a version keeps it: amounts are texts of decimals."""
    return {
        "seats": sheet.seats,
        "rungs": {rung.key: _text(rung.amount, sheet.currency) for rung in sheet.rungs},
        "performers": [_owed_as_figures(owed) for owed in sheet.performers],
        "warnings": list(sheet.warnings),
    }


def _owed_as_figures(owed: Owed) -> dict[str, Any]:
    return {
        "agreement": owed.agreement_id,
        "name": owed.name,
        "currency": owed.currency,
        "terms": owed.terms,
        "steps": [[step.words, _text(step.amount, owed.currency)] for step in owed.steps],
        "due": _text(owed.due, owed.currency),
        "status": owed.status,
        "paid_on": owed.paid_on.isoformat() if owed.paid_on else None,
    }


def _text(amount: Decimal, currency: str) -> str:
    return str(quantize(amount, currency))


def frozen_sheet(settlement: Settlement) -> Sheet:
    """What a version kept, as it was then. No query."""
    kept = settlement.figures
    amounts = {key: Decimal(text) for key, text in kept["rungs"].items()}
    return Sheet(
        currency=settlement.currency,
        seats=kept["seats"],
        rungs=tuple(
            Rung(key, label, amounts[key], sign == 0 and key not in ASIDE, key in ASIDE)
            for key, label, sign in _LADDER
            if key in amounts
        ),
        performers=tuple(_frozen_owed(owed) for owed in kept["performers"]),
        warnings=tuple(kept["warnings"]),
    )


def _frozen_owed(kept: dict[str, Any]) -> Owed:
    return Owed(
        agreement_id=kept["agreement"],
        name=kept["name"],
        currency=kept["currency"],
        terms=kept["terms"],
        steps=tuple(Step(words, Decimal(amount)) for words, amount in kept["steps"]),
        due=Decimal(kept["due"]),
        status=kept["status"],
        paid_on=date.fromisoformat(kept["paid_on"]) if kept["paid_on"] else None,
    )
