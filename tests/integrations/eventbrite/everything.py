"""All that Nova holds of what Eventbrite told it, to be compared between one run and another."""

from django.db import transaction

from customers.models import Attendance, Customer, EmailAddress, Order, Touch
from events.models import Event, TicketClass, Venue
from finance.models import LedgerLine

OWN = {"id", "created_at", "updated_at", "known_at"}
"""Columns that tell when and where Nova wrote a row, and not what Eventbrite says."""


BY_KEY = {
    "event_id": "event__eventbrite_id",
    "order_id": "order__eventbrite_id",
    "venue_id": "venue__eventbrite_id",
    "ticket_class_id": "ticket_class__eventbrite_id",
    "buyer_id": "buyer__addresses__address",
    "holder_id": "holder__addresses__address",
    "customer_id": "customer__first_name",
}
"""Related rows by what Eventbrite calls them, since primary keys differ from run to run."""


def rows(model):
    """All that a table says of Eventbrite's records."""
    names = [f.attname for f in model._meta.concrete_fields if f.attname not in OWN]
    return sorted(model.objects.values_list(*(BY_KEY.get(n, n) for n in names)), key=repr)


def everything():
    return {
        model.__name__: rows(model)
        for model in (Venue, Event, TicketClass, Order, Attendance, EmailAddress, LedgerLine, Touch)
    } | {"Customer": sorted(map(repr, Customer.objects.values_list(*FIGURES)))}


FIGURES = ("first_name", "last_name", "consent", "events_booked", "seats_count", "total_spend")


def undisturbed(pull):
    """What a first run in one go leaves behind; taken back afterwards."""
    with transaction.atomic():
        pull()
        found = everything()
        transaction.set_rollback(True)
    assert not Order.objects.exists()
    return found
