"""HubSpot's associations over real HTTP, and within objects and search."""

import pytest

DEALS = "/crm/v3/objects/deals"
TO_CONTACTS = "/crm/v4/associations/deals/contacts"
TO_DEALS = "/crm/v4/associations/contacts/deals"
TYPE = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}


@pytest.fixture
def ada(world):
    return world.add_contact("ada@example.com")["id"]


@pytest.fixture
def gala(world):
    return world.add_deal("Gala")["id"]


def pair(start, end, type_id=3):
    types = [TYPE | {"associationTypeId": type_id}]
    return {"from": {"id": start}, "to": {"id": end}, "types": types}


def tied(hubspot, deal_id):
    answer = hubspot.get(f"/crm/v4/objects/deals/{deal_id}/associations/contacts").json()
    return [str(row["toObjectId"]) for row in answer["results"]]


def test_a_pair_is_tied_and_read_from_both_sides_with_numbers_for_ids(hubspot, ada, gala):
    made = hubspot.post(f"{TO_CONTACTS}/batch/create", {"inputs": [pair(gala, ada)]})
    read = hubspot.post(f"{TO_DEALS}/batch/read", {"inputs": [{"id": ada}]})

    assert made.status_code == 201
    (row,) = made.json()["results"]
    assert (row["fromObjectId"], row["toObjectId"]) == (int(gala), int(ada))
    assert read.status_code == 200
    assert read.json()["results"] == [
        {
            "from": {"id": ada},
            "to": [
                {
                    "toObjectId": int(gala),
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 4, "label": None}
                    ],
                }
            ],
        }
    ]


def test_a_wrong_type_id_refuses_the_batch_and_an_unknown_record_only_itself(hubspot, ada, gala):
    wrong = hubspot.post(f"{TO_CONTACTS}/batch/create", {"inputs": [pair(gala, ada, 4)]})
    partly = hubspot.post(
        f"{TO_CONTACTS}/batch/create", {"inputs": [pair(gala, ada), pair(gala, "404")]}
    )

    assert wrong.status_code == 400
    assert partly.status_code == 207
    assert partly.json()["errors"][0]["context"]["toObjectId"] == ["404"]
    assert tied(hubspot, gala) == [ada]


def test_a_default_association_needs_no_type_and_may_be_repeated(hubspot, world, ada, gala):
    inputs = {"inputs": [{"from": {"id": gala}, "to": {"id": ada}}]}

    answers = [hubspot.post(f"{TO_CONTACTS}/batch/associate/default", inputs) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(world.dump("associations")) == 1


def test_records_without_ties_are_reported_when_read_in_a_batch(hubspot, ada, gala):
    answer = hubspot.post(f"{TO_CONTACTS}/batch/read", {"inputs": [{"id": gala}]})

    assert answer.status_code == 207
    assert answer.json()["results"] == []
    (entry,) = answer.json()["errors"]
    assert entry["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert entry["context"]["fromObjectId"] == [gala]


def test_an_archived_association_is_gone_from_both_sides(hubspot, world, ada, gala):
    world.associate(ada, gala)
    inputs = {"inputs": [{"from": {"id": gala}, "to": [{"id": ada}, {"id": "404"}]}]}

    answer = hubspot.post(f"{TO_CONTACTS}/batch/archive", inputs)

    assert answer.status_code == 204
    assert tied(hubspot, gala) == []
    assert world.dump("associations") == []


@pytest.mark.parametrize(("kind", "most"), [("create", 2_000), ("archive", 2_000), ("read", 1_000)])
def test_batches_of_associations_have_limits_of_their_own(hubspot, kind, most):
    inputs = [pair(str(n), "1") | {"id": str(n)} for n in range(most + 1)]

    answer = hubspot.post(f"{TO_CONTACTS}/batch/{kind}", {"inputs": inputs})

    assert answer.status_code == 400
    assert str(most) in answer.json()["message"]


def test_a_deal_is_made_with_its_contact(hubspot, ada):
    body = {
        "properties": {"dealname": "Gala", "dealstage": "closedwon"},
        "associations": [{"to": {"id": ada}, "types": [TYPE]}],
    }

    one = hubspot.post(DEALS, body).json()
    batch = hubspot.post(f"{DEALS}/batch/create", {"inputs": [body, body]}).json()["results"]

    assert [tied(hubspot, row["id"]) for row in [one, *batch]] == [[ada]] * 3


def test_a_deal_with_an_unknown_contact_is_not_made(hubspot, world):
    body = {
        "properties": {"dealname": "Gala", "dealstage": "closedwon"},
        "associations": [{"to": {"id": "404"}, "types": [TYPE]}],
    }

    assert hubspot.post(DEALS, body).status_code == 404
    assert hubspot.post(f"{DEALS}/batch/create", {"inputs": [body]}).status_code == 404
    assert world.dump("deals") == []


def test_lists_and_reads_show_associations_on_demand(hubspot, world, ada, gala):
    world.associate(ada, gala)
    alone = world.add_deal("Alone")["id"]

    rows = hubspot.get(DEALS, associations="contacts").json()["results"]
    contact = hubspot.get(f"/crm/v3/objects/contacts/{ada}", associations=["deals"]).json()

    ties = {row["id"]: row.get("associations") for row in rows}
    results = [{"id": ada, "type": "deal_to_contact"}]
    assert ties == {gala: {"contacts": {"results": results}}, alone: None}
    assert contact["associations"]["deals"]["results"][0]["id"] == gala
    assert "associations" not in hubspot.get(f"{DEALS}/{gala}").json()


def test_deals_are_searched_by_contact(hubspot, world, ada, gala):
    world.associate(ada, gala)
    world.add_deal("Alone")
    wish = {"propertyName": "associations.contact", "operator": "EQ", "value": ada}

    answer = hubspot.post(f"{DEALS}/search", {"filterGroups": [{"filters": [wish]}]})

    assert [row["id"] for row in answer.json()["results"]] == [gala]


def test_many_ties_come_in_pages(hubspot, world, ada):
    ids = [world.add_deal(f"Deal {n}")["id"] for n in range(5)]
    for deal_id in ids:
        world.associate(ada, deal_id)
    path = f"/crm/v4/objects/contacts/{ada}/associations/deals"

    first = hubspot.get(path, limit=3).json()
    rest = hubspot.get(path, limit=3, after=first["paging"]["next"]["after"]).json()

    assert [str(row["toObjectId"]) for row in first["results"] + rest["results"]] == ids
    assert "paging" not in rest
    assert hubspot.get(path, limit=501).status_code == 400


@pytest.mark.parametrize("new_id", [False, True])
def test_a_merge_hands_on_deals_and_lists(hubspot, world, ada, gala, control, new_id):
    lose = world.add_contact("ada.old@example.com")["id"]
    world.associate(lose, gala)
    made = {"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL"}
    vip = hubspot.post("/crm/v3/lists/", made).json()["list"]["listId"]
    hubspot.send("PUT", f"/crm/v3/lists/{vip}/memberships/add", [lose])

    survivor = control.post(f"/hubspot/contacts/{ada}/merge", {"lose": lose, "new_id": new_id})

    kept = survivor.json()["id"]
    assert (kept == ada) is not new_id
    assert tied(hubspot, gala) == [kept]
    members = hubspot.get(f"/crm/v3/lists/{vip}/memberships").json()["results"]
    assert [member["recordId"] for member in members] == [kept]
    for old_id in (ada, lose):
        assert hubspot.get(f"/crm/v3/objects/contacts/{old_id}").json()["id"] == kept


def test_ties_of_an_archived_contact_rest_until_it_is_restored(hubspot, world, ada, gala):
    world.associate(ada, gala)
    world.archive_record("contacts", ada)
    before = tied(hubspot, gala)
    world.restore_record("contacts", ada)

    assert (before, tied(hubspot, gala)) == ([], [ada])
