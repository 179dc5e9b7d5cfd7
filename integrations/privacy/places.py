"""Where personal data lives, place by place, and what becomes of it when a person is erased.

A model that comes to hold what people are or say gets a place here. What merely quotes a person in
a text is found by `sweep` in every model, without being listed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet
from django.utils import timezone

from customers.models import Attendance, Customer, EmailAddress, Order
from integrations.models import (
    Conflict,
    ContactLink,
    DealLink,
    Delivery,
    HubSpotDeal,
    HubSpotDealContact,
    LinkState,
    MatchRule,
    Occurrence,
    Problem,
    RemoteWrite,
    System,
    WriteExclusion,
)
from integrations.models.links import ERASED
from integrations.notices import MASK
from integrations.privacy import matches, outreach
from integrations.privacy.subject import Subject
from nova_project.imports.erasing import forget_files, mask_rows, mentioning_jobs, mentioning_rows

Rows = QuerySet[Any]


def nothing(rows: Rows, subject: Subject) -> None:
    """What `customers.services` does already."""


def delete(rows: Rows, subject: Subject) -> None:
    rows.delete()


@dataclass(frozen=True, slots=True)
class Place:
    """Some rows about a person, and what becomes of them in the words of staff."""

    name: str
    fate: str
    rows: Callable[[Subject], Rows]
    erase: Callable[[Rows, Subject], None] = nothing


# --- Customers ------------------------------------------------------------------------------


def _versions(subject: Subject) -> Rows:
    return Customer.history.filter(id__in=subject.customers)


def _addresses(subject: Subject) -> Rows:
    return EmailAddress.objects.filter(customer__in=subject.customers)


def _seats(subject: Subject) -> Rows:
    own = Q(holder__in=subject.customers)
    return Attendance.objects.filter(own | Q(order__buyer__in=subject.customers, holder=None))


# --- HubSpot --------------------------------------------------------------------------------


def _links(subject: Subject) -> Rows:
    return ContactLink.objects.filter(pk__in=subject.links)


def empty_links(rows: Rows, subject: Subject) -> None:
    """The id stays, so that the contact is known as one of which nothing may be read."""
    now = timezone.now()
    keys = list(rows.values_list("pk", flat=True))
    ContactLink.objects.filter(also__in=subject.customers).update(also=None, updated_at=now)
    links = ContactLink.objects.filter(pk__in=keys)
    links.filter(erased_at=None).update(erased_at=now)
    links.update(
        customer=None,
        state=LinkState.UNMATCHED,
        rule=MatchRule.NONE,
        evidence=ERASED,
        email="",
        other_emails="",
        seen={},
        agreed=None,
        also=None,
        is_also_other=False,
        is_push_due=False,
        updated_at=now,
    )
    ContactLink.history.filter(id__in=keys).delete()


def _rejected(subject: Subject) -> Rows:
    """Contacts that staff said are somebody else: they stay, without the customer."""
    return ContactLink.objects.filter(customer__in=subject.customers).exclude(pk__in=subject.links)


def _release(rows: Rows, subject: Subject) -> None:
    keys = list(rows.values_list("pk", flat=True))
    rows.update(customer=None, updated_at=timezone.now())
    ContactLink.history.filter(id__in=keys).delete()


def _writes(subject: Subject) -> Q:
    """Writes about the contacts; those about orders are tied to the person by the customer."""
    subjects = [f"customer {pk}" for pk in subject.customers]
    people = Q(customer__in=subject.customers) | Q(link__in=subject.links)
    return (
        people | Q(subject__in=subjects) | Q(remote_id__in=subject.contacts, object_type="contacts")
    )


def _open_writes(subject: Subject) -> Rows:
    return RemoteWrite.objects.open().filter(_writes(subject))


def _past_writes(subject: Subject) -> Rows:
    return RemoteWrite.objects.filter(_writes(subject)).exclude(
        pk__in=RemoteWrite.objects.open().values("pk")
    )


def _mask_writes(rows: Rows, subject: Subject) -> None:
    """Which record and properties stays on record, with one word for all values.

    So an undo finds nothing to restore in them.
    """
    for write in list(rows):
        hidden = dict.fromkeys(write.after, MASK)
        RemoteWrite.objects.filter(pk=write.pk).update(
            before=hidden,
            after=hidden,
            replaced={},
            error=MASK if write.error else "",
            customer=None,
            link=None,
            subject="",
            is_held=False,
            updated_at=timezone.now(),
        )


def _deals_of_orders(subject: Subject) -> Rows:
    return DealLink.objects.filter(contact_id__in=subject.contacts)


def _untie_deals(rows: Rows, subject: Subject) -> None:
    rows.update(contact_id="", updated_at=timezone.now())


def _other_deals(subject: Subject) -> Rows:
    return HubSpotDeal.objects.filter(
        pk__in=HubSpotDealContact.objects.filter(link__in=subject.links).values("deal")
    )


def _unname_deals(rows: Rows, subject: Subject) -> None:
    """HubSpot names a deal after its contact, unless somebody thinks of another name."""
    rows.update(name="", updated_at=timezone.now())
    HubSpotDealContact.objects.filter(link__in=subject.links).delete()


# --- What was received, noted and uploaded --------------------------------------------------


def _deliveries(subject: Subject) -> Rows:
    return Delivery.objects.about(System.HUBSPOT, "contacts", subject.contacts)


def _empty_bodies(rows: Rows, subject: Subject) -> None:
    rows.exclude(body="").update(body=f'"{MASK}"', masked_at=timezone.now())


def _problems(subject: Subject) -> Rows:
    records = [f"contact {contact}" for contact in subject.contacts]
    return Problem.objects.filter(
        record__in=[*records, *(f"customer {pk}" for pk in subject.customers)]
    )


def _log_entries(subject: Subject) -> Rows:
    customers = [str(pk) for pk in subject.customers]
    people = Q(content_type__model="customer", object_id__in=customers)
    links = Q(content_type__model="contactlink", object_id__in=[str(pk) for pk in subject.links])
    return LogEntry.objects.filter(people | links)


def _unname_log(rows: Rows, subject: Subject) -> None:
    rows.update(object_repr="Erased person", change_message="")


PLACES = (
    Place(
        "customers",
        "Name, phone, place, note and what HubSpot says go. Figures stay, without a name.",
        lambda subject: Customer.objects.filter(pk__in=subject.customers),
    ),
    Place(
        "e-mail addresses",
        "Deleted. A keyed hash of each keeps syncs, imports and webhooks from bringing it back.",
        _addresses,
    ),
    Place("earlier versions", "The history of the customer is deleted.", _versions),
    Place(
        "orders",
        "The buyer's name goes. Amounts, status and codes stay.",
        lambda subject: Order.objects.filter(buyer__in=subject.customers),
    ),
    Place("seats", "Names go. The seats stay, as seats of nobody known.", _seats),
    Place(
        "merges",
        "Emptied: what either of the two held goes, and no undo brings it back.",
        matches.merges,
        matches.seal_merges,
    ),
    Place("suggested matches", "Deleted.", matches.suggestions, delete),
    Place(
        "touches from HubSpot",
        "The number of the contact goes. The touch stays, for the marketing reports.",
        outreach.crm_touches,
        outreach.unname_touches,
    ),
    Place(
        "planned follow-ups",
        "Deleted. They are never sent.",
        outreach.waiting_messages,
        delete,
    ),
    Place(
        "past follow-ups",
        "That one went out, or why not, stays without a name, for the results. No text and no "
        "address was ever kept.",
        outreach.past_messages,
    ),
    Place("planned writes", "Deleted. They are never sent to HubSpot.", _open_writes, delete),
    Place(
        "past writes",
        "Values are masked, and an undo leaves them out. That something was written stays.",
        _past_writes,
        _mask_writes,
    ),
    Place(
        "never written",
        "Deleted, for nothing is written any more.",
        lambda subject: WriteExclusion.objects.filter(customer__in=subject.customers),
        delete,
    ),
    Place(
        "HubSpot events",
        "Nova forgets that they were sent.",
        lambda subject: Occurrence.objects.filter(customer__in=subject.customers),
        delete,
    ),
    Place(
        "conflicts",
        "Deleted.",
        lambda subject: Conflict.objects.filter(link__in=subject.links),
        delete,
    ),
    Place(
        "HubSpot deals of orders",
        "The number of the contact goes. The deal stays.",
        _deals_of_orders,
        _untie_deals,
    ),
    Place(
        "other HubSpot deals",
        "The name of the deal goes, for HubSpot names deals after people.",
        _other_deals,
        _unname_deals,
    ),
    Place(
        "HubSpot links",
        "Emptied and closed. Only HubSpot's number of the contact stays, to keep it out.",
        _links,
        empty_links,
    ),
    Place("rejected links", "They name the customer no more.", _rejected, _release),
    Place("webhooks", "What was received is masked.", _deliveries, _empty_bodies),
    Place("problems", "Deleted.", _problems, delete),
    Place(
        "uploaded files",
        "Files with an address of the person are deleted; unfinished imports are cancelled.",
        lambda subject: mentioning_jobs(subject.addresses),
        lambda rows, subject: forget_files(rows),
    ),
    Place(
        "rows of imports",
        "What was given is masked.",
        lambda subject: mentioning_rows(subject.addresses | subject.phones),
        lambda rows, subject: mask_rows(rows),
    ),
    Place("log of the admin", "The name goes.", _log_entries, _unname_log),
)
"""In the order in which they are erased: links come after what is found through them."""
