"""Two rows side by side, as staff compare them: what each holds, and where they differ."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils import timezone

from customers.models import Attendance, Customer, Order
from integrations.models import ContactLink, LinkState
from integrations.models.links import LINKED
from nova_project.models import count_of
from nova_project.money import company_currency, format_money

LABELS = (
    "Name",
    "Addresses",
    "Phone",
    "Place",
    "Booked events",
    "Orders",
    "Seats",
    "Spend",
    "First and last event",
    "Consent",
    "Source",
    "Owner",
    "Lifecycle stage",
    "HubSpot",
    "Known since",
)
_CONTACT_VALUES = {
    "Phone": "phone",
    "Owner": "hubspot_owner_id",
    "Source": "hs_analytics_source",
    "Lifecycle stage": "lifecyclestage",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One value of both. A dot stands where a side does not keep it."""

    label: str
    one: str
    two: str

    @property
    def differs(self) -> bool:
        return "·" not in (self.one, self.two) and self.one != self.two


def beside(one: dict[str, str], two: dict[str, str]) -> list[Line]:
    """The lines in which either has something."""
    lines = [Line(label, one.get(label, "·"), two.get(label, "·")) for label in LABELS]
    return [line for line in lines if {line.one, line.two} - {"", "·", "–"}]


def customers_by_id(ids: Collection[int]) -> dict[int, Customer]:
    """With all that `of_customer` reads. Three queries."""
    rows: QuerySet[Customer] = Customer.objects.filter(pk__in=ids).annotate(
        order_count=count_of(Order.objects.all(), per="buyer"),
        seat_count=count_of(Attendance.objects.valid(), per="holder"),
    )
    found = rows.prefetch_related("addresses", "contact_links")
    return {customer.pk: customer for customer in found}


def of_customer(customer: Customer) -> dict[str, str]:
    """What Nova holds of a customer of `customers_by_id`."""
    days = (customer.first_event_on, customer.last_event_on)
    place = ", ".join(filter(None, (customer.city, customer.country)))
    return {
        "Name": customer.name or "–",
        "Addresses": ", ".join(a.address for a in customer.addresses.all()) or "–",
        "Phone": customer.phone or "–",
        "Place": place or "–",
        "Booked events": str(customer.events_booked),
        "Orders": str(getattr(customer, "order_count", "·")),
        "Seats": str(getattr(customer, "seat_count", "·")),
        "Spend": format_money(customer.total_spend, company_currency()),
        "First and last event": " – ".join(dict.fromkeys(_day(d) for d in days if d)) or "–",
        "Consent": customer.get_consent_display(),
        "Source": _words(customer.source),
        "Owner": customer.owner or "–",
        "Lifecycle stage": _words(customer.lifecycle_stage),
        "HubSpot": _contacts(customer.contact_links.all()),
        "Known since": _day(customer.created_at),
    }


def of_contact(link: ContactLink) -> dict[str, str]:
    """What HubSpot holds of a contact, as last read."""
    seen = {name: str(value or "") for name, value in link.seen.items()}
    addresses = [link.email, *link.other_emails.split(";")]
    place = ", ".join(filter(None, (seen.get("city"), seen.get("country"))))
    told = {label: seen.get(name, "") or "–" for label, name in _CONTACT_VALUES.items()}
    return told | {
        "Name": f"{seen.get('firstname', '')} {seen.get('lastname', '')}".strip() or "–",
        "Addresses": ", ".join(filter(None, addresses)) or "–",
        "Place": place or "–",
        "Source": _words(seen.get("hs_analytics_source", "")),
        "Lifecycle stage": _words(seen.get("lifecyclestage", "")),
        "HubSpot": f"Contact {link.hubspot_id}",
        "Known since": _day(link.created_at),
    }


def stands_for(customer: Customer) -> bool:
    """Has the customer a contact in force? No query after `customers_by_id`."""
    return any(_is_in_force(link) for link in customer.contact_links.all())


def better_kept(one: Customer, two: Customer) -> Customer:
    """Who stays unless staff choose otherwise: who has a contact, came more often, is older."""
    return max(one, two, key=lambda who: (stands_for(who), who.events_booked, -who.pk))


def _contacts(links: Iterable[ContactLink]) -> str:
    told = [
        f"Contact {link.hubspot_id}" + ("" if _is_in_force(link) else " (suggested)")
        for link in links
        if _is_in_force(link) or (link.state == LinkState.SUGGESTED and not link.archived_at)
    ]
    return ", ".join(told) or "–"


def _is_in_force(link: ContactLink) -> bool:
    return link.state in LINKED and link.archived_at is None


def _words(value: str) -> str:
    return value.replace("_", " ").capitalize() or "–"


def _day(moment: date | None) -> str:
    if moment is None:
        return "–"
    day = timezone.localdate(moment) if isinstance(moment, datetime) else moment
    return f"{day:%-d %b %Y}"
