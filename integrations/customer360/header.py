"""Who a person is, in figures: the head of their page and of the API's answer."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db.models import Max
from django.utils import timezone

from customers.models import Attendance, Customer, LeadScore, Order, Touch
from nova_project.money import company_currency, quantize


@dataclass(frozen=True, slots=True)
class Header:
    """Who the person is, in figures. `total_spend` is in `currency`; times are UTC."""

    id: int
    name: str
    email: str
    addresses: list[str]
    phone: str
    city: str
    country: str
    type: str
    type_label: str
    total_spend: Decimal
    currency: str
    booked_events: int
    attended_events: int
    seats: int
    first_event_on: date | None
    last_event_on: date | None
    lead_score: int | None
    lead_band: str
    lead_chance_percent: Decimal | None
    lead_reasons: list[str]
    expected_visits: Decimal | None
    last_seen_at: datetime | None
    consent: str
    consent_label: str
    owner: str
    lifecycle_stage: str
    source: str
    latest_source: str
    last_contacted_at: datetime | None
    emails_delivered: int
    emails_opened: int
    emails_clicked: int


def header_of(customer: Customer) -> Header:
    """Four queries."""
    currency = company_currency()
    lead = LeadScore.objects.filter(customer=customer).first() or LeadScore(customer=customer)
    return Header(
        id=customer.pk,
        name=customer.name,
        email=customer.email,
        addresses=[address.address for address in customer.addresses.all()],
        phone=customer.phone,
        city=customer.city,
        country=customer.country,
        type=customer.customer_type,
        type_label=customer.get_customer_type_display(),
        total_spend=quantize(customer.total_spend, currency),
        currency=currency,
        booked_events=customer.events_booked,
        attended_events=customer.events_attended,
        seats=customer.seats_count,
        first_event_on=customer.first_event_on,
        last_event_on=customer.last_event_on,
        lead_score=customer.lead_score,
        lead_band=customer.lead_band,
        lead_chance_percent=lead.chance,
        lead_reasons=lead.words,
        expected_visits=lead.expected_visits,
        last_seen_at=_last_seen(customer),
        consent=customer.consent,
        consent_label=customer.get_consent_display(),
        owner=customer.owner,
        lifecycle_stage=customer.lifecycle_stage,
        source=customer.source,
        latest_source=customer.latest_source,
        last_contacted_at=customer.last_contacted_at,
        emails_delivered=customer.emails_delivered_count,
        emails_opened=customer.emails_opened_count,
        emails_clicked=customer.emails_clicked_count,
    )


def _last_seen(customer: Customer) -> datetime | None:
    """When the person was last heard of: an order, a check-in, a touch, a logged contact."""
    now = timezone.now()
    found = [
        Order.objects.filter(buyer=customer).aggregate(at=Max("ordered_at"))["at"],
        Attendance.objects.filter(holder=customer).aggregate(at=Max("checked_in_at"))["at"],
        Touch.objects.filter(customer=customer).aggregate(at=Max("occurred_at"))["at"],
        customer.last_contacted_at,
    ]
    past = [at for at in found if at is not None and at <= now]
    return max(past).astimezone(UTC) if past else None
