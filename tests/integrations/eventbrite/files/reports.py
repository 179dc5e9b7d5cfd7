"""Eventbrite's reports of a sandbox world, as its organiser would export them."""

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

_ORDER_WORDS = {"placed": "Completed", "refunded": "Refunded/Canceled", "cancelled": "Canceled"}


def _csv(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def orders_report(world):
    """The new orders report."""
    events = {event["id"]: event for event in world.dump("events")}
    return _csv([_order(row, events[row["event_id"]]) for row in world.dump("orders")])


def _order(row, event):
    costs = {name: part["major_value"] for name, part in row["costs"].items() if _is_money(part)}
    return {
        "Order ID": row["id"],
        "Order date": _at_event(row["created"], event),
        "Buyer first name": row["first_name"],
        "Buyer last name": row["last_name"],
        "Buyer email": row["email"],
        **_event(event),
        "Currency": event["currency"],
        "Payment status": _ORDER_WORDS.get(row["status"], row["status"]),
        "Gross sales": costs["gross"],
        "Eventbrite service fee": costs["eventbrite_fee"],
        "Eventbrite payment processing fee": costs["payment_fee"],
        "Organizer tax": costs["tax"],
    }


def seats_report(world):
    """The classic attendees report in full."""
    events = {event["id"]: event for event in world.dump("events")}
    orders = {order["id"]: order for order in world.dump("orders")}
    return _csv(
        [
            _seat(row, orders[row["order_id"]], events[row["event_id"]])
            for row in world.dump("attendees")
        ]
    )


def _seat(row, order, event):
    costs = {name: part["major_value"] for name, part in row["costs"].items() if _is_money(part)}
    used = next((code for code in row["barcodes"] if code["status"] == "used"), None)
    bought = _order(order, event)
    return {
        "Order #": row["order_id"],
        "Order Date": order["created"],
        "Buyer First Name": bought["Buyer first name"],
        "Buyer Last Name": bought["Buyer last name"],
        "Buyer Email": order["email"],
        "Attendee #": row["id"],
        "First Name": row["profile"]["first_name"],
        "Last Name": row["profile"]["last_name"],
        "Email": row["profile"]["email"],
        "Ticket Type": row["ticket_class_name"],
        "Affiliate": row["affiliate"] or "",
        **_event(event),
        "Currency": event["currency"],
        "Total Paid": costs["gross"],
        "Eventbrite Fees": costs["eventbrite_fee"],
        "Eventbrite Payment Processing": costs["payment_fee"],
        "Tax Paid": costs["tax"],
        "Attendee Status": "Checked In" if used and row["status"] == "Attending" else row["status"],
        "Check-In Date": used["changed"] if used else "",
    }


def _event(event):
    day, _, time = event["start"]["local"].partition("T")
    return {
        "Event name": event["name"]["text"],
        "Event ID": event["id"],
        "Event start date": day,
        "Event start time": time,
        "Event timezone": event["start"]["timezone"],
    }


def without_ids(report):
    """The report as exported without the column of the event's id."""
    rows = list(csv.DictReader(io.StringIO(report)))
    return _csv([{name: row[name] for name in row if name != "Event ID"} for row in rows])


def _at_event(moment, event):
    zone = ZoneInfo(event["start"]["timezone"])
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _is_money(part):
    return isinstance(part, dict) and "major_value" in part
