from datetime import UTC, datetime

import pytest

from integrations.models import Outcome, SyncRun, System

pytestmark = pytest.mark.django_db
ENDED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_run(outcome, **fields):
    return SyncRun.objects.create(
        system=System.EVENTBRITE, command="test", outcome=outcome, started_at=ENDED, **fields
    )


def test_healthz_names_the_last_run_of_each_system_that_went_through(client):
    make_run(Outcome.DONE_WITH_PROBLEMS, finished_at=ENDED)
    make_run(Outcome.FAILED, finished_at=ENDED.replace(hour=13))
    make_run(Outcome.RUNNING)

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "ok",
            "database": "ok",
            "broker": "ok",
            "last_sync": {"eventbrite": "2026-03-01T12:00:00+00:00", "hubspot": None},
        },
    )


def test_healthz_says_so_when_the_broker_does_not_answer(client, settings):
    settings.CELERY_BROKER_URL = "filesystem://localhost"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": "/nowhere/at/all"}

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()["broker"]) == (503, "unavailable")


def test_healthz_takes_no_writes(client):
    assert client.post("/healthz").status_code == 405
