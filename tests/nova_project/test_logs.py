import json
import logging

import pytest
import structlog
from django.conf import settings

from nova_project.logs import MASK, mask_text, mask_value


@pytest.mark.parametrize(
    "text",
    [
        "Contact ada.byron+shows@example.org refused",
        "Authorization: Bearer pat-eu1-secret-value",
        "GET https://api.example.com/x?token=secret-value&page=2",
        "POST /webhooks/eventbrite/secret-value/ 200",
    ],
)
def test_addresses_and_secrets_do_not_reach_a_log_line(text):
    masked = mask_text(text)

    assert "secret-value" not in masked
    assert "ada.byron" not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/hubspot/customer-360?email=ada.byron%40example.org",
        "GET /admin/customers/customer/?q=Ada+Byron&customer_type__exact=vip",
        '"GET /admin/customers/customer/?q=Ada%20Byron HTTP/1.1" 200 4711',
        "GET /unsubscribe/ada.byron%40example.org/",
        "The number +49 (171) 555-0199 is not valid",
        "DETAIL:  Key (address)=(ada.byron@example.org) already exists.",
        "DETAIL:  Failing row contains (7, Ada, Byron, 0171 5550199, f, 2026-01-01).",
    ],
)
def test_nothing_of_a_person_reaches_a_log_line(text):
    masked = mask_text(text)

    assert MASK in masked
    for word in ("ada", "byron", "555"):
        assert word not in masked.lower()


def test_times_ids_and_paths_stay_legible():
    text = "GET /admin/customers/customer/12/change/ run 4711 at 2026-11-24T13:53:00+01:00 in 1.5 s"

    assert mask_text(text) == text


def test_the_line_of_a_request_does_not_say_what_was_searched_for(client, db):
    processors = structlog.get_config()["processors"][:-1]
    with structlog.testing.capture_logs(processors) as lines:
        client.get("/healthz", {"email": "ada.byron@example.org", "q": "Ada Byron"})

    told = json.dumps(lines, default=str)
    assert "request_finished" in told
    assert "email=[masked]&q=[masked]" in told


def test_values_are_masked_by_their_name_at_any_depth():
    event = {
        "contact": {"email": "ada@example.org", "firstname": "Ada", "id": "7"},
        "headers": [{"Authorization": "Bearer x", "Accept": "json"}],
        "hubspot_access_token": "x",
    }

    assert mask_value("event", event) == {
        "contact": {"email": MASK, "firstname": MASK, "id": "7"},
        "headers": [{"Authorization": MASK, "Accept": "json"}],
        "hubspot_access_token": MASK,
    }


def test_a_log_line_is_one_json_object_without_personal_data(capsys):
    handler = logging.StreamHandler()
    formatter = dict(settings.LOGGING["formatters"]["json"])
    handler.setFormatter(formatter.pop("()")(**formatter))
    logger = logging.getLogger("tests.logs")
    logger.addHandler(handler)

    structlog.get_logger("tests.logs").warning("refused", email="ada@example.org", run=3)

    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    logger.removeHandler(handler)
    assert (line["event"], line["email"], line["run"]) == ("refused", MASK, 3)
