"""What HubSpot, Nova and Eventbrite hold of one person, side by side, and where they differ."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, Sum

from customers.models import Attendance, Consent, Customer, Order
from events.models import Event, EventStatus
from integrations.hubspot.agreement import merge_contact, to_send
from integrations.hubspot.labels import property_label
from integrations.hubspot.mapping import (
    FIGURES,
    FIRST_EVENT,
    LAST_EVENT,
    OPTED_OUT,
    PERSONAL,
    SCORES,
    TAGS,
    TOTAL_SPEND,
    changes,
)
from integrations.hubspot.plan import known_of
from integrations.models import ContactLink
from nova_project.money import ZERO, company_currency

EQUAL, OWN, CONFLICT = "equal", "each keeps its own", "conflict"
TAKEN, WRITTEN = "to be taken over", "to be written"


@dataclass(frozen=True, slots=True)
class Compared:
    """One property of a contact against Nova's value, and what comes of it."""

    name: str
    hubspot: str
    nova: str
    state: str


def compare(customer: Customer, link: ContactLink) -> list[Compared]:
    """The properties that Nova has a value for. One query."""
    known = known_of(Customer.objects.filter(pk=customer.pk))[customer.pk]
    merged = merge_contact(link.agreed, known.shared, link.seen)
    planned = changes(known.figures, link.seen)
    kept = (*FIGURES, TAGS, *(name for name in SCORES if name in link.seen))
    wanted = {name: link.seen.get(name, "") for name in kept} | planned
    ours = dict(zip(PERSONAL.values(), known.shared, strict=True)) | wanted
    states = {PERSONAL[name]: CONFLICT for name in merged.conflicts}
    states |= {PERSONAL[name]: TAKEN for name in merged.take}
    states |= dict.fromkeys({*planned, *to_send(merged)}, WRITTEN)
    return [
        Compared(name, theirs, value, states.get(name) or (EQUAL if theirs == value else OWN))
        for name, value in ours.items()
        for theirs in [link.seen.get(name, "")]
    ]


@dataclass(frozen=True, slots=True)
class Side:
    """One fact of a person as each system has it; None where the system does not keep it."""

    label: str
    nova: str | None
    hubspot: str | None
    eventbrite: str | None
    differs: bool
    state: str


def side_by_side(customer: Customer, link: ContactLink | None) -> list[Side]:
    """Facts in the order in which staff read them. Four queries.

    `link` is the contact in force; without one HubSpot's column is empty.
    """
    there = _on_eventbrite(customer)
    seen = link.seen if link else {}
    names = " ".join(part for part in (seen.get("firstname"), seen.get("lastname")) if part)
    opted_out = "yes" if seen.get(OPTED_OUT) == "true" else "no"
    sides = [
        _side("Name", customer.name, names if link else None, there.pop("name")),
        _side("E-mail", customer.email, seen.get("email", "") if link else None),
        _side(
            "Opted out",
            "yes" if customer.consent == Consent.OPTED_OUT else "no",
            opted_out if link else None,
        ),
    ]
    for row in compare(customer, link) if link else _alone(customer):
        hubspot = row.hubspot if link else None
        label = property_label(row.name)
        sides.append(_side(label, row.nova, hubspot, there.get(row.name), row.state))
    return sides


def _side(
    label: str,
    nova: str | None,
    hubspot: str | None = None,
    eventbrite: str | None = None,
    state: str = "",
) -> Side:
    held = {" ".join(text.split()) for text in (nova, hubspot, eventbrite) if text is not None}
    differs = len(held) > 1
    return Side(label, nova, hubspot, eventbrite, differs, state or ("differs" if differs else ""))


def _alone(customer: Customer) -> list[Compared]:
    """What Nova has of a person without a contact."""
    known = known_of(Customer.objects.filter(pk=customer.pk))[customer.pk]
    ours = dict(zip(PERSONAL.values(), known.shared, strict=True)) | changes(known.figures, {})
    return [Compared(name, "", value, "") for name, value in ours.items()]


def _on_eventbrite(customer: Customer) -> dict[str, str | None]:
    """What Eventbrite's own orders and seats say, by property; nothing of sales at the door."""
    orders = Order.objects.filter(buyer=customer).exclude(eventbrite_id=None)
    named = orders.exclude(buyer_name="").order_by("-ordered_at", "-pk")
    money = orders.paid().filter(currency=company_currency())
    told = money.aggregate(paid=Sum("gross_paid"), refunded=Sum("refund"))
    number, first, last = _booked_on_eventbrite(customer)
    if not number:
        return {"name": None}
    spent = (told["paid"] or ZERO) - (told["refunded"] or ZERO)
    return {
        "name": named.values_list("buyer_name", flat=True).first(),
        TOTAL_SPEND: f"{spent.normalize():f}" if spent else "0",
        FIRST_EVENT: first.isoformat() if first else "",
        LAST_EVENT: last.isoformat() if last else "",
    }


def _booked_on_eventbrite(customer: Customer) -> tuple[int, date | None, date | None]:
    """How many events the person booked there, the first and the last day."""
    orders = Order.objects.placed().filter(buyer=customer, event=OuterRef("pk"))
    seats = Attendance.objects.valid().filter(holder=customer, event=OuterRef("pk"))
    booked = Q(Exists(orders.exclude(eventbrite_id=None)))
    booked |= Q(Exists(seats.exclude(eventbrite_id=None)))
    told = (
        Event.objects.filter(booked)
        .exclude(status__in=[EventStatus.CANCELLED, EventStatus.DELETED])
        .order_by()
        .aggregate(number=Count("pk"), first=Min("starts_on"), last=Max("starts_on"))
    )
    return told["number"], told["first"], told["last"]
