"""Who may call the API, how often, and in what shape it refuses."""

import json
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from integrations.api.endpoints import api
from integrations.models import ApiToken, SyncRun, System
from nova_project.logs import MASK, mask_text
from tests.factories import make_customer
from tests.integrations.api.conftest import program, token_of

ADDRESS = "ada@example.org"
CALLS = {
    "start": ("post", "/api/hubspot/sync-contacts", {"apply": True, "dry_run": True}),
    "run": ("get", "/api/runs/1", None),
    "person": ("get", f"/api/hubspot/customer-360?email={ADDRESS}", None),
    "person by post": ("post", "/api/hubspot/customer-360", {"email": ADDRESS}),
}
ALLOWED = {"start": 422, "run": 200, "person": 200, "person by post": 200}
"""What who has the right is answered; nothing is started by options that contradict each other."""
RIGHTS = {
    "Marketing": {"start", "run", "person", "person by post"},
    "Box office": {"run", "person", "person by post"},
    "Finance": {"run"},
    "Viewer": set(),
    "": set(),
}


@pytest.fixture
def rows(db):
    SyncRun.objects.create(pk=1, system=System.HUBSPOT, command="x", started_at=timezone.now())
    make_customer(ADDRESS)


def call(client, name, **extra):
    method, path, body = CALLS[name]
    given = {} if body is None else {"data": body, "content_type": "application/json"}
    return getattr(client, method)(path, **given, **extra)


def refusal(answer) -> str:
    """The code of an error in the one shape, and nothing but it."""
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "fields", "run"}
    assert body["error"]["message"].endswith(".")
    return body["error"]["code"]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("role", RIGHTS)
def test_a_call_needs_the_right_for_it(rows, user_of, role, name):
    answer = call(program(token_of(user_of(role))), name)

    is_allowed = name in RIGHTS[role]
    assert answer.status_code == (ALLOWED[name] if is_allowed else 403)
    if not is_allowed:
        assert refusal(answer) == "not_allowed"


@pytest.mark.parametrize("name", CALLS)
def test_staff_call_with_their_session_and_send_the_csrf_token_with_what_is_no_get(
    rows, user_of, name
):
    staff = Client(enforce_csrf_checks=True)
    staff.force_login(user_of("Marketing"))
    staff.get(reverse("admin:login"))
    staff.cookies["csrftoken"] = "a" * 32

    bare = call(staff, name)
    whole = call(staff, name, headers={"X-CSRFToken": "a" * 32})

    assert whole.status_code == ALLOWED[name]
    if CALLS[name][0] == "post":
        assert (bare.status_code, refusal(bare)) == (403, "csrf")


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_a_token_that_is_over_opens_nothing(user_of, change):
    token = token_of(user_of("Marketing"), **change)

    answer = call(program(token), "run")

    assert (answer.status_code, refusal(answer)) == (401, "not_logged_in")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_a_token_ends_with_the_log_in_of_its_user(user_of, change):
    user = user_of("Marketing")
    token = token_of(user)
    User.objects.filter(pk=user.pk).update(**change)

    assert call(program(token), "run").status_code == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Bearer nova_00000000_x", "Basic YTpi", "Token x"]
)
def test_what_is_no_token_opens_nothing_not_even_beside_a_session(rows, user_of, header):
    client = Client()
    if header:
        client.force_login(user_of("Marketing"))

    answer = call(client, "run", headers={"Authorization": header} if header else {})

    assert (answer.status_code, refusal(answer)) == (401, "not_logged_in")


def test_half_of_a_token_is_no_token(rows, user_of):
    token = token_of(user_of("Marketing"))
    token.secret = token.secret[:-1]

    assert call(program(token), "run").status_code == 401


def test_the_database_keeps_no_secret_of_a_token(user_of):
    token = token_of(user_of("Marketing"))

    kept = ApiToken.objects.values().get()

    assert token.secret
    assert token.secret.split("_", 2)[2] not in str(kept)


def test_the_use_of_a_token_is_noted_once_a_minute(rows, user_of, django_assert_num_queries):
    token = token_of(user_of("Viewer"))
    caller = program(token)
    call(caller, "run")
    first = ApiToken.objects.get().last_used_at

    with django_assert_num_queries(3):  # token, two of permissions
        call(caller, "run")

    assert first is not None
    assert ApiToken.objects.get().last_used_at == first


def test_too_many_calls_in_a_minute_are_told_when_to_come_back(rows, user_of, settings):
    settings.NOVA_API_CALLS_PER_MINUTE = 1
    caller, other = program(token_of(user_of("Viewer"))), program(token_of(user_of("Viewer")))

    answers = [call(caller, "run") for _ in range(3)]  # at most two minutes are touched

    assert (answers[-1].status_code, refusal(answers[-1])) == (429, "too_many_calls")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert call(other, "run").status_code == 403


@pytest.mark.parametrize("path", ["/api/", "/api/nothing", "/api/runs/999", "/api/runs/x"])
def test_what_is_not_there_is_refused_in_the_one_shape(marketer, path):
    answer = marketer.get(path)

    assert (answer.status_code, refusal(answer)) == (404, "not_found")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
@pytest.mark.parametrize("path", [path.split("?")[0] for _, path, _ in CALLS.values()])
def test_what_an_address_does_not_take_is_refused_in_the_one_shape(marketer, method, path):
    answer = getattr(marketer, method)(path)

    assert (answer.status_code, refusal(answer)) == (405, "method_not_allowed")
    assert answer["Allow"]


@pytest.mark.parametrize("body", ["{", "[]", "null", '"x"', "{}", '{"email": 3}'])
def test_a_body_that_is_not_as_described_is_refused_in_the_one_shape(marketer, body):
    answer = marketer.post(CALLS["person by post"][1], body, content_type="application/json")

    assert answer.status_code in (400, 422)
    assert refusal(answer) in ("bad_request", "invalid")


def test_no_answer_is_kept_by_anybody_on_the_way(marketer):
    assert "no-store" in call(marketer, "person")["Cache-Control"]


def test_logs_hold_neither_the_address_of_a_person_nor_a_token(user_of):
    token = token_of(user_of())
    line = f"GET /api/hubspot/customer-360?email=Ada%2Bx%40example.org {token.secret}"

    assert mask_text(line) == f"GET /api/hubspot/customer-360?email={MASK} {MASK}"


def description() -> dict:
    return json.loads(Client().get("/api/openapi.json").content)


def test_every_answer_is_described_and_every_error_in_the_one_shape(rows):
    told = description()

    operations = [op for path in told["paths"].values() for op in path.values()]
    assert len(operations) == len(CALLS)
    for operation in operations:
        assert {"TokenAuth": []} in operation["security"]
        for status, answer in operation["responses"].items():
            schema = answer["content"]["application/json"]["schema"]
            is_error = schema == {"$ref": "#/components/schemas/ErrorReply"}
            assert is_error == (int(status) >= 400), HTTPStatus(int(status))


def test_answers_are_as_the_description_says(rows, marketer):
    told = description()
    for name, (method, path, _) in CALLS.items():
        answer = call(marketer, name)
        template = path.split("?")[0].replace("/runs/1", "/runs/{run_id}")
        described = told["paths"][template][method]["responses"][str(answer.status_code)]
        schema = described["content"]["application/json"]["schema"] | {
            "components": told["components"]
        }

        assert [e.message for e in Draft202012Validator(schema).iter_errors(answer.json())] == []


TEXTS = st.text(max_size=40) | st.sampled_from(["1-2-3", "-", f"{10**40}-0-0", "é@x.y", ADDRESS])


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(email=TEXTS, kind=TEXTS, after=TEXTS, limit=TEXTS | st.integers())
def test_whatever_is_asked_nova_makes_no_mistake(rows, marketer, email, kind, after, limit):
    cache.clear()
    asked = {"email": email, "kind": kind, "after": after, "limit": limit}

    answer = marketer.post(CALLS["person by post"][1], asked, content_type="application/json")

    assert answer.status_code in (200, 404, 422)


def test_the_page_that_describes_the_api_is_for_staff_and_loads_nothing_from_elsewhere(user_of):
    staff = Client()
    staff.force_login(user_of())

    page = staff.get(reverse("api:openapi-view"))

    assert page.status_code == 200
    assert "http" not in page.text.replace("http-equiv", "")
    assert Client().get(reverse("api:openapi-view")).status_code == 302


def test_the_api_calls_itself_by_the_addresses_that_do_not_change():
    assert api.get_openapi_schema()["paths"].keys() == {
        "/api/hubspot/sync-contacts",
        "/api/hubspot/customer-360",
        "/api/runs/{run_id}",
    }
