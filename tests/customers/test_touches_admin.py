"""Codes that nobody claims, and whom campaigns reached, in the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import Campaign, CampaignCode, CodeKind, Touch, TouchKind
from customers.services import note_order_codes
from tests.factories import make_customer, make_order, make_seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def sell(code, orders=1):
    for _ in range(orders):
        order = make_order(buyer=make_customer())
        make_seat(order, affiliate_code=code)
        note_order_codes([order.pk])


def test_codes_that_no_campaign_has_are_listed_with_how_often_they_were_seen(client):
    sell("flyer", orders=2)
    sell("poster")
    campaign = Campaign.objects.create(name="Posters")
    CampaignCode.objects.create(campaign=campaign, code="POSTER")
    sell("Poster")

    page = client.get(reverse("admin:customers_campaigncode_changelist"))

    [panel] = page.context["list_panels"]
    assert [(row[0], row[1], row[2]) for row in panel.rows] == [
        ("flyer", "Tracking link", "2"),
        ("poster", "Tracking link", "1"),
    ]
    assert "?kind=affiliate&amp;code=flyer" in page.content.decode()


def test_a_code_that_is_given_to_a_campaign_brings_its_touches(client):
    sell("flyer", orders=2)
    campaign = Campaign.objects.create(name="Flyers")
    form = reverse("admin:customers_campaigncode_add")
    shown = client.get(form, {"kind": "affiliate", "code": "flyer"})
    assert shown.context["adminform"].form.initial["code"] == "flyer"

    client.post(form, {"kind": "affiliate", "code": "Flyer", "campaign": campaign.pk})

    assert campaign.touches.count() == 2
    page = client.get(reverse("admin:customers_campaign_change", args=[campaign.pk]))
    counts = next(p for p in page.context["panels_below"] if p.title == "Touches by kind")
    assert [row[:4] for row in counts.rows] == [("Tracking link", "2", "2", "2")]


def test_a_code_that_is_deleted_leaves_its_touches_unclaimed(client):
    sell("flyer")
    campaign = Campaign.objects.create(name="Flyers")
    code = CampaignCode.objects.create(campaign=campaign, code="flyer", kind=CodeKind.AFFILIATE)
    sell("flyer")
    assert campaign.touches.count() == 1

    client.post(reverse("admin:customers_campaigncode_delete", args=[code.pk]), {"post": "yes"})

    assert Touch.objects.unclaimed().filter(kind=TouchKind.TRACKING_LINK).count() == 2
