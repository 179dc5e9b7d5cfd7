"""HubSpot's campaigns and the counts of their e-mails, as they come to Nova."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Campaign, CampaignCode, CampaignEmailStats, Channel, CodeKind
from integrations.hubspot.campaigns.records import EmailCounts, RemoteCampaign
from integrations.models import Cursor, Problem
from integrations.sync import save_cursor

COUNTS = ("sent", "delivered", "opened", "clicked", "bounced", "unsubscribed")


def yesterday():
    """Lets the next run read again, as on the day after."""
    day = timezone.localdate() - timedelta(days=1)
    Cursor.objects.filter(stream="campaigns").update(position={"done_on": day.isoformat()})
    CampaignEmailStats.objects.filter(as_of=timezone.localdate()).update(as_of=day)


def codes(campaign):
    return set(campaign.codes.values_list("kind", "code"))


def test_a_campaign_of_hubspot_becomes_one_of_novas(world, sync):
    row = world.add_campaign(
        "IG Story",
        budget="3000.00",
        start=date(2026, 1, 5),
        end=date(2026, 6, 5),
        hs_utm="igstory",
    )

    log = sync(pull_only=True)

    campaign = Campaign.objects.get()
    assert (campaign.name, campaign.channel) == ("IG Story", Channel.OTHER)
    assert (campaign.start_on, campaign.end_on) == (date(2026, 1, 5), date(2026, 6, 5))
    assert (campaign.budget, campaign.currency) == (Decimal("3000.000"), "EUR")
    assert codes(campaign) == {(CodeKind.CRM, row["id"]), (CodeKind.UTM, "igstory")}
    assert log.counts["campaigns"]["created"] == 1
    assert campaign.history.count() == 1


@pytest.mark.parametrize("how", ["name", *CodeKind.values[:3]])
def test_a_campaign_that_staff_keep_already_is_linked_and_blanks_are_filled(world, sync, how):
    ours = Campaign.objects.create(
        name="ig story" if how == "name" else "Instagram", channel=Channel.SOCIAL, budget=50
    )
    if how != "name":
        CampaignCode.objects.create(campaign=ours, kind=how, code="IGstory")
    row = world.add_campaign("IG Story", budget="9", start=date(2026, 1, 5), hs_utm="igstory")

    sync(pull_only=True)

    campaign = Campaign.objects.get()
    assert (campaign.pk, campaign.channel, campaign.budget) == (ours.pk, Channel.SOCIAL, 50)
    assert campaign.start_on == date(2026, 1, 5)
    assert (CodeKind.CRM, row["id"]) in codes(campaign)


def test_two_campaigns_of_one_name_stay_two(world, sync):
    first, second = world.add_campaign("Gala"), world.add_campaign("Gala")

    sync(pull_only=True)

    assert set(Campaign.objects.values_list("name", "codes__code")) == {
        ("Gala", first["id"]),
        ("Gala (2)", second["id"]),
    }


def test_a_campaign_that_hubspot_renames_stays_the_same(world, sync):
    row = world.add_campaign("Gala")
    sync(pull_only=True)
    values = row["properties"] | {"hs_name": "Grand gala"}
    world.store.put("campaigns", row | {"properties": values})

    log = sync(pull_only=True, full=True)

    assert Campaign.objects.get().name == "Gala"
    assert log.counts["campaigns"] == {"created": 0, "updated": 0, "unchanged": 1}


def test_the_counts_of_an_email_come_with_its_campaign(world, sync):
    campaign = world.add_campaign("Newsletter")
    world.add_email(
        "May", campaign=campaign, sent=100, delivered=99, open=30, click=5, bounce=1, unsubscribed=2
    )
    world.add_email("Alone", sent=7)
    world.add_email("Draft", campaign=campaign, state="DRAFT")

    log = sync(pull_only=True)

    newsletter = Campaign.objects.get()
    assert newsletter.channel == Channel.EMAIL
    rows = CampaignEmailStats.objects.order_by("email_id").values_list(
        "campaign", "email_name", *COUNTS
    )
    assert list(rows) == [
        (newsletter.pk, "May", 100, 99, 30, 5, 1, 2),
        (None, "Alone", 7, 0, 0, 0, 0, 0),
    ]
    assert log.counts["campaign e-mails"]["created"] == 2


def test_a_day_on_which_counts_move_adds_a_row_and_a_still_one_none(world, sync):
    moving, still = world.add_email("Moving", sent=10), world.add_email("Still", sent=10)
    sync(pull_only=True)
    yesterday()
    world.store.put("emails", moving | {"_counters": moving["_counters"] | {"open": 4}})

    log = sync(pull_only=True)

    assert log.counts["campaign e-mails"] == {"created": 0, "updated": 1, "unchanged": 1}
    days = CampaignEmailStats.objects.order_by("as_of").filter(email_id=moving["id"])
    assert list(days.values_list("opened", flat=True)) == [0, 4]
    assert CampaignEmailStats.objects.filter(email_id=still["id"]).count() == 1
    newest = CampaignEmailStats.objects.newest().values_list("email_name", "opened")
    assert set(newest) == {("Moving", 4), ("Still", 0)}


def test_counts_that_move_twice_on_a_day_stay_one_row(world, sync):
    row = world.add_email("Moving", sent=10)
    sync(pull_only=True)
    world.store.put("emails", row | {"_counters": row["_counters"] | {"open": 4}})

    sync(pull_only=True, full=True)

    assert CampaignEmailStats.objects.get().opened == 4


def test_campaigns_are_read_once_a_day(world, portal, sync):
    world.add_campaign("Gala")
    sync(pull_only=True)
    portal.stats.reset()

    sync()

    assert not [entry for entry in portal.stats.log if "/marketing/" in entry[1]]


def test_an_account_without_the_hub_is_told_once_and_asked_no_more(world, portal, sync):
    portal.limits.use_tier("starter")

    first = sync()
    portal.stats.reset()
    second = sync()
    asked = [entry for entry in portal.stats.log if "/marketing/" in entry[1]]
    told = Problem.objects.get()
    portal.limits.use_tier("professional")
    sync(full=True)

    assert (first.run.outcome, second.run.outcome, asked) == ("problems", "done", [])
    assert told.record == "HubSpot: Campaigns and e-mail statistics"
    assert "does not have access to the Marketing Hub Professional features" in told.message
    assert Problem.objects.open().count() == 0


@pytest.mark.parametrize("kind", ["reset_before", "truncate", "html"])
def test_a_hiccup_does_no_harm(world, portal, sync, kind):
    world.add_campaign("Gala")
    portal.faults.add(kind, path="/marketing/", times=2)

    sync(pull_only=True)

    assert Campaign.objects.get().name == "Gala"


def test_campaigns_take_as_many_queries_for_30_as_for_3(world, sync):
    def queries(number, start):
        for n in range(start, start + number):
            world.add_email(f"Mail {n}", campaign=world.add_campaign(f"C{n}", hs_utm=f"u{n}"))
        save_cursor("hubspot", "campaigns", {})
        with CaptureQueriesContext(connection) as taken:
            sync(pull_only=True)
        return len(taken)

    queries(1, 0)
    few = queries(3, 1)

    many = queries(30, 4)

    assert many == few
    assert Campaign.objects.count() == 34


def test_many_campaigns_and_emails_are_read_by_pages_of_a_hundred(world, portal, sync):
    for number in range(130):
        world.add_email(f"Mail {number}", campaign=world.add_campaign(f"C{number}"))
    portal.stats.reset()

    sync(pull_only=True)

    assert (Campaign.objects.count(), CampaignEmailStats.objects.count()) == (130, 130)
    assert portal.stats.by_route["GET /marketing/v3/campaigns"] == 2
    assert portal.stats.by_route["GET /marketing/v3/emails"] == 2


def test_values_that_make_no_sense_are_left_out():
    campaign = RemoteCampaign.from_api(
        {
            "id": "1",
            "properties": {
                "hs_name": " Gala ",
                "hs_start_date": "2026-05-01",
                "hs_end_date": "2026-04-01",
                "hs_currency_code": "XXX",
                "hs_budget_items_sum_amount": "1e99",
            },
        }
    )
    email = EmailCounts.from_api(
        {"id": 7, "publishDate": "soon", "stats": {"counters": {"sent": "12", "open": None}}}
    )

    assert campaign == RemoteCampaign("1", "Gala", start_on=date(2026, 5, 1))
    assert email == EmailCounts("7", "7", "", None, (12, 0, 0, 0, 0, 0))


def test_a_time_without_zone_is_utc():
    email = EmailCounts.from_api({"id": "7", "name": "Mail", "publishDate": "2026-05-01T10:00:00"})

    assert email.published_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
