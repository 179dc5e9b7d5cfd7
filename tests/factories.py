"""Rows for tests, valid as they come; name only what the test is about."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from customers.models import (
    Attendance,
    Campaign,
    Customer,
    EmailAddress,
    Order,
    OrderStatus,
    Touch,
    TouchKind,
)
from events.models import Event, ShowType, Venue
from finance.models import (
    BankAccount,
    Category,
    DealKind,
    Deposit,
    Expense,
    LedgerKind,
    LedgerLine,
    Performer,
    PerformerAgreement,
    Vendor,
)

_numbers = count(1)


def make_show_type(name: str = "") -> ShowType:
    return ShowType.objects.get_or_create(name=name or f"Show type {next(_numbers)}")[0]


def make_venue(**fields: Any) -> Venue:
    number = next(_numbers)
    return Venue.objects.create(
        **{"eventbrite_id": str(number), "name": f"Venue {number}"} | fields
    )


def make_event(starts_on: date = date(2026, 3, 14), **fields: Any) -> Event:
    """A show at eight in the evening UTC, two hours long, in EUR."""
    number = next(_numbers)
    start_at = datetime.combine(starts_on, datetime.min.time(), UTC) + timedelta(hours=20)
    defaults = {
        "eventbrite_id": str(number),
        "name": f"Show {number}",
        "start_at": start_at,
        "end_at": start_at + timedelta(hours=2),
        "starts_on": starts_on,
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "capacity": 100,
    }
    return Event.objects.create(**defaults | fields)


def make_customer(address: str = "", **fields: Any) -> Customer:
    """A customer with one primary address."""
    number = next(_numbers)
    customer = Customer.objects.create(
        **{"first_name": "Ada", "last_name": f"Number {number}"} | fields
    )
    EmailAddress.objects.create(
        customer=customer, address=address or f"person{number}@example.org", is_primary=True
    )
    return customer


def make_order(event: Event | None = None, gross: str | Decimal = "20.00", **fields: Any) -> Order:
    """A placed order without fees or tax."""
    event = event or make_event()
    number = next(_numbers)
    ordered_at = event.start_at - timedelta(days=7)
    defaults = {
        "eventbrite_id": str(number),
        "event": event,
        "status": OrderStatus.PLACED,
        "remote_status": "placed",
        "ordered_at": ordered_at,
        "changed_at": ordered_at,
        "currency": event.currency,
        "gross": Decimal(gross),
        "gross_paid": Decimal(gross),
    }
    return Order.objects.create(**defaults | fields)


def make_seat(order: Order, **fields: Any) -> Attendance:
    """An attending seat of `order`, without a holder."""
    defaults = {
        "eventbrite_id": str(next(_numbers)),
        "order": order,
        "event": order.event,
        "changed_at": order.changed_at,
        "currency": order.currency,
    }
    return Attendance.objects.create(**defaults | fields)


def make_line(order: Order, kind: LedgerKind, amount: str | Decimal, **fields: Any) -> LedgerLine:
    defaults = {
        "order": order,
        "event": order.event,
        "kind": kind,
        "amount": Decimal(amount),
        "currency": order.currency,
        "occurred_at": order.ordered_at,
        "known_at": order.ordered_at,
    }
    return LedgerLine.objects.create(**defaults | fields)


def make_expense(amount: str | Decimal = "100.00", **fields: Any) -> Expense:
    """A paid room rental in EUR, of an event where `event` is given; `vendor` by its name."""
    event = fields.get("event")
    defaults = {
        "category": Category.ROOM_RENTAL,
        "amount": Decimal(amount),
        "currency": event.currency if event else "EUR",
        "spent_on": event.starts_on if event else date(2026, 3, 14),
        "vendor": "The House",
    }
    values = defaults | fields
    if isinstance(values["vendor"], str):
        values["vendor"] = make_vendor(values["vendor"]) if values["vendor"].strip() else None
    return Expense.objects.create(**values)


def make_vendor(name: str = "") -> Vendor:
    return Vendor.objects.get_or_create(name=name.strip() or f"Vendor {next(_numbers)}")[0]


def make_buyer(address: str = "", *, events: int = 1, **fields: Any) -> Customer:
    """A customer who placed an order of 20.00 for each of so many events, a month apart."""
    customer = make_customer(address, **fields)
    for number in range(events):
        make_order(make_event(date(2026, 1 + number, 14)), buyer=customer)
    return customer


def make_campaign(name: str = "", **fields: Any) -> Campaign:
    return Campaign.objects.create(name=name or f"Campaign {next(_numbers)}", **fields)


def make_touch(campaign: Campaign | None = None, **fields: Any) -> Touch:
    """A click by `customer`, or what a code of `order` tells, at the time of the order."""
    order = fields.get("order")
    number = next(_numbers)
    defaults = {
        "key": f"test {number}",
        "campaign": campaign,
        "customer": order.buyer if order else None,
        "kind": TouchKind.TRACKING_LINK if order else TouchKind.CLICK,
        "source": campaign.name if campaign else f"source-{number}",
        "occurred_at": order.ordered_at if order else None,
    }
    return Touch.objects.create(**defaults | fields)


def make_performer(name: str = "", **fields: Any) -> Performer:
    return Performer.objects.create(name=name or f"Performer {next(_numbers)}", **fields)


def make_agreement(event: Event | None = None, **fields: Any) -> PerformerAgreement:
    """An agreed flat fee of 100.00 in the event's currency; another `kind` names its numbers."""
    event = event or make_event()
    is_flat = fields.get("kind", DealKind.FLAT) == DealKind.FLAT
    defaults = {
        "event": event,
        "currency": event.currency,
        "guarantee": Decimal("100.00") if is_flat else None,
    }
    if "performer" not in fields:
        defaults["performer"] = make_performer()
    return PerformerAgreement.objects.create(**defaults | fields)


def make_account(**fields: Any) -> BankAccount:
    """A bank account in EUR whose statements are taken in whole."""
    number = next(_numbers)
    return BankAccount.objects.create(**{"name": f"Bank {number}", "payout_words": ""} | fields)


def make_deposit(amount: str | Decimal = "100.00", **fields: Any) -> Deposit:
    """A deposit in the account's currency, booked five days after the usual show."""
    account = fields.get("account") or make_account(currency=fields.get("currency", "EUR"))
    defaults = {
        "account": account,
        "amount": Decimal(amount),
        "currency": account.currency,
        "booked_on": date(2026, 3, 19),
        "description": "EVENTBRITE PAYOUT",
    }
    return Deposit.objects.create(**defaults | fields)


def make_paid_event(
    payout: str | Decimal = "100.00", starts_on: date = date(2026, 3, 14), **fields: Any
) -> Event:
    """A show with one order processed by Eventbrite, of which so much is to be paid out."""
    event = make_event(starts_on, **fields)
    order = make_order(event, gross=Decimal(payout))
    make_line(order, LedgerKind.SALE, payout)
    return event
