"""What deals need in an account: made once, told in plain words, and no failed run without it."""

import pytest

from integrations.errors import Misconfigured
from integrations.hubspot.deals.account import read_account
from integrations.hubspot.deals.setup import kept
from integrations.hubspot.setup import find_gaps, set_up
from integrations.models import Problem, RemoteWrite
from tests.factories import make_buyer, make_expense

CONTACT_SCOPES = [
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.objects.owners.read",
]


def test_set_up_makes_pipelines_and_unique_properties(world, client):
    made, left = set_up(client)

    account = read_account(client)
    assert left == []
    assert {gap.name for gap in made} >= {
        "pipeline “Nova expenses”",
        "pipeline “Nova ticket sales”",
    }
    assert list(account.pipeline("Nova expenses").stages.values()) == [
        "Planned",
        "Committed",
        "Paid",
        "Cancelled",
    ]
    unique = [name for name, row in account.properties.items() if row["hasUniqueValue"]]
    assert sorted(unique) == ["nova_expense_id", "nova_order_id"]


def test_no_stage_of_the_expenses_counts_as_won(world, portal):
    rows = {row["label"]: row["stages"] for row in world.dump("pipelines")}

    shares = {label: [s["metadata"]["probability"] for s in rows[label]] for label in rows}

    assert set(shares["Nova expenses"]) == {"0.0"}
    assert shares["Nova ticket sales"] == ["1.0", "0.0"]


def test_a_second_set_up_finds_nothing_to_do(client, portal):
    assert set_up(client) == ([], [])


def test_only_what_is_kept_in_step_is_made(client, settings):
    settings.HUBSPOT_DEALS = "expenses"
    set_up(client)

    settings.HUBSPOT_DEALS = "all"

    assert [gap.text for gap in find_gaps(client)] == [
        "The deal pipeline “Nova ticket sales” is missing."
    ]


def test_a_lost_stage_and_a_plain_property_are_told(world, client, portal):
    row = next(r for r in world.dump("pipelines") if r["label"] == "Nova expenses")
    world.store.put("pipelines", row | {"stages": row["stages"][:2]})
    prop = world.store.tables["properties"].rows["deals/nova_order_id"]
    world.store.put("properties", prop | {"hasUniqueValue": False})

    gaps = find_gaps(client)

    assert [gap.text for gap in gaps] == [
        "The deal property nova_order_id must hold unique values, which cannot be changed. "
        "Delete it in HubSpot.",
        "The pipeline “Nova expenses” lacks the stage “Paid”.",
        "The pipeline “Nova expenses” lacks the stage “Cancelled”.",
    ]


def test_an_unknown_choice_is_told(settings):
    settings.HUBSPOT_DEALS = "some"

    with pytest.raises(Misconfigured, match="HUBSPOT_DEALS “some” is unknown"):
        kept()


def test_an_account_that_is_not_set_up_is_told_and_its_deals_are_read(world, sync, pipeline):
    make_expense()
    row = next(r for r in world.dump("pipelines") if r["label"] == "Nova expenses")
    world.store.put("pipelines", row | {"archived": True})
    world.add_deal("Venue hire", amount="600")

    log = sync()

    assert log.counts["deals"]["created"] == 1
    assert "pipeline “Nova expenses” is missing" in Problem.objects.open().get().message
    assert not RemoteWrite.objects.filter(object_type="deals").exists()


def test_a_token_without_deals_rests_the_feature_visibly(world, sync, settings):
    make_buyer("ada@x.org")
    world.register_token("contacts-only", CONTACT_SCOPES)
    settings.HUBSPOT_ACCESS_TOKEN = "contacts-only"

    first, second = sync(), sync()

    assert [len(world.dump(kind)) for kind in ("contacts", "deals")] == [1, 0]
    problem = Problem.objects.open().get(record="HubSpot: Deals")
    assert problem.seen_count == 2
    assert "crm.objects.deals.read (read deals)" in problem.message
    assert {first.run.outcome, second.run.outcome} == {"problems"}


def test_the_missing_scope_is_named_by_the_check(world, client, settings):
    from integrations.http import Meter
    from integrations.hubspot.sync import connect

    world.register_token("contacts-only", CONTACT_SCOPES)
    settings.HUBSPOT_ACCESS_TOKEN = "contacts-only"

    texts = [gap.text for gap in find_gaps(connect(Meter()))]

    assert any("crm.objects.deals.read (read deals)" in text for text in texts)
    assert any("HUBSPOT_DEALS=off" in text for text in texts)


def test_switched_off_no_deal_is_asked_for(portal, sync, settings, db):
    settings.HUBSPOT_DEALS = "off"
    portal.stats.reset()

    sync()

    assert not [entry for entry in portal.stats.log if "deals" in entry[1]]
