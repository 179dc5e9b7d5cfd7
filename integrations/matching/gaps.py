"""What is missing or double between customers, contacts and shows: each kind counted and listed.

A new kind is one entry of GAPS; the report, its counts and its files follow from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, NullIf
from django.urls import reverse

from customers.models import Consent, Customer, EmailAddress
from events.models import Event
from integrations.inbox.words import name_of, words
from integrations.models import ContactLink, LinkState, MatchSuggestion, SuggestionRule


class Side(StrEnum):
    """What there is so many of in all."""

    CUSTOMERS = "customers"
    CONTACTS = "contacts"
    EVENTS = "events"


class Group(StrEnum):
    LINKS = "Links"
    DOUBLES = "Perhaps one person"
    MISSING = "Missing values"


def people() -> QuerySet[Customer]:
    return Customer.objects.filter(erased_at=None).order_by()


def contacts() -> QuerySet[ContactLink]:
    return ContactLink.objects.live().filter(erased_at=None).order_by()


EVERYTHING: dict[Side, Callable[[], QuerySet[Any]]] = {
    Side.CUSTOMERS: people,
    Side.CONTACTS: contacts,
    Side.EVENTS: lambda: Event.objects.order_by(),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """One kind. `record`, `address` and `evidence` are expressions on `rows`; `page` shows a row,
    given its primary key."""

    slug: str
    group: Group
    title: str
    help: str
    side: Side
    rows: Callable[[], QuerySet[Any]]
    record: Combinable
    address: Combinable
    evidence: Combinable
    page: Callable[[int], str]


def _page_of(name: str) -> Callable[[int], str]:
    return lambda pk: reverse(f"admin:{name}_change", args=[pk])


def _pair_page(pk: int) -> str:
    return f"{reverse('matches')}?pair={pk}"


def _contact_page(pk: int) -> str:
    return reverse("match-contact", args=[pk])


def _primary(customer: str) -> Coalesce:
    """The primary address of a customer, "" where there is none."""
    own = EmailAddress.objects.filter(customer=OuterRef(customer), is_primary=True)
    return Coalesce(Subquery(own.values("address")[:1]), Value(""), output_field=CharField())


def _called(customer: str) -> Coalesce:
    number = words(Value("Customer "), Cast(f"{customer}__pk", CharField()))
    return Coalesce(name_of(customer), number, output_field=CharField())


_PERSON = Coalesce(
    NullIf(words("first_name", Value(" "), "last_name"), Value(" ")),
    words(Value("Customer "), Cast("pk", CharField())),
    output_field=CharField(),
)
_CONTACT = words(Value("Contact "), F("hubspot_id"))


def _without_contact() -> QuerySet[Any]:
    in_force = ContactLink.objects.linked().filter(customer=OuterRef("pk"))
    return people().filter(~Exists(in_force))


def _why_without() -> Case:
    suggested = ContactLink.objects.suggested().filter(customer=OuterRef("pk"))
    has_address = EmailAddress.objects.filter(customer=OuterRef("pk"))
    return Case(
        When(Exists(suggested), then=Value("A contact is suggested and waits for a decision.")),
        When(
            ~Exists(has_address), then=Value("They have no address, by which contacts are known.")
        ),
        When(
            events_booked=0,
            then=Value("No contact has their address, and Nova makes none: they booked nothing."),
        ),
        default=Value("No contact has one of their addresses."),
        output_field=CharField(),
    )


def _alone() -> QuerySet[Any]:
    return contacts().filter(state__in=[LinkState.UNMATCHED, LinkState.REJECTED])


def _missing(
    slug: str, title: str, help_text: str, why: str, rows: Callable[[], QuerySet[Any]]
) -> Gap:
    return Gap(
        slug,
        Group.MISSING,
        title,
        help_text,
        Side.CUSTOMERS,
        rows,
        _PERSON,
        _primary("pk"),
        Value(why, output_field=CharField()),
        _page_of("customers_customer"),
    )


def _pair(rule: SuggestionRule, title: str, help_text: str) -> Gap:
    return Gap(
        f"customers-{rule}",
        Group.DOUBLES,
        title,
        help_text,
        Side.CUSTOMERS,
        lambda: MatchSuggestion.objects.open().of_customers().filter(rule=rule).order_by(),
        words(_called("customer"), Value(" and "), _called("other")),
        words(_primary("customer"), Value(" / "), _primary("other")),
        F("evidence"),
        _pair_page,
    )


GAPS: tuple[Gap, ...] = (
    Gap(
        "contacts-alone",
        Group.LINKS,
        "Contacts without customer",
        "HubSpot contacts that stand for nobody in Nova: without a usable address, or unlinked by "
        "staff. Link them by hand, or give them an address in HubSpot.",
        Side.CONTACTS,
        _alone,
        _CONTACT,
        F("email"),
        F("evidence"),
        _contact_page,
    ),
    Gap(
        "customers-alone",
        Group.LINKS,
        "Customers without contact",
        "People in Nova for whom no HubSpot contact stands.",
        Side.CUSTOMERS,
        _without_contact,
        _PERSON,
        _primary("pk"),
        _why_without(),
        _page_of("customers_customer"),
    ),
    Gap(
        "contact-suggested",
        Group.LINKS,
        "Contacts with a suggested customer",
        "Contacts that stand for nobody, and a customer with the same mailbox, or the same name "
        "and phone.",
        Side.CONTACTS,
        lambda: MatchSuggestion.objects.open().of_contacts().order_by(),
        words(Value("Contact "), F("link__hubspot_id"), Value(" and "), _called("customer")),
        words(F("link__email"), Value(" / "), _primary("customer")),
        F("evidence"),
        _pair_page,
    ),
    _pair(
        SuggestionRule.SECONDARY,
        "Two customers, one contact",
        "A HubSpot contact has addresses of two customers.",
    ),
    _pair(
        SuggestionRule.MAILBOX,
        "Two customers, one mailbox",
        "Their addresses differ by what mail servers ignore: a +tag, dots at Gmail.",
    ),
    _pair(
        SuggestionRule.MISTYPED,
        "Two customers, a typing error",
        "One address is the other's with a common domain mistyped, such as gmial.com.",
    ),
    _pair(
        SuggestionRule.NAME_PHONE,
        "Two customers, one name and phone",
        "The same name and the same number, however the number is written.",
    ),
    Gap(
        "contacts-double",
        Group.DOUBLES,
        "Two contacts, one customer",
        "A second HubSpot contact of a customer, who has one in force.",
        Side.CONTACTS,
        lambda: ContactLink.objects.suggested().order_by(),
        words(_CONTACT, Value(" and "), _called("customer")),
        words(F("email"), Value(" / "), _primary("customer")),
        F("evidence"),
        lambda pk: f"{reverse('matches')}?tab=doubles&pair={pk}",
    ),
    _missing(
        "no-address",
        "Customers without address",
        "Nobody can write to them, and no sync can know them again.",
        "There is no e-mail address.",
        lambda: people().filter(~Exists(EmailAddress.objects.filter(customer=OuterRef("pk")))),
    ),
    _missing(
        "no-consent",
        "Customers not asked for consent",
        "Neither a yes nor a no to marketing is known.",
        "Marketing consent is “Not asked”.",
        lambda: people().filter(consent=Consent.UNKNOWN),
    ),
    _missing(
        "no-source",
        "Customers without source",
        "Nobody knows how they came to us; HubSpot tells it of contacts.",
        "HubSpot tells no acquisition source of them.",
        lambda: people().filter(source=""),
    ),
    Gap(
        "no-show-type",
        Group.MISSING,
        "Shows without type",
        "They are missing in every figure by show type.",
        Side.EVENTS,
        lambda: Event.objects.without_show_type().order_by(),
        words(F("name"), Value(", "), Cast("starts_on", CharField())),
        Value("", output_field=CharField()),
        Value(
            "No rule gives it a type. Choose one, or add a rule to a show type.",
            output_field=CharField(),
        ),
        _page_of("events_event"),
    ),
)


def gap_of(slug: str) -> Gap | None:
    return next((gap for gap in GAPS if gap.slug == slug), None)
