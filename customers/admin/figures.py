"""What people did, in figures with what they mean."""

from datetime import date

from django.conf import settings

from customers.admin.segments import segment_figure
from customers.models import Customer, CustomerType
from nova_project.admin import badge, money
from nova_project.money import company_currency
from nova_project.panels import Figure

TYPE_TONES = {
    CustomerType.LEAD: "plain",
    CustomerType.NEW: "busy",
    CustomerType.RETURNING: "good",
    CustomerType.VIP: "special",
}


def customer_type(customer: Customer) -> str:
    return badge(
        customer.get_customer_type_display(), TYPE_TONES[CustomerType(customer.customer_type)]
    )


def figures_of(customer: Customer) -> list[Figure]:
    """The rollups with what they mean."""
    return [
        Figure(
            "Type",
            customer_type(customer),
            "New: one booked event. Returning: two or more. "
            f"VIP: {settings.NOVA_VIP_EVENTS} or more, or a total spend of "
            f"{settings.NOVA_VIP_SPEND} or more. Lead: none yet.",
        ),
        Figure(
            "Booked events",
            customer.events_booked,
            "Different events, not cancelled, in which they hold a valid seat or placed an order.",
        ),
        Figure(
            "Attended events",
            customer.events_attended,
            "Booked events that have started; checked in, where the event used check-in.",
        ),
        Figure("Seats", customer.seats_count, "Valid seats that bear their own address."),
        Figure(
            "Total spend",
            money(customer.total_spend, company_currency()),
            "What they paid as a buyer less refunds, in the company's currency only.",
        ),
        segment_figure(customer),
        Figure("First booked event", day_shown(customer.first_event_on)),
        Figure("Last booked event", day_shown(customer.last_event_on)),
    ]


def day_shown(day: date | None) -> str:
    return f"{day:%-d %b %Y}" if day else "–"
