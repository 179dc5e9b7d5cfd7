"""HubSpot's deals and pipelines over real HTTP."""

import pytest

DEALS = "/crm/v3/objects/deals"
PIPELINES = "/crm/v3/pipelines/deals"
FIGURES = ("hs_is_closed", "hs_is_closed_won", "hs_deal_stage_probability")
KEY = {
    "name": "nova_order_id",
    "label": "Order",
    "groupName": "dealinformation",
    "type": "string",
    "fieldType": "text",
    "hasUniqueValue": True,
}
TICKETS = {
    "label": "Nova ticket sales",
    "displayOrder": 1,
    "stages": [
        {"label": "Paid", "displayOrder": 0, "metadata": {"probability": "1.0"}},
        {
            "label": "Refunded",
            "displayOrder": 1,
            "metadata": {"probability": "0.0", "isClosed": "true"},
        },
    ],
}


def deal(**values):
    return {"properties": {"dealname": "Gala", "dealstage": "closedwon"} | values}


def figures(hubspot, deal_id):
    row = hubspot.get(f"{DEALS}/{deal_id}", properties=",".join(FIGURES)).json()
    return [row["properties"][name] for name in FIGURES]


@pytest.fixture
def tickets(hubspot):
    """A pipeline of one's own: its id and those of its two stages."""
    made = hubspot.post(PIPELINES, TICKETS).json()
    return made["id"], *(stage["id"] for stage in made["stages"])


@pytest.fixture
def by_key(hubspot):
    """Upserts one deal by a unique property."""
    hubspot.post("/crm/v3/properties/deals", KEY)

    def upsert(key, **values):
        item = {"id": key, "idProperty": "nova_order_id", "properties": values}
        return hubspot.post(f"{DEALS}/batch/upsert", {"inputs": [item]})

    return upsert


def test_a_deal_has_its_own_defaults_and_its_number_is_another_name(hubspot):
    made = hubspot.post(DEALS, deal(amount="250.50", closedate="2026-11-24T12:00:00Z")).json()

    (row,) = hubspot.get("/crm/v3/objects/0-3").json()["results"]

    assert row["id"] == made["id"]
    assert set(row["properties"]) == {
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    }
    assert row["properties"]["pipeline"] == "default"
    assert row["properties"]["amount"] == "250.50"
    assert row["properties"]["closedate"] == "2026-11-24T12:00:00.000Z"


@pytest.mark.parametrize("name", ["dealname", "dealstage"])
def test_a_deal_needs_a_name_and_a_stage(hubspot, world, name):
    answer = hubspot.post(DEALS, deal(**{name: ""}))

    assert answer.status_code == 400
    assert answer.json()["context"] == {"properties": [name]}
    assert world.dump("deals") == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("dealstage", "Closed Won", "INVALID_OPTION"),
        ("pipeline", "elsewhere", "INVALID_OPTION"),
        ("amount", "12,50", "INVALID_DOUBLE"),
        ("hs_is_closed_won", "true", "READ_ONLY_VALUE"),
        ("email", "ada@example.com", "PROPERTY_DOESNT_EXIST"),
    ],
)
def test_a_bad_value_refuses_the_deal(hubspot, world, name, value, code):
    answer = hubspot.post(DEALS, deal(**{name: value}))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == code
    assert world.dump("deals") == []


def test_a_stage_must_be_one_of_the_deals_pipeline(hubspot, tickets):
    pipeline, paid, _ = tickets
    made = hubspot.post(DEALS, deal(pipeline=pipeline, dealstage=paid)).json()

    foreign = hubspot.post(DEALS, deal(dealstage=paid))
    moved = hubspot.send("PATCH", f"{DEALS}/{made['id']}", {"properties": {"pipeline": "default"}})

    assert foreign.status_code == moved.status_code == 400
    both = {"pipeline": "default", "dealstage": "contractsent"}
    ok = hubspot.send("PATCH", f"{DEALS}/{made['id']}", {"properties": both})
    assert ok.status_code == 200


def test_the_stage_says_whether_a_deal_is_closed_and_won(hubspot, world):
    made = world.add_deal(stage="contractsent")
    seen = [figures(hubspot, made["id"])]

    for stage in ("closedwon", "closedlost"):
        hubspot.send("PATCH", f"{DEALS}/{made['id']}", {"properties": {"dealstage": stage}})
        seen.append(figures(hubspot, made["id"]))

    assert seen == [["false", "false", "0.9"], ["true", "true", "1.0"], ["true", "false", "0.0"]]


def test_a_changed_stage_takes_its_deals_along(hubspot, tickets):
    pipeline, _, refunded = tickets
    made = hubspot.post(DEALS, deal(pipeline=pipeline, dealstage=refunded)).json()

    body = {"metadata": {"probability": "0.3", "isClosed": "false"}}
    hubspot.send("PATCH", f"{PIPELINES}/{pipeline}/stages/{refunded}", body)

    assert figures(hubspot, made["id"]) == ["false", "false", "0.3"]


def test_deals_are_upserted_by_a_unique_property_and_never_by_name(hubspot, by_key):
    by_name = {"id": "Gala", "idProperty": "dealname", "properties": {}}
    refused = hubspot.post(f"{DEALS}/batch/upsert", {"inputs": [by_name]})

    first = by_key("o-1", dealname="Order 1", dealstage="closedwon", amount="20")
    second = by_key("o-1", amount="15")

    assert refused.status_code == 400
    assert "non-unique 0-3 property dealname" in refused.json()["message"]
    (made,), (changed,) = first.json()["results"], second.json()["results"]
    assert (made["new"], changed["new"]) == (True, False)
    assert changed["id"] == made["id"]
    assert changed["properties"]["amount"] == "15"


def test_the_same_unique_value_twice_refuses_the_whole_batch(hubspot, by_key, world):
    inputs = [deal(nova_order_id="o-1"), deal(nova_order_id="o-1")]

    answer = hubspot.post(f"{DEALS}/batch/create", {"inputs": inputs})

    assert answer.status_code == 400
    assert world.dump("deals") == []


def test_trace_ids_let_good_deals_through(hubspot):
    inputs = [deal() | {"objectWriteTraceId": "a"}, deal(amount="x") | {"objectWriteTraceId": "b"}]

    answer = hubspot.post(f"{DEALS}/batch/create", {"inputs": inputs})

    assert answer.status_code == 207
    assert [row["objectWriteTraceId"] for row in answer.json()["results"]] == ["a"]
    assert answer.json()["errors"][0]["context"]["objectWriteTraceId"] == ["b"]


def test_deals_are_found_by_when_they_last_changed(hubspot, world):
    world.clock.freeze()
    world.add_deal("Old")
    world.clock.advance(60)
    start = int(world.clock.now().timestamp() * 1000)
    new = world.add_deal("New", amount="99.5")
    filters = [
        {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": str(start)},
        {"propertyName": "amount", "operator": "BETWEEN", "value": "90", "highValue": "100"},
    ]

    answer = hubspot.post(f"{DEALS}/search", {"filterGroups": [{"filters": filters}]})

    assert [row["id"] for row in answer.json()["results"]] == [new["id"]]


def test_a_restored_deal_has_its_key_again_unless_another_took_it(hubspot, by_key, control):
    values = {"dealname": "Order 1", "dealstage": "closedwon"}
    deal_id = by_key("o-1", **values).json()["results"][0]["id"]
    hubspot.send("DELETE", f"{DEALS}/{deal_id}")
    assert hubspot.get(f"{DEALS}/{deal_id}").status_code == 404

    restored = control.post(f"/hubspot/deals/{deal_id}/restore")

    assert restored.json()["archived"] is False
    assert by_key("o-1").json()["results"][0]["id"] == deal_id
    hubspot.send("DELETE", f"{DEALS}/{deal_id}")
    by_key("o-1", **values)
    refused = control.post(f"/hubspot/deals/{deal_id}/restore")
    assert refused.status_code == 400
    assert "nova_order_id" in refused.json()["error"]


def test_the_default_pipeline_has_hubspots_stages(hubspot):
    (pipeline,) = hubspot.get(PIPELINES).json()["results"]

    assert (pipeline["id"], pipeline["label"]) == ("default", "Sales Pipeline")
    assert {stage["id"]: stage["metadata"] for stage in pipeline["stages"]}["closedlost"] == {
        "isClosed": "true",
        "probability": "0.0",
    }
    assert len(pipeline["stages"]) == 7


def test_a_pipeline_is_made_once_and_changed(hubspot, tickets):
    pipeline, paid, refunded = tickets

    again = hubspot.post(PIPELINES, TICKETS)
    renamed = hubspot.send("PATCH", f"{PIPELINES}/{pipeline}", {"label": "Tickets"}).json()
    stage = {"label": "Disputed", "displayOrder": 2, "metadata": {"probability": 0.5}}
    added = hubspot.post(f"{PIPELINES}/{pipeline}/stages", stage)

    assert again.status_code == 409
    assert renamed["label"] == "Tickets"
    assert added.status_code == 201
    assert added.json()["metadata"] == {"isClosed": "false", "probability": "0.5"}
    stages = hubspot.get(f"{PIPELINES}/{pipeline}/stages").json()["results"]
    assert [one["id"] for one in stages] == [paid, refunded, added.json()["id"]]
    assert hubspot.get("/crm/v3/pipelines/contacts").status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"stages": []},
        {"label": ""},
        {"stages": [{"label": "A", "metadata": {}}]},
        {"stages": [{"label": "A", "metadata": {"probability": "1.5"}}]},
    ],
)
def test_a_malformed_pipeline_is_refused(hubspot, world, change):
    assert hubspot.post(PIPELINES, TICKETS | change).status_code == 400
    assert len(world.dump("pipelines")) == 1


def test_a_stage_in_use_is_not_deleted(hubspot, tickets):
    pipeline, paid, refunded = tickets
    hubspot.post(DEALS, deal(pipeline=pipeline, dealstage=paid))

    used = hubspot.send("DELETE", f"{PIPELINES}/{pipeline}/stages/{paid}")
    free = hubspot.send("DELETE", f"{PIPELINES}/{pipeline}/stages/{refunded}")

    assert (used.status_code, free.status_code) == (400, 204)


def test_deal_scopes_are_their_own(client_for, world):
    world.register_token("contacts-only", ["crm.objects.contacts.read"])

    answer = client_for("contacts-only").get(DEALS)

    (error,) = answer.json()["errors"]
    assert error["context"]["requiredGranularScopes"] == ["crm.objects.deals.read"]
