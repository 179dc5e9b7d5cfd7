"""HubSpot's campaigns and marketing e-mails over real HTTP."""

from datetime import UTC, datetime

import pytest

CAMPAIGNS = "/marketing/v3/campaigns"
EMAILS = "/marketing/v3/emails"


@pytest.fixture
def story(world):
    return world.add_campaign(
        "IG Story", source="SOCIAL_MEDIA", budget="300.00", spend="120.50", hs_utm="igstory"
    )


def mail(world, name, day, **more):
    numbers = {"sent": 1000, "delivered": 990, "open": 306, "click": 51, "bounce": 10} | more
    return world.add_email(name, published=datetime(2026, 5, day, 9, tzinfo=UTC), **numbers)


@pytest.mark.parametrize("path", [CAMPAIGNS, f"{CAMPAIGNS}/x/reports/metrics", EMAILS])
def test_an_account_without_the_hub_is_refused(hubspot, sandbox, path):
    sandbox.limits.use_tier("starter")

    assert hubspot.get(path).status_code == 403


def test_a_campaign_shows_only_the_properties_that_were_asked_for(hubspot, story):
    bare = hubspot.get(CAMPAIGNS).json()
    asked = hubspot.get(f"{CAMPAIGNS}/{story['id']}", properties="hs_name,hs_utm,hs_notes").json()

    assert bare["results"][0]["properties"] == {}
    assert asked["properties"] == {"hs_name": "IG Story", "hs_utm": "igstory"}
    assert len(story["id"]) == 36
    assert hubspot.get(f"{CAMPAIGNS}/404").status_code == 404


def test_campaigns_come_in_pages_and_in_batches_of_fifty(hubspot, world):
    ids = [world.add_campaign(f"C{n}")["id"] for n in range(5)]

    first = hubspot.get(CAMPAIGNS, limit=3).json()
    rest = hubspot.get(CAMPAIGNS, limit=3, after=first["paging"]["next"]["after"]).json()
    batch = hubspot.post(f"{CAMPAIGNS}/batch/read", {"inputs": [{"id": i} for i in [*ids, "x"]]})
    many = hubspot.post(f"{CAMPAIGNS}/batch/read", {"inputs": [{"id": "x"}] * 51})

    assert [row["id"] for row in first["results"] + rest["results"]] == ids
    assert (batch.status_code, len(batch.json()["results"])) == (207, 5)
    assert many.status_code == 400


def test_reports_count_contacts_and_won_deals_of_the_campaigns_source(hubspot, world, story):
    first = world.add_contact("a@example.com", hs_analytics_source="SOCIAL_MEDIA")
    latest = world.add_contact("b@example.com", hs_latest_source="SOCIAL_MEDIA")
    world.add_contact("c@example.com", hs_analytics_source="REFERRALS")
    for stage, amount in (("closedwon", "100.25"), ("closedlost", "900")):
        deal = world.add_deal(stage=stage, amount=amount)
        world.associate(first["id"], deal["id"])
    reports = f"{CAMPAIGNS}/{story['id']}/reports"

    metrics = hubspot.get(f"{reports}/metrics").json()
    revenue = hubspot.get(f"{reports}/revenue", attributionModel="LINEAR").json()
    people = hubspot.get(f"{reports}/contacts/influencedContacts").json()["results"]

    assert metrics == {
        "sessions": 0,
        "newContactsFirstTouch": 1,
        "newContactsLastTouch": 1,
        "influencedContacts": 2,
    }
    assert (revenue["dealsNumber"], revenue["dealAmount"]) == (1, 100.25)
    assert {row["id"] for row in people} == {first["id"], latest["id"]}
    assert hubspot.get(f"{reports}/contacts/nobody").status_code == 400


def test_the_budget_tells_what_is_left(hubspot, story):
    budget = hubspot.get(f"{CAMPAIGNS}/{story['id']}/budget/totals").json()

    assert (budget["budgetTotal"], budget["spendTotal"]) == (300.0, 120.5)
    assert (budget["remainingBudget"], budget["currencyCode"]) == (179.5, "EUR")


def test_statistics_come_with_an_email_on_demand_and_ratios_are_percentages(hubspot, world, story):
    world.add_email("Gala", campaign=story, sent=1000, delivered=990, open=306, click=51, bounce=10)

    (bare,) = hubspot.get(EMAILS).json()["results"]
    (full,) = hubspot.get(EMAILS, includeStats="True").json()["results"]

    assert "stats" not in bare
    assert full["campaignName"] == "IG Story"
    assert full["stats"]["counters"]["open"] == 306
    ratios = full["stats"]["ratios"]
    assert (ratios["openratio"], ratios["deliveredratio"]) == (30.909, 99.0)
    assert ratios["clickthroughratio"] == 16.667


def test_emails_come_in_pages_and_without_drafts_on_demand(hubspot, world):
    for day in range(1, 6):
        mail(world, f"Mail {day}", day)
    world.add_email("Draft", state="DRAFT")

    first = hubspot.get(EMAILS, limit=4, isPublished="true").json()
    rest = hubspot.get(
        EMAILS, limit=4, isPublished="true", after=first["paging"]["next"]["after"]
    ).json()

    assert [row["name"] for row in rest["results"]] == ["Mail 5"]
    assert "paging" not in rest
    assert hubspot.get(EMAILS).json()["total"] == 6


def test_statistics_sum_up_a_span_of_time(hubspot, world):
    mail(world, "Before", 1)
    two = [mail(world, "In", 10), mail(world, "Also in", 12, bounce=20)]
    span = {"startTimestamp": "2026-05-05T00:00:00Z", "endTimestamp": "2026-05-31T00:00:00+02:00"}

    answer = hubspot.get(f"{EMAILS}/statistics/list", **span).json()

    assert answer["emails"] == [int(row["id"]) for row in two]
    assert answer["aggregate"]["counters"]["sent"] == 2000
    assert answer["aggregate"]["ratios"]["bounceratio"] == 1.5
    assert hubspot.get(f"{EMAILS}/statistics/list").status_code == 400
