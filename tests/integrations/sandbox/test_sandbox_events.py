"""HubSpot's custom events over real HTTP."""

import pytest

DEFINITIONS = "/events/v3/event-definitions"
SEND = "/events/v3/send"
BOUGHT = {
    "label": "Ticket purchased",
    "name": "ticket_purchased",
    "primaryObject": "CONTACT",
    "propertyDefinitions": [{"name": "event_name", "label": "Event", "type": "string"}],
}


@pytest.fixture
def bought(hubspot, sandbox):
    """The full name of a kind of event, in an account of the highest tier."""
    sandbox.limits.use_tier("enterprise")
    return hubspot.post(DEFINITIONS, BOUGHT).json()["fullyQualifiedName"]


def event(name, **more):
    base = {"eventName": name, "email": "ada@example.com", "uuid": "u-1"}
    return base | {"properties": {"event_name": "Gala"}} | more


def test_lower_tiers_have_no_custom_events(hubspot, control):
    answers = [hubspot.get(DEFINITIONS), hubspot.post(DEFINITIONS, BOUGHT), hubspot.post(SEND, {})]
    control.post("/limits", {"tier": "enterprise"})

    assert [answer.status_code for answer in answers] == [403] * 3
    assert hubspot.get(DEFINITIONS).json()["results"] == []


def test_a_definition_has_a_full_name_and_its_name_is_taken_for_good(hubspot, bought):
    assert bought.startswith("pe")
    assert bought.endswith("_ticket_purchased")
    assert hubspot.get(f"{DEFINITIONS}/ticket_purchased").json()["fullyQualifiedName"] == bought
    assert hubspot.post(DEFINITIONS, BOUGHT).status_code == 409
    assert hubspot.send("DELETE", f"{DEFINITIONS}/{bought}").status_code == 204
    assert hubspot.get(f"{DEFINITIONS}/{bought}").status_code == 404
    assert hubspot.post(DEFINITIONS, BOUGHT).status_code == 409


def test_an_event_is_taken_without_a_body_and_kept_once_per_uuid(hubspot, world, bought, control):
    ada = world.add_contact("ada@example.com")
    first = hubspot.post(SEND, event(bought, occurredAt="2026-11-24T10:00:00Z"))
    again = hubspot.post(SEND, event(bought, properties={"event_name": "Other"}))
    hubspot.post(SEND, event(bought, uuid="u-2", email=None, objectId=ada["id"]))

    rows = control.get("/dump/event_occurrences").json()

    assert (first.status_code, first.content, again.status_code) == (204, b"", 204)
    assert [(row["uuid"], row["objectId"], row["_repeats"]) for row in rows] == [
        ("u-1", ada["id"], 1),
        ("u-2", ada["id"], 0),
    ]
    assert rows[0]["properties"] == {"event_name": "Gala"}
    assert rows[0]["occurredAt"] == "2026-11-24T10:00:00.000Z"
    read = hubspot.get("/events/v3/events", objectType="contact", objectId=ada["id"]).json()
    assert len(read["results"]) == 2


def test_the_same_uuid_may_stand_for_events_of_two_kinds(hubspot, world, bought):
    world.add_contact("ada@example.com")
    attended = hubspot.post(DEFINITIONS, BOUGHT | {"name": "attended"}).json()

    hubspot.post(SEND, event(bought))
    hubspot.post(SEND, event(attended["fullyQualifiedName"]))

    assert len(world.dump("event_occurrences")) == 2


def test_an_event_about_nobody_is_taken_and_dropped(hubspot, world, bought):
    assert hubspot.post(SEND, event(bought)).status_code == 204
    assert world.dump("event_occurrences") == []


@pytest.mark.parametrize(
    "change",
    [
        {"eventName": "pe1_unknown"},
        {"email": None},
        {"properties": None},
        {"properties": {"seats": "2"}},
        {"properties": {"event_name": "x" * 257}},
        {"occurredAt": "yesterday"},
    ],
)
def test_a_malformed_event_is_refused(hubspot, world, bought, change):
    world.add_contact("ada@example.com")

    assert hubspot.post(SEND, event(bought) | change).status_code == 400
    assert world.dump("event_occurrences") == []


def test_a_batch_takes_five_hundred_events_all_or_none(hubspot, world, bought):
    world.add_contact("ada@example.com")
    events = [event(bought, uuid=f"u-{n}") for n in range(501)]

    too_many = hubspot.post(f"{SEND}/batch", {"inputs": events})
    bad = hubspot.post(f"{SEND}/batch", {"inputs": [*events[:2], event("pe1_unknown")]})
    kept = len(world.dump("event_occurrences"))
    good = hubspot.post(f"{SEND}/batch", {"inputs": events[:500]})

    assert (too_many.status_code, bad.status_code, kept) == (400, 400, 0)
    assert good.status_code == 204
    assert len(world.dump("event_occurrences")) == 500
