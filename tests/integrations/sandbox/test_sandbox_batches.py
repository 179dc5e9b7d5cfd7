"""HubSpot's batches over real HTTP."""

import pytest

BATCH = "/crm/v3/objects/contacts/batch"


def upsert(email, trace=None, **values):
    item = {"id": email, "idProperty": "email", "properties": values}
    return item | ({"objectWriteTraceId": trace} if trace else {})


def by_email(answer):
    return {row["properties"]["email"]: row for row in answer.json()["results"]}


def test_a_batch_read_by_address_reports_all_missing_ones_in_one_entry(hubspot, world):
    ada = world.add_contact("ada@example.com", hs_additional_emails="countess@example.com")
    body = {
        "idProperty": "email",
        "properties": ["email"],
        "inputs": [
            {"id": i} for i in ("Countess@example.com", "no@example.com", "nor@example.com")
        ],
    }

    answer = hubspot.post(f"{BATCH}/read", body)

    assert answer.status_code == 207
    assert [row["id"] for row in answer.json()["results"]] == [ada["id"]]
    assert answer.json()["numErrors"] == 1
    (entry,) = answer.json()["errors"]
    assert entry["category"] == "OBJECT_NOT_FOUND"
    assert entry["context"]["ids"] == ["no@example.com", "nor@example.com"]


def test_a_batch_read_that_finds_everything_is_200(hubspot, world):
    ada = world.add_contact("ada@example.com")

    answer = hubspot.post(f"{BATCH}/read", {"inputs": [{"id": ada["id"]}]})

    assert answer.status_code == 200
    assert "errors" not in answer.json()


@pytest.mark.parametrize("kind", ["read", "create", "update", "upsert", "archive"])
def test_a_batch_takes_a_hundred_inputs_and_no_more(hubspot, kind):
    inputs = [{"id": str(n), "properties": {}} for n in range(101)]

    answer = hubspot.post(f"{BATCH}/{kind}", {"inputs": inputs})

    assert answer.status_code == 400
    assert "100" in answer.json()["message"]


def test_an_upsert_makes_and_changes_and_says_which(hubspot, world):
    world.add_contact("ada@example.com")
    inputs = [upsert("NEW@example.com", city="Ulm"), upsert("Ada@example.com", city="Bonn")]

    answer = hubspot.post(f"{BATCH}/upsert", {"inputs": inputs})

    assert answer.status_code == 200
    rows = by_email(answer)
    assert {email: row["new"] for email, row in rows.items()} == {
        "new@example.com": True,
        "ada@example.com": False,
    }
    assert rows["ada@example.com"]["properties"]["city"] == "Bonn"


def test_upserted_results_do_not_come_in_the_order_of_the_inputs(hubspot):
    emails = [f"p{n}@example.com" for n in range(30)]

    answer = hubspot.post(f"{BATCH}/upsert", {"inputs": [upsert(email) for email in emails]})

    assert sorted(by_email(answer)) == sorted(emails)
    assert list(by_email(answer)) != emails


def test_an_upsert_by_a_secondary_address_changes_its_holder(hubspot, world):
    ada = world.add_contact("ada@example.com", hs_additional_emails="countess@example.com")

    answer = hubspot.post(f"{BATCH}/upsert", {"inputs": [upsert("countess@example.com", city="X")]})

    (row,) = answer.json()["results"]
    assert (row["id"], row["new"]) == (ada["id"], False)
    assert row["properties"]["email"] == "ada@example.com"


def test_one_bad_input_refuses_the_whole_batch(hubspot, world):
    inputs = [upsert("good@example.com"), upsert("bad@example.com", nonsense="1")]

    answer = hubspot.post(f"{BATCH}/upsert", {"inputs": inputs})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert world.dump("contacts") == []


def test_trace_ids_let_the_good_inputs_through(hubspot, world):
    inputs = [upsert("good@example.com", "t1"), upsert("broken", "t2")]

    answer = hubspot.post(f"{BATCH}/upsert", {"inputs": inputs})

    assert answer.status_code == 207
    assert by_email(answer)["good@example.com"]["objectWriteTraceId"] == "t1"
    (entry,) = answer.json()["errors"]
    assert entry["context"]["objectWriteTraceId"] == ["t2"]
    assert "INVALID_EMAIL" in entry["message"]
    assert len(world.dump("contacts")) == 1


@pytest.mark.parametrize("trace", [False, True])
def test_the_same_address_twice_refuses_the_batch_even_with_trace_ids(hubspot, world, trace):
    emails = ["ada@example.com", " ADA@example.com", "bob@example.com"]
    inputs = [upsert(email, f"t{n}" if trace else None) for n, email in enumerate(emails)]

    answer = hubspot.post(f"{BATCH}/upsert", {"inputs": inputs})

    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "Duplicate IDs found in batch input: [ada@example.com]. IDs must be unique"
    )
    assert world.dump("contacts") == []


def test_a_batch_create_reports_the_first_clash_and_writes_nothing(hubspot, world):
    ada = world.add_contact("ada@example.com")
    inputs = [{"properties": {"email": email}} for email in ("new@example.com", "ada@example.com")]

    answer = hubspot.post(f"{BATCH}/create", {"inputs": inputs})

    assert answer.status_code == 409
    assert ada["id"] in answer.json()["message"]
    assert len(world.dump("contacts")) == 1


def test_a_batch_create_answers_201(hubspot):
    answer = hubspot.post(f"{BATCH}/create", {"inputs": [{"properties": {"email": "a@b.example"}}]})

    assert answer.status_code == 201
    assert answer.json()["results"][0]["properties"]["email"] == "a@b.example"


@pytest.mark.parametrize("key", ["email", "firstname"])
def test_a_batch_update_by_address_is_refused(hubspot, world, key):
    world.add_contact("ada@example.com", firstname="Ada")
    item = {"id": "ada@example.com", "idProperty": key, "properties": {"city": "Ulm"}}

    answer = hubspot.post(f"{BATCH}/update", {"inputs": [item]})

    assert answer.status_code == 400
    assert "non-unique 0-1 property" in answer.json()["message"]


def test_a_batch_update_passes_over_a_merged_id_and_reports_an_unknown_one(hubspot, world):
    keep, lose = world.add_contact("a@example.com"), world.add_contact("b@example.com")
    world.merge_contacts(keep["id"], lose["id"])

    def update(*ids):
        inputs = [{"id": one, "properties": {"city": "Ulm"}} for one in ids]
        return hubspot.post(f"{BATCH}/update", {"inputs": inputs})

    silent, loud = update(lose["id"]), update(keep["id"], "404")

    assert (silent.status_code, silent.json()["results"]) == (200, [])
    assert loud.status_code == 207
    assert [row["id"] for row in loud.json()["results"]] == [keep["id"]]
    assert loud.json()["errors"][0]["context"]["ids"] == ["404"]


def test_an_upsert_by_a_unique_property_of_ones_own_is_idempotent(hubspot, world):
    world.add_property("nova_key", hasUniqueValue=True)
    item = {"id": "k-1", "idProperty": "nova_key", "properties": {"city": "Ulm"}}

    first = hubspot.post(f"{BATCH}/upsert", {"inputs": [item]}).json()["results"][0]
    second = hubspot.post(f"{BATCH}/upsert", {"inputs": [item]}).json()["results"][0]

    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]


def test_a_batch_archive_empties_the_list(hubspot, world):
    ids = [world.add_contact(f"p{n}@example.com")["id"] for n in range(3)]

    answer = hubspot.post(f"{BATCH}/archive", {"inputs": [{"id": one} for one in ids]})

    assert answer.status_code == 204
    assert hubspot.get("/crm/v3/objects/contacts").json()["results"] == []
