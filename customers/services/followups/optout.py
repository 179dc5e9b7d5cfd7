"""The link in every follow-up by which somebody ends all marketing e-mails."""

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from customers.models import Consent, Customer, CustomerMerge
from nova_project.bulk import recorded

_SALT = "follow-up opt-out"
NOBODY = 0
"""Whom the link of a test message is about."""
REASON = "Unsubscribed by the link in a follow-up"
"""What the history of a customer says of it."""


def opt_out_url(customer_id: int) -> str:
    """The address, as the world knows it. It names nobody and cannot be made up."""
    path = reverse("unsubscribe", args=[signing.dumps(customer_id, salt=_SALT)])
    return f"{public_url()}{path}"


def public_url() -> str:
    """The address that the world knows; this machine's own where none is set."""
    return settings.NOVA_PUBLIC_URL or "http://127.0.0.1:8000"


def person_of(token: str) -> Customer | None:
    """Whom a link is about, also after two became one; None: nobody, or no more.

    Raises BadSignature: Nova did not make this link.
    """
    pk = signing.loads(token, salt=_SALT)
    seen: set[int] = set()
    while pk and pk not in seen:
        seen.add(pk)
        if person := Customer.objects.filter(pk=pk).first():
            return person
        merges = CustomerMerge.objects.standing().filter(merged_id=pk)
        pk = merges.values_list("survivor_id", flat=True).first()
    return None


def opt_out(customer: Customer) -> None:
    """Takes the consent back, for good: no sync and no import gives it again, only a person does.

    Doing it again changes nothing.
    """
    people = Customer.objects.filter(pk=customer.pk).exclude(consent=Consent.OPTED_OUT)
    with recorded(Customer, list(people.values_list("pk", flat=True)), REASON):
        people.update(consent=Consent.OPTED_OUT, updated_at=timezone.now())
