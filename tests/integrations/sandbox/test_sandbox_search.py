"""HubSpot's search over real HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

SEARCH = "/crm/v3/objects/contacts/search"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def where(name, operator, value=None, **more):
    wish = {"propertyName": name, "operator": operator} | more
    return wish if value is None else wish | {"value": value}


def found(hubspot, *filters, **body):
    groups = {"filterGroups": [{"filters": list(filters)}]} if filters else {}
    answer = hubspot.post(SEARCH, groups | {"properties": ["email"]} | body)
    assert answer.status_code == 200, answer.text
    return [row["properties"]["email"][0] for row in answer.json()["results"]]


@pytest.fixture
def people(world):
    world.add_property("seats", "number", "number")
    world.add_property("seen_on", "date", "date")
    rows = [
        ("a@example.com", "Berlin", "lead", "9", "2026-01-01"),
        ("b@example.com", "berlin", "customer", "10", "2026-02-01"),
        ("c@example.com", "Ulm", "customer", "11", "2026-03-01"),
    ]
    for n, (email, city, stage, seats, seen_on) in enumerate(rows):
        made = NOON + timedelta(minutes=n)
        values = {"city": city, "lifecyclestage": stage, "seats": seats, "seen_on": seen_on}
        world.add_contact(email, createdate=made, **values)
    world.add_contact("d@example.com", hs_additional_emails="old-d@example.com", createdate=NOON)
    return rows


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (where("city", "EQ", "BERLIN"), ["a", "b"]),
        (where("city", "NEQ", "berlin"), ["c", "d"]),
        (where("city", "IN", values=["berlin", "ulm"]), ["a", "b", "c"]),
        (where("city", "IN", values=["Berlin", "Ulm"]), []),
        (where("city", "NOT_IN", values=["berlin"]), ["c", "d"]),
        (where("city", "HAS_PROPERTY"), ["a", "b", "c"]),
        (where("city", "NOT_HAS_PROPERTY"), ["d"]),
        (where("city", "CONTAINS_TOKEN", "*erl*"), ["a", "b"]),
        (where("city", "NOT_CONTAINS_TOKEN", "berlin"), ["c", "d"]),
        (where("lifecyclestage", "EQ", "customer"), ["b", "c"]),
        (where("lifecyclestage", "EQ", "Customer"), []),
        (where("seats", "GT", "9"), ["b", "c"]),
        (where("seats", "BETWEEN", "9", highValue="10"), ["a", "b"]),
        (where("seats", "LTE", 10), ["a", "b"]),
        (where("seen_on", "GTE", "2026-02-01"), ["b", "c"]),
        (where("createdate", "LT", str(int(NOON.timestamp() * 1000) + 60_000)), ["a", "d"]),
        (where("email", "EQ", "old-d@example.com"), []),
        (where("hs_additional_emails", "CONTAINS_TOKEN", "old-d@example.com"), ["d"]),
    ],
)
def test_an_operator_finds_what_it_says(hubspot, people, wish, expected):
    assert found(hubspot, wish) == expected


def test_groups_are_alternatives_and_filters_within_one_add_up(hubspot, people):
    groups = [
        {"filters": [where("city", "EQ", "berlin"), where("seats", "GT", "9")]},
        {"filters": [where("city", "NOT_HAS_PROPERTY")]},
    ]

    assert found(hubspot, filterGroups=groups) == ["b", "d"]


def test_a_query_also_looks_at_additional_addresses(hubspot, people):
    assert found(hubspot, query="old-d@example.com") == ["d"]


def test_results_are_sorted_by_one_property(hubspot, people):
    def by(name, direction):
        return found(hubspot, sorts=[{"propertyName": name, "direction": direction}])

    assert by("seats", "DESCENDING") == ["c", "b", "a", "d"]
    assert by("createdate", "ASCENDING") == ["a", "d", "b", "c"]
    two = [{"propertyName": "city"}, {"propertyName": "seats"}]
    assert hubspot.post(SEARCH, {"sorts": two}).status_code == 400


def test_pages_are_offsets(hubspot, people):
    first = hubspot.post(SEARCH, {"limit": 3}).json()
    second = hubspot.post(SEARCH, {"limit": 3, "after": first["paging"]["next"]["after"]}).json()

    assert first["total"] == 4
    assert first["paging"]["next"]["after"] == "3"
    assert len(second["results"]) == 1
    assert "paging" not in second


def test_a_walk_by_id_finds_everybody_once(hubspot, people):
    seen, last = [], "0"
    while True:
        wish = {"filters": [where("hs_object_id", "GT", last)]}
        sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        page = hubspot.post(SEARCH, {"filterGroups": [wish], "sorts": sorts, "limit": 2}).json()
        seen += [row["id"] for row in page["results"]]
        if len(page["results"]) < 2:
            break
        last = seen[-1]

    assert seen == sorted(set(seen))
    assert len(seen) in (4, 5)


def test_archived_contacts_are_never_found(hubspot, world, people):
    world.archive_record("contacts", world.dump("contacts")[0]["id"])

    assert found(hubspot, where("city", "HAS_PROPERTY")) == ["b", "c"]


def test_a_lagging_search_does_not_know_the_newest(hubspot, world, people):
    world.clock.freeze(NOON + timedelta(hours=1))
    world.search_lag_seconds = 5
    world.add_contact("e@example.com")
    before = found(hubspot)
    world.clock.advance(6)

    assert before == ["a", "b", "c", "d"]
    assert found(hubspot) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 200, "after": "9900"},
        {"filterGroups": [{"filters": [where("city", "HAS_PROPERTY")]}] * 6},
        {"filterGroups": [{"filters": [where("city", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [where("city", "HAS_PROPERTY")] * 4}] * 5},
        {"filterGroups": [{"filters": [where("unheard_of", "EQ", "1")]}]},
        {"filterGroups": [{"filters": [where("city", "LIKE", "1")]}]},
        {"query": "x" * 3_000},
    ],
)
def test_a_search_beyond_its_limits_is_refused(hubspot, people, body):
    answer = hubspot.post(SEARCH, body)

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_the_last_page_of_the_window_is_still_served(hubspot, people):
    assert hubspot.post(SEARCH, {"limit": 100, "after": "9900"}).status_code == 200
