"""One person as a whole: who it is, what the systems hold, what is linked, planned and open."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import timezone

from customers.models import Customer, Order, clean_address
from integrations.customer360.beside import Side, side_by_side
from integrations.customer360.header import Header, header_of
from integrations.customer360.places import (
    eventbrite_event,
    hubspot_contact,
    hubspot_deal,
    in_nova,
)
from integrations.customer360.telling import in_words, stage_of
from integrations.customer360.timeline import May, Timeline, timeline
from integrations.hubspot.deals.account import SALES
from integrations.hubspot.plans import kind_label
from integrations.models import ContactLink, DealLink, HubSpotDeal, RemoteWrite
from integrations.models.links import LINKED
from nova_project.money import quantize

MAY_VIEW = "customers.view_customer"
MAY_VIEW_LINKS = "integrations.view_contactlink"
MAY_VIEW_WRITES = "integrations.view_remotewrite"
_MOST_DEALS, _MOST_WRITES = 100, 100


@dataclass(frozen=True, slots=True)
class Link:
    """A HubSpot contact that is, was or may be this person, and why Nova thinks so."""

    hubspot_id: str
    email: str
    state: str
    rule: str
    evidence: str
    is_in_force: bool
    nova_url: str
    hubspot_url: str


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal in HubSpot: of an order of the person, or of another pipeline."""

    hubspot_id: str
    name: str
    pipeline: str
    stage: str
    amount: Decimal | None
    currency: str
    closes_on: date | None
    owner: str
    nova_url: str
    hubspot_url: str


@dataclass(frozen=True, slots=True)
class PendingWrite:
    """What Nova means to write to HubSpot about the person."""

    id: int
    object_type: str
    operation: str
    label: str
    state: str
    fields: str
    reason: str
    nova_url: str


@dataclass(frozen=True, slots=True)
class Places:
    """Where the person is to be seen; "" where it is nowhere, or the address is not known."""

    nova: str
    hubspot: str
    eventbrite: str


@dataclass(frozen=True, slots=True)
class Customer360:
    """All of one person. None stands for what the reader has no right to see."""

    header: Header
    places: Places
    sides: list[Side] | None
    links: list[Link] | None
    deals: list[Deal] | None
    pending_writes: list[PendingWrite] | None
    timeline: Timeline


def find_customer(address: str) -> Customer | None:
    """The person who has this address, in any spelling, first or not; None: nobody has.

    Erased people have no address. Two queries.
    """
    if not clean_address(address):
        return None
    return Customer.objects.known_by(address).prefetch_related("addresses").first()


def customer_360(
    customer: Customer, may: May, *, kinds: Collection[str] = (), after: str = "", size: int = 50
) -> Customer360:
    """All of a person that the reader `may` see, with a page of the timeline.

    At most 40 queries, however much there is. Raises NotACursor: `after` is no place.
    """
    page = timeline(customer, may, kinds=kinds, after=after, size=size)
    links = list(customer.contact_links.order_by("pk"))
    in_force = next((link for link in links if _is_in_force(link)), None)
    sees_links = may(MAY_VIEW_LINKS)
    return Customer360(
        header=header_of(customer),
        places=_places(customer, in_force if sees_links else None),
        sides=side_by_side(customer, in_force) if sees_links else None,
        links=[_link(link) for link in links] if sees_links else None,
        deals=_deals(customer, may),
        pending_writes=_pending(customer) if may(MAY_VIEW_WRITES) else None,
        timeline=page,
    )


def _is_in_force(link: ContactLink) -> bool:
    """The same rule as `ContactLinkQuerySet.linked`."""
    return link.state in LINKED and link.archived_at is None


def _places(customer: Customer, link: ContactLink | None) -> Places:
    orders = Order.objects.filter(buyer=customer).exclude(eventbrite_id=None)
    latest = orders.order_by("-ordered_at", "-pk").values_list("event__eventbrite_id", flat=True)
    return Places(
        nova=in_nova(customer),
        hubspot=hubspot_contact(link.hubspot_id) if link else "",
        eventbrite=eventbrite_event(latest.first()),
    )


def _link(link: ContactLink) -> Link:
    return Link(
        link.hubspot_id,
        link.email,
        "Gone from HubSpot" if link.archived_at else link.get_state_display(),
        link.get_rule_display(),
        link.evidence,
        _is_in_force(link),
        in_nova(link),
        hubspot_contact(link.hubspot_id),
    )


def _deals(customer: Customer, may: May) -> list[Deal] | None:
    """The latest hundred of each sort, those of orders first; None: the reader may see neither."""
    sorts = []
    if may("integrations.view_deallink"):
        own = DealLink.objects.filter(order__buyer=customer).select_related("order")
        sorts.append([_order_deal(deal) for deal in own.order_by("-pk")[:_MOST_DEALS]])
    if may("integrations.view_hubspotdeal"):
        linked = ContactLink.objects.linked().filter(customer=customer)
        others = HubSpotDeal.objects.filter(ties__link__in=linked).order_by("-closes_on", "-pk")
        sorts.append([_other_deal(deal) for deal in others[:_MOST_DEALS]])
    return [deal for deals in sorts for deal in deals] if sorts else None


def _order_deal(deal: DealLink) -> Deal:
    order = deal.order
    amount = None if order is None else quantize(order.gross_paid - order.refund, order.currency)
    return Deal(
        hubspot_id=deal.hubspot_id,
        name=deal.name or str(order or ""),
        pipeline=SALES,
        stage=stage_of(deal),
        amount=amount,
        currency=order.currency if order else "",
        closes_on=timezone.localdate(order.ordered_at) if order else None,
        owner="",
        nova_url=in_nova(deal),
        hubspot_url=hubspot_deal(deal.hubspot_id),
    )


def _other_deal(deal: HubSpotDeal) -> Deal:
    return Deal(
        hubspot_id=deal.hubspot_id,
        name=str(deal),
        pipeline=deal.pipeline,
        stage="Gone from HubSpot" if deal.archived_at else deal.stage,
        amount=deal.amount,
        currency=deal.currency,
        closes_on=deal.closes_on,
        owner=deal.owner,
        nova_url=in_nova(deal),
        hubspot_url=hubspot_deal(deal.hubspot_id),
    )


def _pending(customer: Customer) -> list[PendingWrite]:
    rows = RemoteWrite.objects.open().filter(customer=customer).order_by("-pk")
    return [
        PendingWrite(
            write.pk,
            write.object_type,
            write.operation,
            kind_label(write.object_type, write.operation, is_one=True),
            write.get_state_display(),
            in_words(write),
            write.reason,
            in_nova(write),
        )
        for write in rows[:_MOST_WRITES]
    ]
