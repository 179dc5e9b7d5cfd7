"""What Nova needs in HubSpot: made from nothing, completed, and only looked at."""

import pytest

from integrations.errors import Misconfigured
from integrations.http import Meter
from integrations.hubspot.setup import DEFINITIONS, find_gaps, require_set_up, set_up
from integrations.hubspot.sync import connect

ALL_MISSING = [
    "The property group “Nova Analytics” is missing.",
    "The contact property nova_events_attended is missing.",
    "The contact property nova_total_spend is missing.",
    "The contact property nova_first_event_date is missing.",
    "The contact property nova_last_event_date is missing.",
    "The contact property nova_customer_type is missing.",
    "The contact property nova_tags is missing.",
]


def texts(gaps):
    return [gap.text for gap in gaps]


def properties_of(world):
    return {row["name"]: row for row in world.dump("properties")}


def test_set_up_makes_all_from_nothing(world, client):
    made, left = set_up(client)

    assert texts(made) == ALL_MISSING
    assert left == []
    found = properties_of(world)
    kinds = {name: (found[name]["type"], found[name]["fieldType"]) for name in DEFINITIONS}
    assert kinds == {
        "nova_events_attended": ("number", "number"),
        "nova_total_spend": ("number", "number"),
        "nova_first_event_date": ("date", "date"),
        "nova_last_event_date": ("date", "date"),
        "nova_customer_type": ("enumeration", "select"),
        "nova_tags": ("enumeration", "checkbox"),
    }
    types = [option["value"] for option in found["nova_customer_type"]["options"]]
    assert types == ["New", "Returning", "VIP"]
    assert {found[name]["groupName"] for name in DEFINITIONS} == {"nova"}


def test_a_second_set_up_changes_nothing(portal, client):
    assert set_up(client) == ([], [])
    assert portal.stats.writes == 0


def test_set_up_completes_a_half(world, client):
    world.add_property("nova_total_spend", "number", "number")
    world.add_property("nova_tags", "enumeration", "checkbox", options=[option("Podcast")])

    made, left = set_up(client)

    assert left == []
    assert [gap.name for gap in made][-1] == "option Nova Attendee of nova_tags"
    assert "The contact property nova_total_spend is missing." not in texts(made)
    tags = properties_of(world)["nova_tags"]["options"]
    assert [row["value"] for row in tags] == ["Podcast", "Nova Attendee"]
    assert tags[0]["label"] == "The podcast"


def option(value):
    return {"value": value, "label": f"The {value.lower()}", "displayOrder": 0, "hidden": False}


def test_a_property_of_another_type_is_left_to_staff(world, client):
    world.add_property("nova_total_spend", "string", "text")

    _, left = set_up(client)

    assert texts(left) == [
        "The contact property nova_total_spend is string (text) and must be number (number). "
        "Rename or delete it in HubSpot."
    ]


def test_an_answer_that_is_lost_does_not_stop_set_up(sandbox, client):
    sandbox.faults.add("reset_after", method="POST", path="/properties/contacts", times=1, after=2)

    made, left = set_up(client)

    assert left == []
    assert texts(made) == ALL_MISSING


def test_looking_writes_nothing(sandbox, client):
    assert texts(find_gaps(client)) == ALL_MISSING
    assert sandbox.stats.writes == 0


def test_missing_scopes_are_listed_in_words(world, portal, settings, patience, client):
    world.register_token("reader", ["crm.objects.contacts.read"])
    settings.HUBSPOT_ACCESS_TOKEN = "reader"
    reader = connect(Meter(), patience=patience)

    gaps = texts(find_gaps(reader))

    assert len(gaps) == 3
    assert "crm.objects.contacts.write (change contacts)" in gaps[0]
    assert "crm.schemas.contacts.write (define contact properties)" in gaps[1]
    assert "crm.objects.owners.read (read who owns a contact)" in gaps[2]
    assert portal.stats.writes == 0


def test_a_token_without_any_scope_is_told_each(world, sandbox, settings, client):
    world.register_token("nobody", [])
    settings.HUBSPOT_ACCESS_TOKEN = "nobody"

    gaps = texts(find_gaps(connect(Meter())))

    assert len(gaps) == 4
    assert all("lacks the scope" in text for text in gaps)


def test_writing_without_set_up_is_refused_beforehand(client):
    with pytest.raises(Misconfigured, match=r"nova_tags is missing\. Run setup_hubspot"):
        require_set_up(client)
