"""Touches in and out by CSV."""

from datetime import UTC, datetime

import pytest
from tablib import Dataset

from customers.models import Touch
from customers.resources import TouchResource
from tests.factories import make_campaign, make_customer, make_order, make_touch

pytestmark = pytest.mark.django_db

HEADINGS = ("Customer e-mail", "Kind", "Source", "Campaign", "When")
AT = datetime(2026, 3, 14, 18, 30, tzinfo=UTC)


def take_in(*rows, headings=HEADINGS):
    result = TouchResource().import_data(Dataset(*rows, headers=headings))
    return dict(result.totals), [
        message for row in result.rows for message in map(str, row.validation_error or [])
    ]


def test_a_file_adds_touches_and_again_adds_none():
    ada = make_customer("ada@example.org")
    campaign = make_campaign("Spring")
    rows = [
        ("ADA@example.org", "click", "letter", "spring", "2026-03-14 19:30"),
        ("ada@example.org", "E-mail opened", "letter", "", "2026-03-14 19:31"),
    ]

    take_in(*rows)
    again, _ = take_in(*rows)

    touch = Touch.objects.get(kind="click")
    assert (touch.customer, touch.campaign, touch.occurred_at) == (ada, campaign, AT)
    assert Touch.objects.count() == 2
    assert again["skip"] == 2


def test_rows_that_cannot_be_are_refused_by_line():
    make_customer("ada@example.org")

    _, problems = take_in(
        ("nobody@example.org", "click", "letter", "", "2026-03-14 19:30"),
        ("ada@example.org", "wink", "letter", "", "2026-03-14 19:30"),
        ("ada@example.org", "click", "letter", "Winter", "2026-03-14 19:30"),
        ("", "click", "letter", "", "2026-03-14 19:30"),
    )

    assert Touch.objects.count() == 0
    text = " ".join(problems)
    assert "There is no customer with this address: “nobody@example.org”." in text
    assert "“wink” is none of" in text
    assert "There is no campaign “Winter”." in text
    assert "Is missing, and so is the order." in text


def test_an_export_comes_back_unchanged_and_touches_of_orders_are_not_changed_by_files():
    order = make_order(buyer=make_customer("ada@example.org"), eventbrite_id="777")
    make_touch(make_campaign("Spring"), order=order, key="order 777 tracking spring")
    make_touch(None, customer=make_customer("bob@example.org"), occurred_at=AT, source="web")

    exported = TouchResource().export(Touch.objects.order_by("pk"))
    back = TouchResource().import_data(exported)
    _, problems = take_in(
        ("order 777 tracking spring", "Tracking link", "other", "2026-03-14 19:30"),
        headings=("Touch ID", "Kind", "Source", "When"),
    )

    assert exported["Order ID"] == ["777", ""]
    assert exported["Customer e-mail"] == ["ada@example.org", "bob@example.org"]
    assert dict(back.totals)["skip"] == 2
    assert "the next sync would undo the change" in " ".join(problems)
