"""The page of one person: who may see it, what it shows, and how one pages through."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from customers.models import Touch, TouchKind
from customers.services import refresh_rollups
from tests.factories import make_buyer
from tests.staff import client_of

pytestmark = pytest.mark.django_db


def url_of(customer) -> str:
    return f"/admin/customers/customer/{customer.pk}/360/"


@pytest.mark.parametrize(
    ("role", "status"), [("Marketing", 200), ("Box office", 200), ("Finance", 403), ("Viewer", 403)]
)
def test_who_may_view_customers_may_open_it(role, status):
    assert client_of(role).get(url_of(make_buyer())).status_code == status


def test_box_office_sees_orders_and_the_contact_since_it_reviews_matches():
    text = client_of("Box office").get(url_of(make_buyer())).text

    assert "Ordered: " in text
    assert "Why linked" in text
    assert "Side by side" in text


def test_days_stand_side_by_side_as_everywhere():
    buyer = make_buyer()
    refresh_rollups()

    page = client_of("Marketing").get(url_of(buyer))

    (panel,) = [panel for panel in page.context["panels"] if panel.title == "Side by side"]
    days = [str(value) for row in panel.rows for value in row[1:4] if "2026" in str(value)]
    assert set(days) == {"14 Jan 2026"}


def test_the_page_of_a_customer_leads_there():
    customer = make_buyer()

    page = client_of("Marketing").get(
        reverse("admin:customers_customer_change", args=[customer.pk])
    )

    assert url_of(customer) in page.text


def test_an_unknown_customer_has_no_page():
    assert client_of("Marketing").get("/admin/customers/customer/999/360/").status_code == 404


def test_older_entries_are_a_page_away_and_a_kind_a_click():
    customer = make_buyer()
    Touch.objects.bulk_create(
        Touch(
            key=f"{number}",
            customer=customer,
            kind=TouchKind.CLICK,
            source=f"mail {number}",
            occurred_at=datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=number),
        )
        for number in range(30)
    )
    staff = client_of("Marketing")

    mails = staff.get(url_of(customer), {"kind": "email"})
    older = staff.get(mails.context["older_url"])
    wrong = staff.get(url_of(customer), {"kind": "none", "after": "garbage"})

    assert [tab["number"] for tab in mails.context["tabs"]] == [33, 1, 30, 2]
    assert "mail 29" in mails.text
    assert "mail 4<" not in mails.text
    assert "mail 4<" in older.text
    assert "Ordered: " not in older.text
    assert "Nothing of this kind." in wrong.text
