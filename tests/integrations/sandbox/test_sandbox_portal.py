"""HubSpot's properties, groups, lists, owners and account over real HTTP."""

import pytest

PROPERTIES = "/crm/v3/properties/contacts"
LISTS = "/crm/v3/lists"
SEATS = {
    "name": "nova_seats",
    "label": "Seats",
    "groupName": "nova",
    "type": "number",
    "fieldType": "number",
}


@pytest.fixture
def group(hubspot):
    return hubspot.post(f"{PROPERTIES}/groups", {"name": "nova", "label": "Nova"})


@pytest.fixture
def vip(hubspot):
    body = {"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL"}
    return hubspot.post(f"{LISTS}/", body).json()["list"]["listId"]


def test_a_property_needs_its_group_and_is_made_once(hubspot):
    before = hubspot.post(PROPERTIES, SEATS)
    hubspot.post(f"{PROPERTIES}/groups", {"name": "nova", "label": "Nova"})
    made, again = hubspot.post(PROPERTIES, SEATS), hubspot.post(PROPERTIES, SEATS)

    assert before.status_code == 400
    assert made.status_code == 201
    assert made.json()["hasUniqueValue"] is False
    assert again.status_code == 409
    assert hubspot.get(f"{PROPERTIES}/nova_seats").json()["type"] == "number"


def test_a_group_is_made_once(hubspot, group):
    again = hubspot.post(f"{PROPERTIES}/groups", {"name": "nova", "label": "Nova"})

    assert (group.status_code, again.status_code) == (201, 409)
    assert hubspot.get(f"{PROPERTIES}/groups/nova").json()["label"] == "Nova"
    assert hubspot.get(f"{PROPERTIES}/groups/other").status_code == 404


@pytest.mark.parametrize(
    "change", [{"type": "number", "fieldType": "text"}, {"name": "Nova Seats"}, {"label": ""}]
)
def test_a_malformed_property_is_refused(hubspot, group, change):
    assert hubspot.post(PROPERTIES, SEATS | change).status_code == 400


def test_an_enumeration_gets_whole_options_and_can_get_more(hubspot, group):
    kind = {"name": "nova_type", "type": "enumeration", "fieldType": "select"}
    options = [{"label": "New", "value": "New"}]
    made = hubspot.post(PROPERTIES, SEATS | kind | {"options": options}).json()
    more = [*options, {"label": "VIP", "value": "VIP"}]
    changed = hubspot.send("PATCH", f"{PROPERTIES}/nova_type", {"options": more}).json()

    assert made["options"] == [
        {"description": "", "displayOrder": 0, "hidden": False, "label": "New", "value": "New"}
    ]
    assert [option["value"] for option in changed["options"]] == ["New", "VIP"]


def test_a_batch_of_properties_reports_those_that_exist(hubspot, group):
    hubspot.post(PROPERTIES, SEATS)
    inputs = [SEATS, SEATS | {"name": "nova_spend"}]

    answer = hubspot.post(f"{PROPERTIES}/batch/create", {"inputs": inputs})

    assert answer.status_code == 207
    assert [row["name"] for row in answer.json()["results"]] == ["nova_spend"]
    assert answer.json()["numErrors"] == 1


def test_hubspots_own_properties_stay_as_they_are(hubspot):
    names = {row["name"] for row in hubspot.get(PROPERTIES).json()["results"]}

    assert names >= {"email", "lifecyclestage", "hs_additional_emails", "lastmodifieddate"}
    assert hubspot.send("DELETE", f"{PROPERTIES}/email").status_code == 400


def test_schema_writes_need_the_schema_scope(client_for, world):
    world.register_token("reader", ["crm.objects.contacts.read", "crm.objects.contacts.write"])
    reader = client_for("reader")

    refused = reader.post(PROPERTIES, SEATS)

    assert reader.get(PROPERTIES).status_code == 200
    assert refused.status_code == 403
    (error,) = refused.json()["errors"]
    assert error["context"]["requiredGranularScopes"] == ["crm.schemas.contacts.write"]


def test_a_list_has_a_name_of_its_own_and_is_found_by_it(hubspot, vip):
    body = {"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL"}

    assert hubspot.post(f"{LISTS}/", body).status_code == 400
    found = hubspot.get(f"{LISTS}/object-type-id/0-1/name/VIP").json()["list"]
    assert found["listId"] == vip
    assert hubspot.get(f"{LISTS}/object-type-id/0-1/name/Nobody").status_code == 404
    assert hubspot.post(f"{LISTS}/search", {"query": "vi"}).json()["total"] == 1


def test_members_are_added_and_removed_in_hubspots_spelling(hubspot, world, vip):
    one, two = (world.add_contact(f"{n}@example.com")["id"] for n in "ab")
    path = f"{LISTS}/{vip}/memberships"

    added = hubspot.send("PUT", f"{path}/add", [one, two, "404"]).json()
    again = hubspot.send("PUT", f"{path}/add", [one]).json()
    both = {"recordIdsToAdd": [], "recordIdsToRemove": [two]}
    removed = hubspot.send("PUT", f"{path}/add-and-remove", both).json()

    assert added == {"recordsIdsAdded": [one, two], "recordIdsMissing": ["404"]}
    assert again == {}
    assert removed == {"recordIdsRemoved": [two]}
    members = hubspot.get(path).json()["results"]
    assert [member["recordId"] for member in members] == [one]


def test_members_come_in_pages(hubspot, world, vip):
    ids = [world.add_contact(f"p{n}@example.com")["id"] for n in range(5)]
    path = f"{LISTS}/{vip}/memberships"
    hubspot.send("PUT", f"{path}/add", ids)

    first = hubspot.get(path, limit=3).json()
    rest = hubspot.get(path, limit=3, after=first["paging"]["next"]["after"]).json()

    assert [row["recordId"] for row in first["results"] + rest["results"]] == ids
    assert "paging" not in rest
    assert hubspot.get(path, limit=251).status_code == 400


def test_a_dynamic_list_takes_no_members(hubspot):
    body = {"name": "Rule", "objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": {}}
    made = hubspot.post(f"{LISTS}/", body).json()["list"]

    answer = hubspot.send("PUT", f"{LISTS}/{made['listId']}/memberships/add", ["1"])

    assert answer.status_code == 400


def test_owners_are_listed_and_found_by_address(hubspot, world):
    world.add_owner("mira@example.com", "Mira", "Stein")
    world.add_owner("tom@example.com", "Tom", "Adeyemi")

    both = hubspot.get("/crm/v3/owners/", limit=1).json()
    tom = hubspot.get("/crm/v3/owners/", email="tom@example.com").json()["results"]

    assert len(both["results"]) == 1
    assert both["paging"]["next"]["after"] == both["results"][0]["id"]
    assert [owner["firstName"] for owner in tom] == ["Tom"]
    assert hubspot.get(f"/crm/v3/owners/{tom[0]['id']}").json()["email"] == "tom@example.com"


def test_the_account_tells_its_zone_and_what_was_used_today(hubspot, sandbox):
    details = hubspot.get("/account-info/v3/details").json()
    (usage,) = hubspot.get("/account-info/v3/api-usage/daily/private-apps").json()["results"]

    assert details["timeZone"] == "Europe/Berlin"
    assert details["companyCurrency"] == "EUR"
    assert usage["usageLimit"] == 625_000
    assert usage["currentUsage"] == 2


def test_a_deleted_list_can_be_restored_unless_its_name_is_taken(hubspot, vip):
    body = {"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL"}
    hubspot.send("DELETE", f"{LISTS}/{vip}")
    gone = hubspot.get(f"{LISTS}/{vip}").status_code

    back = hubspot.send("PUT", f"{LISTS}/{vip}/restore").status_code
    hubspot.send("DELETE", f"{LISTS}/{vip}")
    hubspot.post(f"{LISTS}/", body)

    assert (gone, back) == (404, 204)
    assert hubspot.send("PUT", f"{LISTS}/{vip}/restore").status_code == 400


def test_lists_are_read_by_id_and_by_member(hubspot, world, vip):
    one = world.add_contact("ada@example.com")["id"]
    hubspot.send("PUT", f"{LISTS}/{vip}/memberships/add", [one])

    by_id = hubspot.get(LISTS, listIds=[vip, "404"]).json()["lists"]
    by_member = hubspot.get(f"{LISTS}/records/0-1/{one}/memberships").json()["results"]

    assert [row["size"] for row in by_id] == [1]
    assert [row["listId"] for row in by_member] == [vip]


def test_a_list_takes_all_members_of_another_and_loses_archived_ones(hubspot, world, vip):
    ids = [world.add_contact(f"p{n}@example.com")["id"] for n in range(3)]
    body = {"name": "Copy", "objectTypeId": "0-1", "processingType": "MANUAL"}
    copy = hubspot.post(f"{LISTS}/", body).json()["list"]["listId"]
    hubspot.send("PUT", f"{LISTS}/{vip}/memberships/add", ids)

    hubspot.send("PUT", f"{LISTS}/{copy}/memberships/add-from/{vip}")
    hubspot.send("DELETE", f"/crm/v3/objects/contacts/{ids[0]}")
    before = hubspot.get(f"{LISTS}/{copy}/memberships").json()
    hubspot.send("DELETE", f"{LISTS}/{copy}/memberships")

    assert [row["recordId"] for row in before["results"]] == ids[1:]
    assert hubspot.get(f"{LISTS}/{copy}").json()["list"]["size"] == 0


def test_a_unique_property_is_one_of_at_most_ten_of_its_kind(hubspot, group):
    unique = {"type": "string", "fieldType": "text", "hasUniqueValue": True}
    answers = [
        hubspot.post(PROPERTIES, SEATS | unique | {"name": f"nova_{n}"}).status_code
        for n in range(11)
    ]
    deals = {"groupName": "dealinformation", "name": "nova_key"}

    assert answers == [201] * 10 + [400]
    assert hubspot.post("/crm/v3/properties/deals", SEATS | unique | deals).status_code == 201
