"""Forgetting a person for good, as far as this app knows of people."""

from collections.abc import Collection, Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from customers.models import (
    Attendance,
    Consent,
    Customer,
    EmailAddress,
    LeadScore,
    Order,
    Suppression,
    clean_address,
)

_PERSONAL = (
    "first_name last_name phone city country note lifecycle_stage owner source latest_source"
)


def erase_person(*, email: str) -> Customer:
    """Removes what tells who the owner of `email` is; their orders stay, as an unnamed buyer's.

    What other apps know of the person is theirs to remove.
    Raises ValidationError: nobody has this address (`not_found`).
    """
    customer = Customer.objects.known_by(email).first()
    if customer is None:
        raise ValidationError("Nobody in Nova has this address.", code="not_found")
    erase_customers([customer.pk], addresses=[clean_address(email)])
    customer.refresh_from_db()
    return customer


@transaction.atomic
def erase_customers(customer_ids: Collection[int], *, addresses: Iterable[str] = ()) -> None:
    """Takes all that tells who they are from these customers, their orders and their seats.

    Their addresses, and `addresses` with them, are kept as hashes, so that no sync and no import
    brings them back. Amounts, orders and seats stay. Doing it again does no harm.
    """
    people = Customer.objects.filter(pk__in=customer_ids)
    list(people.order_by("pk").select_for_update().values_list("pk"))  # waits for a sync's page
    own = EmailAddress.objects.filter(customer__in=customer_ids)
    Suppression.objects.keep_away({*own.values_list("address", flat=True), *addresses})
    now = timezone.now()
    blanks = dict.fromkeys(_PERSONAL.split(), "")
    people.update(
        **blanks, consent=Consent.OPTED_OUT, lead_score=None, lead_band="", updated_at=now
    )
    LeadScore.objects.filter(customer__in=customer_ids).delete()
    people.filter(erased_at=None).update(erased_at=now)
    own.delete()
    Customer.history.filter(id__in=customer_ids).delete()
    EmailAddress.history.filter(customer_id__in=customer_ids).delete()
    _forget_names(customer_ids)


def _forget_names(customer_ids: Collection[int]) -> None:
    """Guests without an address are known through the buyer, so their names go, too."""
    now = timezone.now()
    orders = Order.objects.filter(buyer__in=customer_ids)
    named = orders.exclude(buyer_name="", is_buyer_erased=True)
    named.update(buyer_name="", is_buyer_erased=True, updated_at=now)
    guests = Attendance.objects.filter(order__in=orders, holder=None)
    for seats in (guests, Attendance.objects.filter(holder__in=customer_ids)):
        seats.exclude(guest_name="").update(guest_name="", updated_at=now)


def erased_among(customer_ids: Collection[int]) -> set[int]:
    """Those of the customers who have been forgotten."""
    if not customer_ids:
        return set()
    return set(Customer.objects.erased().filter(pk__in=customer_ids).values_list("pk", flat=True))
