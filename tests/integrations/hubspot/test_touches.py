"""What HubSpot knows of where a person came from, as touches."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Campaign, CampaignCode, CodeKind, Touch, TouchKind
from integrations.hubspot.touches import note_sources
from integrations.models import System
from integrations.sync import sync_run

FIRST, LATEST = "hs_analytics_first_timestamp", "hs_latest_source_timestamp"
MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
KNOWN = {
    "hs_analytics_source": "EMAIL_MARKETING",
    FIRST: "2026-03-01T12:00:00Z",
    "hs_latest_source": "SOCIAL_MEDIA",
    LATEST: "2026-05-01T12:00:00Z",
}


@pytest.fixture
def newsletter(db) -> Campaign:
    campaign = Campaign.objects.create(name="Newsletter")
    CampaignCode.objects.create(campaign=campaign, kind=CodeKind.CRM, code="email_marketing")
    return campaign


def touches():
    rows = Touch.objects.order_by("occurred_at").select_related("campaign", "customer")
    return [
        (touch.kind, touch.source, touch.customer.email, str(touch.campaign or ""))
        for touch in rows
    ]


def test_the_first_and_the_latest_source_are_touches_of_the_customer(world, sync, newsletter):
    world.add_contact("ada@x.org", **KNOWN)

    log = sync(pull_only=True)

    assert touches() == [
        (TouchKind.FIRST_SOURCE, "EMAIL_MARKETING", "ada@x.org", "Newsletter"),
        (TouchKind.LATEST_SOURCE, "SOCIAL_MEDIA", "ada@x.org", ""),
    ]
    assert Touch.objects.get(kind=TouchKind.FIRST_SOURCE).occurred_at == MARCH
    assert log.counts["touches"]["created"] == 2


def test_reading_again_adds_nothing(world, sync):
    world.add_contact("ada@x.org", **KNOWN)
    sync(pull_only=True)

    log = sync(pull_only=True, full=True)

    assert Touch.objects.count() == 2
    assert (log.counts["touches"]["created"], log.counts["touches"]["updated"]) == (0, 0)


def test_a_later_source_is_one_more_touch(world, sync):
    contact = world.add_contact("ada@x.org", **KNOWN)
    sync(pull_only=True)

    world.edit_contact(
        contact["id"], hs_latest_source="REFERRALS", **{LATEST: "2026-06-01T12:00:00Z"}
    )
    sync(pull_only=True)

    assert [source for _, source, *_ in touches()] == [
        "EMAIL_MARKETING",
        "SOCIAL_MEDIA",
        "REFERRALS",
    ]


def test_a_source_without_a_time_is_no_touch(world, sync):
    world.add_contact("ada@x.org", hs_analytics_source="OFFLINE", hs_latest_source="OFFLINE")

    sync(pull_only=True)

    assert touches() == []


def test_a_campaign_gets_the_touches_of_a_source_that_becomes_its_code_and_gives_them_back(
    world, sync, newsletter
):
    world.add_contact("ada@x.org", **KNOWN)
    sync(pull_only=True)
    code = newsletter.codes.create(kind=CodeKind.CRM, code="Social_Media")

    sync(pull_only=True)
    claimed = touches()
    code.delete()
    sync(pull_only=True)

    assert [campaign for *_, campaign in claimed] == ["Newsletter", "Newsletter"]
    assert [campaign for *_, campaign in touches()] == ["Newsletter", ""]


def test_three_contacts_need_as_many_queries_as_thirty(world, sync):
    def queries(name, number):
        for n in range(number):
            world.add_contact(f"{name}{n}@x.org", **KNOWN)
        sync(pull_only=True)
        with sync_run(System.HUBSPOT, "test") as log, CaptureQueriesContext(connection) as taken:
            note_sources(log, full=True)
        return len(taken)

    few = queries("few", 3)

    many = queries("many", 30)

    assert many == few
    assert Touch.objects.count() == 66
