"""Which heading of an Eventbrite report is which column: two generations, English and German."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from nova_project.imports.layout import Layout
from nova_project.imports.reading import normal
from nova_project.imports.rows import PROBLEM
from nova_project.money import EXPONENTS

HEADINGS = {
    "order_id": "Order #|Order no.|Order ID|Bestellnr.",
    "order_date": "Order Date|Date|Bestelldatum",
    "order_status": "Payment status|Status",
    "attendee_id": "Attendee #|Attendee no.|Teilnehmernummer",
    "barcode": "Barcode #|Barcode no.|Barcode number|Barcode-Nr.",
    "attendee_status": "Attendee Status|Teilnehmerstatus",
    "ticket_type": "Ticket Type|Ticketart",
    "quantity": "Quantity|QTY",
    "first_name": "First Name|Attendee first name|Vorname",
    "last_name": "Last Name|Surname|Attendee last name|Attendee Surname|Nachname",
    "email": "Email|Attendee email|Email Address",
    "buyer_first_name": "Buyer First Name",
    "buyer_last_name": "Buyer Last Name|Buyer Surname",
    "buyer_email": "Buyer Email",
    "event_id": "Event ID",
    "event_name": "Event Name",
    "date_attending": "Date Attending",
    "event_day": "Event start date",
    "event_time": "Event start time",
    "time_zone": "Event timezone",
    "currency": "Currency",
    "gross": "Total Paid|Amount|Gross Revenue|Gross sales",
    "eventbrite_fee": "Eventbrite Fees|Eventbrite service fee",
    "payment_fee": "Eventbrite Payment Processing|Eventbrite payment processing fee",
    "fees_total": "Fees Paid",
    "tax": "Tax Paid|Organizer tax|Organiser tax",
    "refund": "Refund",
    "checked_in_at": "Check-In Date",
    "affiliate": "Affiliate",
    "phone": "Home Phone|Cell Phone|Mobile Phone",
    "city": "Home City",
    "country": "Home Country",
}
"""Columns by name; the headings that Eventbrite gives them, the first one as Nova shows it."""

MONEY = ("gross", "eventbrite_fee", "payment_fee", "fees_total", "tax", "refund")
_SEAT_ONLY = ("attendee_id", "barcode", "attendee_status", "ticket_type")
_NAMED = {
    normal(heading): name for name, all_of in HEADINGS.items() for heading in all_of.split("|")
}
_IN_CURRENCY = re.compile(r"(.+?)\s*\(([A-Z]{3})\)")


@dataclass(frozen=True, slots=True)
class FileLayout:
    """Where the columns are, whether a row is a seat, and the currency that headings name."""

    layout: Layout
    is_of_seats: bool
    currency: str

    def says(self, name: str) -> bool:
        return name in self.layout.places


def known_headings() -> set[str]:
    """Normalised, to find the separator of a CSV by."""
    return set(_NAMED)


def read_headings(headings: Sequence[str]) -> FileLayout:
    """Finds the columns, of a doubled heading the first: own questions stand at the end.

    Raises ValidationError: this is no orders or attendees report, or it names no event.
    """
    places: dict[str, int] = {}
    passed_over: list[str] = []
    currencies: set[str] = set()
    for place, heading in enumerate(headings):
        name, currency = _column(heading)
        if name and name not in places:
            places[name] = place
            currencies |= {currency} - {""}
        elif heading and normal(heading) != normal(PROBLEM):
            passed_over.append(heading)
    is_of_seats = any(name in places for name in _SEAT_ONLY)
    _refuse(places, is_of_seats, currencies)
    notices = [f"Not needed and passed over: {', '.join(passed_over)}."] if passed_over else []
    layout = Layout(places, len(headings), notices)
    return FileLayout(layout, is_of_seats, currencies.pop() if currencies else "")


def _column(heading: str) -> tuple[str | None, str]:
    found = _IN_CURRENCY.fullmatch(heading.strip())
    if found and found[2] in EXPONENTS and _NAMED.get(normal(found[1])) in MONEY:
        return _NAMED[normal(found[1])], found[2]
    return _NAMED.get(normal(heading)), ""


def _refuse(places: dict[str, int], is_of_seats: bool, currencies: set[str]) -> None:
    if "order_id" not in places:
        raise ValidationError(
            "The file has no column with the order's number (Order ID, Order # or Bestellnr.). In "
            "Eventbrite choose Reports, then Orders or Attendees, and export with that column.",
            code="missing_columns",
        )
    if is_of_seats and not {"attendee_id", "barcode"} & places.keys():
        raise ValidationError(
            "The file has seats and no column that tells one from the other (Attendee # or Barcode "
            "number). Export the attendees report again with one of them.",
            code="missing_columns",
        )
    if not is_of_seats and "gross" not in places:
        raise ValidationError(
            "The file is no orders report, for it does not say what was paid (Gross sales), and no "
            "attendees report, for it has no Attendee #. Export one of the two from Eventbrite.",
            code="missing_columns",
        )
    if not {"event_id", "event_name"} & places.keys():
        raise ValidationError(
            "The file does not say which event it is about. Add a column “Event ID” with the "
            "event's number in every row: it is in the address of the event's page on Eventbrite.",
            code="missing_columns",
        )
    if len(currencies) > 1:
        raise ValidationError(
            "The headings name two currencies. Export one currency at a time.", code="currencies"
        )
