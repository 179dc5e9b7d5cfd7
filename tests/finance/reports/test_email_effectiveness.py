"""E-mails and what they led to."""

from datetime import UTC, date, datetime, timedelta

import pytest

from customers.models import CampaignEmailStats, TouchKind
from finance.models import LedgerKind
from tests.factories import (
    make_campaign,
    make_customer,
    make_event,
    make_line,
    make_order,
    make_touch,
)

pytestmark = pytest.mark.django_db

URL = "/admin/reports/email-effectiveness/"
MARCH = {"start": "2026-03-01", "end": "2026-03-31"}


def send(campaign, email="1", at=datetime(2026, 3, 2, 9, tzinfo=UTC), day=3, **counts):
    return CampaignEmailStats.objects.create(
        campaign=campaign,
        email_id=email,
        email_name=f"Letter {email}",
        published_at=at,
        as_of=date(2026, 3, day),
        **counts,
    )


def sell(campaign, net, kind=TouchKind.CLICK):
    order = make_order(make_event(), net, buyer=make_customer())
    make_line(order, LedgerKind.SALE, net)
    at = order.ordered_at - timedelta(days=1)
    make_touch(campaign, customer=order.buyer, occurred_at=at, kind=kind)


def exported(client, **filters):
    response = client.get(URL, {**MARCH, **filters, "export": "csv"})
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode().splitlines()


def test_each_campaign_has_its_last_counts_and_what_it_sold_per_thousand(admin_client):
    spring = make_campaign("Spring")
    send(spring, "1", day=3, sent=900, delivered=100, clicked=1)
    send(spring, "1", day=5, sent=1000, delivered=980, opened=400, clicked=49, bounced=20)
    send(spring, "2", day=4, sent=1020, delivered=1020, clicked=51, unsubscribed=5)
    send(spring, "3", at=datetime(2026, 4, 2, tzinfo=UTC), sent=7, delivered=7)
    send(None, "4", sent=10, delivered=10)
    sell(spring, "60.00")
    sell(spring, "40.00")
    sell(spring, "999.00", kind=TouchKind.OPEN)

    rows = exported(admin_client)

    assert rows == [
        "Campaign,Currency,E-mails,Sent,Delivered,Opened,Clicked,Click rate %,Bounce rate %,"
        "Bounced,Unsubscribed,Orders,Net sales,Orders per 1000 delivered,"
        "Net sales per 1000 delivered,As of",
        "Spring,EUR,2,2020,2000,400,100,5.00,0.99,20,5,2,100.00,1.00,50.00,2026-03-05",
        "No campaign,EUR,1,10,10,0,0,0.00,0.00,0,0,0,0.00,0.00,0.00,2026-03-03",
    ]


def test_what_was_not_delivered_has_no_rates(admin_client):
    send(make_campaign("Spring"), sent=3, bounced=3)

    page = admin_client.get(URL, MARCH)

    assert exported(admin_client)[1] == "Spring,EUR,1,3,0,0,0,,100.00,3,0,0,0.00,,,2026-03-03"
    assert "opened e-mails earn nothing" in page.content.decode()
