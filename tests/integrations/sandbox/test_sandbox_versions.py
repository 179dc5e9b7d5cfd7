"""HubSpot's date-versioned paths answer as the numbered ones do."""

import pytest

D = "2026-03"
PAIRS = [
    ("/crm/v3/objects/contacts", f"/crm/objects/{D}/contacts"),
    ("/crm/v3/objects/deals/{deal}", f"/crm/objects/{D}/0-3/{{deal}}"),
    (
        "/crm/v4/objects/deals/{deal}/associations/contacts",
        f"/crm/objects/{D}/deals/{{deal}}/associations/contacts",
    ),
    (
        "/crm/v4/associations/deals/contacts/labels",
        f"/crm/associations/{D}/deals/contacts/labels",
    ),
    ("/crm/v3/properties/deals", f"/crm/properties/{D}/deals"),
    ("/crm/v3/pipelines/deals", f"/crm/pipelines/{D}/deals"),
    ("/crm/v3/owners", f"/crm/owners/{D}"),
    ("/marketing/v3/emails", f"/marketing/emails/{D}"),
    ("/marketing/v3/campaigns", f"/marketing/campaigns/{D}"),
    ("/account-info/v3/details", f"/account-info/{D}/details"),
    ("/events/v3/events", f"/events/event-occurrences/{D}"),
    ("/events/v3/event-definitions", f"/events/event-definitions/{D}"),
]


@pytest.fixture
def tie(world, sandbox):
    """A contact and a deal that are tied, in an account that has everything."""
    sandbox.limits.use_tier("enterprise")
    contact, deal = world.add_contact("ada@example.com")["id"], world.add_deal()["id"]
    world.associate(contact, deal)
    return contact, deal


@pytest.mark.parametrize(("numbered", "dated"), PAIRS)
def test_a_dated_path_gives_what_the_numbered_one_gives(hubspot, tie, numbered, dated):
    old, new = (hubspot.get(path.format(deal=tie[1])) for path in (numbered, dated))

    assert old.status_code == new.status_code == 200
    assert new.json() == old.json()


def test_writes_work_under_dated_paths(hubspot, world):
    contacts = f"/crm/objects/{D}/contacts"
    made = hubspot.post(contacts, {"properties": {"email": "ada@example.com"}})
    found = hubspot.post(f"{contacts}/search", {"query": "ada"}).json()
    vip = {"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL"}
    list_id = hubspot.post(f"/crm/lists/{D}/", vip).json()["list"]["listId"]
    path = f"/crm/lists/{D}/{list_id}/memberships/add"

    added = hubspot.send("PUT", path, [made.json()["id"]]).json()

    assert made.status_code == 201
    assert found["total"] == 1
    assert added["recordsIdsAdded"] == [made.json()["id"]]


def test_a_batch_of_associations_is_archived_with_another_status(hubspot, tie):
    contact, deal = tie
    body = {"inputs": [{"from": {"id": deal}, "to": [{"id": contact}]}]}

    dated = hubspot.post(f"/crm/associations/{D}/deals/contacts/batch/archive", body)
    numbered = hubspot.post("/crm/v4/associations/deals/contacts/batch/archive", body)

    assert (dated.status_code, numbered.status_code) == (200, 204)


@pytest.mark.parametrize("head", [f"/events/custom/{D}", f"/events/{D}", "/events/v3"])
def test_events_are_sent_under_either_dated_path(hubspot, tie, world, head):
    body = {"label": "Attended", "name": "attended"}
    name = hubspot.post("/events/v3/event-definitions", body).json()["fullyQualifiedName"]
    event = {"eventName": name, "objectId": tie[0], "properties": {}}

    assert hubspot.post(f"{head}/send", event).status_code == 204
    assert hubspot.post(f"{head}/send/batch", {"inputs": [event]}).status_code == 204
    assert len(world.dump("event_occurrences")) == 2


def test_an_unknown_date_is_no_path(hubspot):
    assert hubspot.get("/crm/objects/2025-03/contacts").status_code == 404
