import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import (
    Attendance,
    Customer,
    EmailAddress,
    Order,
    OrderStatus,
    Suppression,
)
from tests.factories import make_customer, make_order, make_seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def post(client: Client, customer: Customer, *addresses: tuple[EmailAddress | None, str, bool]):
    """Saves the customer's page with these rows of addresses: row, text, is it primary."""
    known = [row for row, _, _ in addresses if row]
    form = {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "consent": "unknown",
        "addresses-TOTAL_FORMS": len(addresses),
        "addresses-INITIAL_FORMS": len(known),
    }
    for place, (row, text, is_primary) in enumerate(addresses):
        prefix = f"addresses-{place}"
        form |= {f"{prefix}-address": text, f"{prefix}-customer": customer.pk}
        form |= {f"{prefix}-id": row.pk} if row else {}
        form |= {f"{prefix}-is_primary": "on"} if is_primary else {}
    return client.post(reverse("admin:customers_customer_change", args=[customer.pk]), form)


@pytest.mark.parametrize("term", ["ada lovelace", "SECOND@example.org", "0301234", "second@"])
def test_a_customer_is_found_by_name_any_address_or_phone(client, term):
    ada = make_customer("first@example.org", last_name="Lovelace", phone="+49 0301234")
    EmailAddress.objects.create(customer=ada, address="second@example.org")
    make_customer("other@example.org")

    response = client.get(reverse("admin:customers_customer_changelist"), {"q": term})

    assert list(response.context["cl"].result_list) == [ada]


def test_another_address_becomes_the_primary_one(client):
    ada = make_customer("first@example.org")
    first = ada.addresses.get()
    second = EmailAddress.objects.create(customer=ada, address="second@example.org")

    post(client, ada, (second, "second@example.org", True), (first, "first@example.org", False))

    assert list(ada.addresses.values_list("address", "is_primary")) == [
        ("second@example.org", True),
        ("first@example.org", False),
    ]


def test_two_primary_addresses_are_refused(client):
    ada = make_customer("first@example.org")

    response = post(
        client,
        ada,
        (ada.addresses.get(), "first@example.org", True),
        (None, "second@example.org", True),
    )

    assert "Mark exactly one of the addresses as primary." in response.text
    assert ada.addresses.count() == 1


def test_an_address_is_kept_in_small_letters(client):
    ada = make_customer("first@example.org")

    post(
        client,
        ada,
        (ada.addresses.get(), "first@example.org", True),
        (None, " Second@Example.ORG", False),
    )

    assert ada.addresses.filter(address="second@example.org").exists()


def test_an_address_of_another_customer_is_refused(client):
    ada = make_customer("first@example.org")
    make_customer("taken@example.org")

    response = post(
        client,
        ada,
        (ada.addresses.get(), "first@example.org", True),
        (None, "TAKEN@example.org", False),
    )

    assert "Another customer has this address" in response.text


def test_an_erased_person_does_not_come_back_by_hand(client):
    ada = make_customer("first@example.org")
    Suppression.objects.create(digest=Suppression.digest_of("gone@example.org"))

    response = post(
        client,
        ada,
        (ada.addresses.get(), "first@example.org", True),
        (None, "gone@example.org", False),
    )

    assert "asked to be forgotten" in response.text
    assert not EmailAddress.objects.filter(address="gone@example.org").exists()


def test_figures_cannot_be_posted(client):
    ada = make_customer("first@example.org", total_spend="20.00")

    client.post(
        reverse("admin:customers_customer_change", args=[ada.pk]),
        {
            "first_name": "Ada",
            "consent": "in",
            "total_spend": "9999",
            "lifecycle_stage": "customer",
            "addresses-TOTAL_FORMS": 0,
            "addresses-INITIAL_FORMS": 0,
        },
    )

    ada.refresh_from_db()
    assert ada.consent == "in"
    assert (str(ada.total_spend), ada.lifecycle_stage) == ("20.000", "")


def test_the_page_of_a_customer_shows_seats_orders_and_definitions(client):
    ada = make_customer()
    order = make_order(buyer=ada)
    make_seat(order, holder=ada, ticket_name="Balcony")

    page = client.get(reverse("admin:customers_customer_change", args=[ada.pk])).text

    assert "Balcony" in page
    assert order.eventbrite_id in page
    assert "Booked events that have started" in page


def test_an_order_cannot_be_changed_added_or_deleted_by_anybody(client):
    order = make_order()
    change = reverse("admin:customers_order_change", args=[order.pk])
    delete = reverse("admin:customers_order_delete", args=[order.pk])

    statuses = [
        client.post(change, {"status": "refunded"}).status_code,
        client.post(delete, {"post": "yes"}).status_code,
        client.get(reverse("admin:customers_order_add")).status_code,
    ]

    assert statuses == [403, 403, 403]
    assert Order.objects.get().status == OrderStatus.PLACED


def test_a_seat_of_eventbrite_cannot_be_corrected_and_one_of_our_own_can(client):
    order = make_order(buyer=make_customer())
    theirs, ours = make_seat(order), make_seat(order, eventbrite_id=None)
    form = {"status": "checked_in", "guest_name": "Grace", "price": "20", "currency": "EUR"}

    for seat in (theirs, ours):
        client.post(reverse("admin:customers_attendance_change", args=[seat.pk]), form)

    assert dict(Attendance.objects.values_list("pk", "guest_name")) == {
        theirs.pk: "",
        ours.pk: "Grace",
    }
