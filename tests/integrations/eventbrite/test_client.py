import socket

import pytest

from integrations.errors import Misconfigured, Rejected, RetryLater
from integrations.eventbrite.client import EventbriteClient
from integrations.eventbrite.refusals import NotFound, StaleContinuation
from integrations.http import Meter, NotNow, Patience, Reply
from integrations.sandbox.ticketing import ORGANIZATION_ID
from integrations.sandbox.world import EVENTBRITE_TOKEN


def sell(world, orders):
    event = world.add_event()
    return [world.add_order(event)["id"] for _ in range(orders)]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def other(sandbox, token=EVENTBRITE_TOKEN, url=""):
    patience = Patience(attempts=2, base_seconds=0)
    return EventbriteClient(token, url or sandbox.url, meter=Meter(), patience=patience)


@pytest.mark.parametrize("number", [201, 202, 203])
def test_a_list_is_read_to_its_end_whatever_the_last_page_says_of_a_token(world, client, number):
    ids = sell(world, number)

    pages = list(client.orders(ORGANIZATION_ID))

    assert [row["id"] for page in pages for row in page.rows] == ids
    assert [page.after is None for page in pages] == [False, False, True]


def test_an_empty_page_in_the_middle_does_not_end_a_list(world, sandbox, client):
    ids = sell(world, 250)
    sandbox.faults.add("empty_page", "/orders/", nth=[2, 3])

    pages = list(client.orders(ORGANIZATION_ID))

    assert [len(page.rows) for page in pages] == [100, 0, 50]
    assert [row["id"] for row in pages[2].rows] == ids[200:]


def test_a_page_that_is_empty_by_a_slip_is_asked_for_once_more(world, sandbox, client):
    ids = sell(world, 250)
    sandbox.faults.add("empty_page", "/orders/", nth=2)

    pages = list(client.orders(ORGANIZATION_ID))

    assert [row["id"] for page in pages for row in page.rows] == ids


def test_an_answer_that_takes_too_long_is_not_waited_for(world, sandbox):
    sell(world, 1)
    sandbox.faults.add("latency", "/orders/", ms=400)
    patience = Patience(attempts=2, base_seconds=0)
    impatient = EventbriteClient(
        EVENTBRITE_TOKEN, sandbox.url, meter=Meter(), patience=patience, timeout=(1, 0.1)
    )

    with pytest.raises(NotNow, match="did not answer in time"):
        list(impatient.orders(ORGANIZATION_ID))


def test_a_list_goes_on_from_a_page_that_was_kept(world, client):
    ids = sell(world, 130)
    first = next(client.orders(ORGANIZATION_ID))

    rest = list(client.orders(ORGANIZATION_ID, after=first.after))

    assert [row["id"] for page in rest for row in page.rows] == ids[100:]


def test_old_answers_without_has_more_items_are_read_page_by_page(world, sandbox, client):
    sell(world, 1)
    old = {"object_count": 3, "page_size": 2, "page_count": 2}
    for number, path, rows in (
        (2, "[?&]page=2", [{"id": "c"}]),
        (1, "/orders/", [{"id": "a"}, {"id": "b"}]),
    ):
        body = {"pagination": old | {"page_number": number}, "orders": rows}
        sandbox.faults.add("status", path, status=200, body=body)

    pages = list(client.orders(ORGANIZATION_ID))

    assert [row["id"] for page in pages for row in page.rows] == ["a", "b", "c"]


def test_a_page_that_names_itself_as_the_next_one_ends_the_reading(world, sandbox, client):
    sell(world, 150)
    sandbox.faults.add("repeat_continuation", "continuation=")

    with pytest.raises(StaleContinuation, match="gave already as the next one"):
        list(client.orders(ORGANIZATION_ID))

    assert sandbox.stats.total == 2


def test_a_list_that_cannot_be_expanded_is_begun_again_without(world, sandbox, client):
    ids = sell(world, 150)
    sandbox.faults.add("expansion_failed", "continuation=")

    pages = list(client.orders(ORGANIZATION_ID))

    assert [page.is_expanded for page in pages] == [True, False, False]
    assert [row["id"] for page in pages[1:] for row in page.rows] == ids


@pytest.mark.parametrize(
    ("fault", "times", "error", "words"),
    [
        ({"kind": "html", "status": 502}, None, NotNow, "other than JSON"),
        ({"kind": "html"}, None, NotNow, "other than JSON"),
        ({"kind": "truncate"}, None, NotNow, "cut off"),
        ({"kind": "reset_before"}, None, NotNow, "broke off the connection"),
        ({"kind": "rate_limit"}, None, NotNow, "hourly number of calls"),
        ({"kind": "rate_limit", "retry_after": 900}, 1, NotNow, "hourly number of calls"),
        (
            {
                "kind": "status",
                "status": 500,
                "body": {"error": "INTERNAL_ERROR", "status_code": 500},
            },
            None,
            NotNow,
            "trouble of its own .HTTP 500 INTERNAL_ERROR",
        ),
        (
            {
                "kind": "status",
                "status": 403,
                "body": {"error": "NOT_AUTHORIZED", "status_code": "403"},
            },
            1,
            Misconfigured,
            "may not read orders",
        ),
        (
            {
                "kind": "status",
                "status": 400,
                "body": {"error": "INVALID_AUTH", "status_code": 400},
            },
            1,
            Misconfigured,
            "does not accept the token",
        ),
        (
            {
                "kind": "status",
                "status": 400,
                "body": {"error": "ARGUMENTS_ERROR", "error_description": "status - INVALID"},
            },
            1,
            Rejected,
            "status - INVALID",
        ),
        (
            {"kind": "status", "status": 302, "body": "", "headers": {"Location": "http://x.org/"}},
            1,
            Misconfigured,
            "does not follow",
        ),
    ],
)
def test_trouble_is_told_in_words_with_what_to_do(
    world, sandbox, client, fault, times, error, words
):
    sell(world, 1)
    sandbox.faults.add(path="/orders/", times=times, **fault)

    with pytest.raises(error, match=words):
        list(client.orders(ORGANIZATION_ID))


@pytest.mark.parametrize("kind", ["html", "truncate", "reset_before", "rate_limit"])
def test_trouble_that_passes_is_not_noticed(world, sandbox, client, kind):
    ids = sell(world, 3)
    sandbox.faults.add(kind, "/orders/", times=2)

    [page] = client.orders(ORGANIZATION_ID)

    assert [row["id"] for row in page.rows] == ids


def test_a_wrong_token_says_where_to_find_the_right_one(sandbox):
    with pytest.raises(Misconfigured, match=r"private token.*EVENTBRITE_TOKEN"):
        list(other(sandbox, token="wrong").organizations())


def test_a_sandbox_that_is_not_there_is_to_be_started():
    url = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(RetryLater, match=r"Start the sandbox: python manage\.py sandbox") as caught:
        list(other(None, url=url).organizations())

    assert url.removeprefix("http://") in str(caught.value)
    assert not isinstance(caught.value, NotNow)


def test_an_address_that_is_none_is_a_setting_to_mend():
    with pytest.raises(Misconfigured, match="EVENTBRITE_BASE_URL is an origin"):
        list(other(None, url="api.example").organizations())


def test_a_record_that_is_not_there_or_not_ours_is_not_found(world, sandbox, client):
    [order_id] = sell(world, 1)
    body = {"error": "NOT_AUTHORIZED", "status_code": 403}
    sandbox.faults.add("status", f"/orders/{order_id}/", status=403, body=body)

    for missing in (order_id, "1"):
        with pytest.raises(NotFound, match="shows no such order"):
            client.order(missing)


def test_an_id_cannot_lead_to_another_path(sandbox, client):
    with pytest.raises(NotFound):
        client.order("../users/me")

    assert [target.split("?")[0] for _, target, _ in sandbox.stats.log] == [
        "/v3/orders/..%2Fusers%2Fme/"
    ]


def test_the_hours_limit_is_waited_for_in_minutes_where_a_hiccup_takes_seconds():
    waits = []

    class Told(Patience):
        def _seconds(self, state):
            waits.append(super()._seconds(state))
            return 0

    def refused(slowness):
        def send() -> Reply:
            raise NotNow("used up", slowness=slowness)

        return send

    for slowness in (1, 60):
        with pytest.raises(NotNow):
            Told(attempts=4, longest_seconds=3600).call(refused(slowness))

    assert waits == [1, 2, 4, 8, 60, 120, 240, 480]
