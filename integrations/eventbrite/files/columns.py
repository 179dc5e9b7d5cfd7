"""The columns that Nova reads in Eventbrite's reports."""

from import_export.widgets import Widget

from customers.models import Order
from integrations.eventbrite.files.cells import (
    ORDER_STATES,
    SEAT_STATES,
    IdWidget,
    MomentOfFileWidget,
    TimeWidget,
    WordWidget,
)
from integrations.eventbrite.files.headings import HEADINGS
from nova_project.imports.amounts import AmountWidget, CurrencyWidget
from nova_project.imports.columns import Column, TextWidget
from nova_project.imports.resource import BulkResource


def _column(name: str, widget: Widget, *, example: str = "", help: str = "") -> Column:
    heading, *others = HEADINGS[name].split("|")
    also = f"Also: {', '.join(others)}. " if others else ""
    hint = help or getattr(widget, "hint", "")
    return Column(name, widget, heading=heading, example=example, help=f"{also}{hint}")


class ReportColumns(BulkResource):
    """Those of orders and of attendees reports alike; a file has some of them."""

    order_id = _column("order_id", IdWidget(), example="1234567890")
    order_date = _column("order_date", MomentOfFileWidget(), example="2026-02-01 18:30:00+01:00")
    order_status = _column("order_status", WordWidget(ORDER_STATES))
    attendee_id = _column("attendee_id", IdWidget(), example="2345678901")
    barcode = _column("barcode", IdWidget(), help="Tells seats apart where there is no Attendee #.")
    attendee_status = _column("attendee_status", WordWidget(SEAT_STATES), example="Attending")
    ticket_type = _column("ticket_type", TextWidget(200), example="Standard")
    quantity = _column("quantity", TextWidget(12), example="1")
    first_name = _column("first_name", TextWidget(120), example="Ada")
    last_name = _column("last_name", TextWidget(120), example="Smith")
    email = _column("email", TextWidget(254), example="ada@example.org")
    buyer_first_name = _column("buyer_first_name", TextWidget(120), example="Ada")
    buyer_last_name = _column("buyer_last_name", TextWidget(120), example="Smith")
    buyer_email = _column("buyer_email", TextWidget(254), example="ada@example.org")
    event_id = _column("event_id", IdWidget(), example="3456789012")
    event_name = _column("event_name", TextWidget(250), example="Comedy Night")
    date_attending = _column("date_attending", MomentOfFileWidget())
    event_day = _column("event_day", MomentOfFileWidget(), example="2026-03-14")
    event_time = _column("event_time", TimeWidget(), example="19:30:00")
    time_zone = _column(
        "time_zone",
        TextWidget(64),
        example="Europe/Berlin",
        help="The company's where it is blank.",
    )
    currency = _column(
        "currency",
        CurrencyWidget(),
        example="EUR",
        help="May also stand in the headings of amounts: Gross Revenue (EUR).",
    )
    gross = _column("gross", AmountWidget(), example="23.10")
    eventbrite_fee = _column("eventbrite_fee", AmountWidget(), example="1.60")
    payment_fee = _column("payment_fee", AmountWidget(), example="0.50")
    fees_total = _column(
        "fees_total",
        AmountWidget(),
        help="Counts as Eventbrite's fee where the two fees are not told.",
    )
    tax = _column("tax", AmountWidget(), example="1.00")
    refund = _column(
        "refund",
        AmountWidget(),
        help="Not in Eventbrite's reports: add it to say what was given back.",
    )
    checked_in_at = _column("checked_in_at", MomentOfFileWidget())
    affiliate = _column("affiliate", TextWidget(120))
    phone = _column("phone", TextWidget(40))
    city = _column("city", TextWidget(120))
    country = _column("country", TextWidget(80))

    class Meta:
        model = Order
