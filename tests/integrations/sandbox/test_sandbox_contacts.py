"""HubSpot's contacts over real HTTP: reading and single writes."""

import json
from datetime import UTC, datetime

import pytest

CONTACTS = "/crm/v3/objects/contacts"


def properties(answer):
    return answer.json()["properties"]


def test_a_wrong_token_is_refused_in_hubspots_words(client_for):
    answer = client_for("wrong").get(CONTACTS)

    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"


def test_a_token_without_the_scope_learns_which_it_lacks(client_for, world):
    world.register_token("reader", ["crm.objects.contacts.read"])
    reader = client_for("reader")

    refused = reader.post(CONTACTS, {"properties": {"email": "a@example.com"}})

    assert reader.get(CONTACTS).status_code == 200
    assert reader.get("/account-info/v3/details").status_code == 200
    assert refused.status_code == 403
    assert refused.json()["category"] == "MISSING_SCOPES"
    (error,) = refused.json()["errors"]
    assert error["context"]["requiredGranularScopes"] == ["crm.objects.contacts.write"]


def test_after_is_the_id_of_the_next_contact(hubspot, world):
    ids = [world.add_contact(f"p{n}@example.com")["id"] for n in range(12)]

    first = hubspot.get(CONTACTS).json()
    second = hubspot.get(CONTACTS, after=first["paging"]["next"]["after"]).json()

    assert [row["id"] for row in first["results"]] == ids[:10]
    assert first["paging"]["next"]["after"] == ids[10]
    assert [row["id"] for row in second["results"]] == ids[10:]
    assert "paging" not in second
    assert hubspot.get(CONTACTS, limit=101).status_code == 400


def test_asked_properties_may_be_repeated_or_listed_and_unknown_ones_are_left_out(hubspot, world):
    world.add_contact("ada@example.com", city="Berlin")
    wanted = ["city,phone", "no_such_property"]

    (row,) = hubspot.get(CONTACTS, properties=wanted, archived="False").json()["results"]

    assert set(row["properties"]) == {
        "city",
        "phone",
        "createdate",
        "hs_object_id",
        "lastmodifieddate",
    }
    assert row["properties"]["city"] == "Berlin"
    assert row["properties"]["phone"] is None


def test_a_new_contact_has_a_lower_case_address_and_can_be_read_by_it(hubspot):
    made = hubspot.post(CONTACTS, {"properties": {"email": " Ada@Example.COM ", "city": "Ulm"}})
    found = hubspot.get(f"{CONTACTS}/ADA%40example.com", idProperty="email", properties="city")

    assert made.status_code == 201
    assert properties(made)["email"] == "ada@example.com"
    assert found.json()["id"] == made.json()["id"]
    assert properties(found)["city"] == "Ulm"


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com", "ada.old@example.com"])
def test_a_taken_address_is_a_conflict_that_names_the_holder(hubspot, world, email):
    holder = world.add_contact("ada@example.com", hs_additional_emails="ada.old@example.com")

    answer = hubspot.post(CONTACTS, {"properties": {"email": email}})

    assert answer.status_code == 409
    assert answer.json()["category"] == "CONFLICT"
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {holder['id']}"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("nova_unheard_of", "1", "PROPERTY_DOESNT_EXIST"),
        ("email", "not an address", "INVALID_EMAIL"),
        ("lifecyclestage", "Customer", "INVALID_OPTION"),
        ("hs_email_optout", "perhaps", "INVALID_OPTION"),
        ("hs_email_open", "3", "READ_ONLY_VALUE"),
        ("seats", "three", "INVALID_LONG"),
        ("seen_on", "24.11.2026", "INVALID_DATE"),
        ("seen_on", "1764000000001", "INVALID_DATE"),
    ],
)
def test_a_bad_value_is_refused_and_nothing_is_written(hubspot, world, name, value, code):
    world.add_property("seats", "number", "number")
    world.add_property("seen_on", "date", "date")
    contact = world.add_contact("ada@example.com")

    answer = hubspot.send(
        "PATCH", f"{CONTACTS}/{contact['id']}", {"properties": {"city": "Ulm", name: value}}
    )

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"
    assert answer.json()["errors"][0]["code"] == code
    prefix, _, detail = answer.json()["message"].partition(": ")
    assert prefix == "Property values were not valid"
    assert json.loads(detail)[0]["error"] == code
    assert world.dump("contacts") == [contact]


def test_values_are_kept_as_hubspot_keeps_them(hubspot, world):
    world.add_property("seats", "number", "number")
    world.add_property("seen_on", "date", "date")
    world.add_property("seen_at", "datetime", "date")
    contact = world.add_contact("ada@example.com", city="Ulm")
    given = {
        "seats": 3,
        "seen_on": "1764028800000",
        "seen_at": "2026-11-24T09:00:00+01:00",
        "hs_email_optout": True,
        "city": "",
    }

    answer = hubspot.send("PATCH", f"{CONTACTS}/{contact['id']}", {"properties": given})

    kept = {name: properties(answer)[name] for name in given}
    assert kept == {
        "seats": "3",
        "seen_on": "2025-11-25",
        "seen_at": "2026-11-24T08:00:00.000Z",
        "hs_email_optout": "true",
        "city": None,
    }


def test_a_leading_semicolon_adds_to_a_checkbox(hubspot, world):
    world.add_property("tags", "enumeration", "checkbox", options=["A", "B", "C"])
    contact = world.add_contact("ada@example.com", tags="A")
    path = f"{CONTACTS}/{contact['id']}"

    added = hubspot.send("PATCH", path, {"properties": {"tags": ";B"}})
    replaced = hubspot.send("PATCH", path, {"properties": {"tags": "C;A"}})

    assert properties(added)["tags"] == "A;B"
    assert properties(replaced)["tags"] == "C;A"


def test_a_lifecycle_stage_moves_forward_only_until_it_is_cleared(hubspot, world):
    contact = world.add_contact("ada@example.com", lifecyclestage="customer")

    def write(stage):
        body = {"properties": {"lifecyclestage": stage}}
        return properties(hubspot.send("PATCH", f"{CONTACTS}/{contact['id']}", body))

    assert write("lead")["lifecyclestage"] == "customer"
    assert write("evangelist")["lifecyclestage"] == "evangelist"
    assert write("")["lifecyclestage"] is None
    assert write("lead")["lifecyclestage"] == "lead"


def test_every_write_moves_the_last_change_even_one_that_changes_nothing(hubspot, world):
    world.clock.freeze(datetime(2026, 11, 24, 8, tzinfo=UTC))
    contact = world.add_contact("ada@example.com", city="Ulm")
    world.clock.advance(1.5)

    answer = hubspot.send(
        "PATCH", f"{CONTACTS}/{contact['id']}", {"properties": {"city": "Ulm"}}
    ).json()

    assert answer["createdAt"] == "2026-11-24T08:00:00.000Z"
    assert answer["updatedAt"] == "2026-11-24T08:00:01.500Z"
    assert answer["properties"]["lastmodifieddate"] == "2026-11-24T08:00:01.500Z"


def test_a_deleted_contact_lies_in_the_recycle_bin_and_frees_its_address(hubspot, world):
    contact = world.add_contact("ada@example.com")
    path = f"{CONTACTS}/{contact['id']}"

    assert hubspot.send("DELETE", path).status_code == 204
    assert hubspot.get(path).status_code == 404
    assert hubspot.get(CONTACTS).json()["results"] == []
    (binned,) = hubspot.get(CONTACTS, archived="true").json()["results"]
    assert binned["archived"] is True
    assert binned["archivedAt"]
    assert hubspot.post(CONTACTS, {"properties": {"email": "ada@example.com"}}).status_code == 201


def test_a_merged_contact_answers_to_its_old_id_and_address(hubspot, world):
    keep = world.add_contact("ada@example.com")
    lose = world.add_contact("ada.old@example.com", city="Ulm")
    body = {"primaryObjectId": keep["id"], "objectIdToMerge": lose["id"]}

    assert hubspot.post(f"{CONTACTS}/merge", body).status_code == 200
    wanted = "city,hs_additional_emails,hs_merged_object_ids"
    by_id = hubspot.get(f"{CONTACTS}/{lose['id']}", properties=wanted).json()
    by_address = hubspot.get(f"{CONTACTS}/ada.old@example.com", idProperty="email").json()

    assert by_id["id"] == by_address["id"] == keep["id"]
    assert by_id["properties"]["city"] == "Ulm"
    assert by_id["properties"]["hs_additional_emails"] == "ada.old@example.com"
    assert by_id["properties"]["hs_merged_object_ids"] == lose["id"]
    assert len(hubspot.get(CONTACTS).json()["results"]) == 1
    assert hubspot.get(CONTACTS, archived="true").json()["results"] == []


def test_an_erased_contact_leaves_nothing_behind(hubspot, world):
    world.add_contact("ada@example.com")
    body = {"objectId": "ada@example.com", "idProperty": "email"}

    assert hubspot.post(f"{CONTACTS}/gdpr-delete", body).status_code == 204
    assert hubspot.get(CONTACTS, archived="true").json()["results"] == []
    assert "ada@example.com" not in str(world.dump("contacts"))
