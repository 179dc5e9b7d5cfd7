"""Links that something in Nova may have decided since their contacts were read last."""

from collections.abc import Mapping

from django.db.models import Exists, OuterRef
from django.utils import timezone

from customers.models import Customer, EmailAddress
from integrations.hubspot.mapping import Contact
from integrations.hubspot.match import store_contacts
from integrations.models import ContactLink, LinkState
from integrations.privacy import erase_links
from integrations.sync import RunLog


def settle_links(log: RunLog, owners: Mapping[str, str] | None) -> None:
    """Looks again at links that something in Nova may have decided since. Six queries if not."""
    _forget_erased()
    _forget_doubles()
    _promote_suggested()
    matched = ContactLink.objects.live().filter(state=LinkState.UNMATCHED)
    has_owner = Exists(EmailAddress.objects.filter(address=OuterRef("email")))
    rows = matched.exclude(email="").filter(has_owner).values_list("hubspot_id", "seen")
    contacts = [Contact(hubspot_id, seen) for hubspot_id, seen in rows]
    log.count("contacts", store_contacts(contacts, log, owners))


def _forget_erased() -> None:
    """Links of erased people lose what a run that was under way has written into them since."""
    of_erased = ContactLink.objects.filter(customer__in=Customer.objects.erased())
    back = ContactLink.objects.erased().exclude(email="", customer=None, seen={})
    # Not in the order of the keys: SQLite would go through the whole table for it.
    parts = (links.order_by().values_list("pk", flat=True) for links in (of_erased, back))
    keys = {pk for part in parts for pk in part}
    if keys:
        erase_links(keys)


def _forget_doubles() -> None:
    """A contact is one customer's only, once no other has an address of it: staff saw to that."""
    doubled = ContactLink.objects.doubled().values_list("pk", "email", "other_emails", "also")
    links = {pk: (also, [email, *more.split(";")]) for pk, email, more, also in doubled}
    if not links:
        return
    wanted = [address for _, addresses in links.values() for address in addresses]
    rows = EmailAddress.objects.filter(address__among=wanted)
    owners = dict(rows.values_list("address", "customer_id"))
    over = [pk for pk, (also, had) in links.items() if also not in map(owners.get, had)]
    ContactLink.objects.filter(pk__in=over).update(also=None, updated_at=timezone.now())


def _promote_suggested() -> None:
    """Where the contact in force is gone, the first one suggested takes its place."""
    other = ContactLink.objects.linked().filter(customer=OuterRef("customer"))
    waiting = ContactLink.objects.suggested().filter(~Exists(other)).order_by("-pk")
    first = dict(waiting.values_list("customer_id", "pk"))
    if first:
        ContactLink.objects.filter(pk__in=first.values()).update(
            state=LinkState.AUTO,
            is_push_due=True,
            evidence="The contact that stood for this person is gone; this one has an address.",
            updated_at=timezone.now(),
        )
