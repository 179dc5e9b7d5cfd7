"""What reached the bank in the demo: payouts of most shows, and a few that need a person."""

from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.utils import timezone

from events.models import Event
from finance.models import (
    BankAccount,
    Deposit,
    DepositSource,
    PayoutVariance,
    VarianceKind,
)
from finance.services.deposits import match_certain
from finance.services.locks import lock_month
from finance.services.payouts import Payout, payouts_of
from nova_project.periods import Period

ACCOUNT = "Sparkasse, shows"


def add_deposits() -> int:
    """A deposit for most past shows, one overdue, one ambiguous, one chargeback, a closed month.

    They follow from the payouts that are expected, and a second demo adds nothing. Returns how
    many deposits there are.
    """
    account, is_new = BankAccount.objects.get_or_create(
        name=ACCOUNT, defaults={"iban_ending": "4711", "currency": "EUR"}
    )
    if is_new:
        _fill(account)
    return Deposit.objects.filter(account=account).count()


def _fill(account: BankAccount) -> None:
    today = timezone.localdate()
    past = Event.objects.filter(currency=account.currency, starts_on__lt=today - timedelta(days=6))
    paid = [row for row in payouts_of(past.order_by("starts_on", "pk")) if row.expected > 0]
    paid = [row for row in paid if row.currency == account.currency]
    late = next((row for row in reversed(paid) if row.due_on < today - timedelta(days=14)), None)
    rest = [row for row in paid if row != late]
    if len(rest) < 6:
        return
    held, charged, twins = rest[-3], rest[-5], rest[-2:]
    for row in rest:
        if row not in twins:
            _pay(account, row, row.expected - (100 if row == held else 0))
    together = sum((row.expected for row in twins), Decimal(0))
    _add(account, together, max(row.due_on for row in twins), "EVENTBRITE SAMMELAUSZAHLUNG", "")
    back = f"EVENTBRITE CHARGEBACK {charged.reference}"
    _add(account, Decimal("-38.50"), charged.due_on + timedelta(days=9), back, "CB-7731")
    bookkeeper = User.objects.filter(username="finance").first()
    PayoutVariance.objects.create(
        event=past.get(pk=held.event_id or 0),
        kind=VarianceKind.RESERVE,
        amount=-100,
        currency=held.currency,
        note="Eventbrite keeps a reserve until refunds are settled.",
        entered_by=bookkeeper,
    )
    match_certain()
    first = rest[0].day.replace(day=1)
    if first < Period.month_of(today).start:
        lock_month(month=first, user=bookkeeper, note="Handed to the tax adviser.")


def _pay(account: BankAccount, row: Payout, amount: Decimal) -> None:
    text = f"EVENTBRITE PAYOUT {row.reference} {row.name}"
    _add(account, amount, row.due_on + timedelta(days=2), text, f"PO-{row.reference[-6:]}")


def _add(account: BankAccount, amount: Decimal, day: date, text: str, payout_id: str) -> None:
    Deposit.objects.create(
        account=account,
        amount=amount,
        currency=account.currency,
        booked_on=min(day, timezone.localdate()),
        description=text,
        counterparty="Eventbrite",
        external_id=payout_id,
        source=DepositSource.STATEMENT,
    )
