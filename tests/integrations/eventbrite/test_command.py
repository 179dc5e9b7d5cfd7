import json
import socket

import pytest
from django.core.management import CommandError, call_command

from integrations.models import System
from integrations.sync import sync_run

pytestmark = pytest.mark.django_db


def told(capsys, *arguments):
    call_command("sync_eventbrite", *arguments)
    return capsys.readouterr().out


def test_the_last_line_is_one_object(world, connected, capsys):
    world.add_order(world.add_event(), seats=2)

    result = json.loads(told(capsys, "--json").splitlines()[-1])

    assert result["outcome"] == "done"
    assert result["counts"]["seats"] == {"created": 2, "updated": 0, "unchanged": 0}
    assert {
        "run", "outcome", "created", "updated", "unchanged", "failed", "conflicts", "requests",
        "writes", "seconds",
    } <= set(result)  # fmt: skip
    assert (result["requests"], result["writes"]) == (5, 0)


def test_people_get_a_table(world, connected, capsys):
    world.add_order(world.add_event())

    shown = told(capsys)

    assert "outcome   │ done" in shown
    assert "seats" in shown


def test_full_reads_everything_again(world, connected, capsys):
    world.add_order(world.add_event(), changed="2026-01-01T00:00:00Z")
    told(capsys, "--json")

    result = json.loads(told(capsys, "--json", "--full").splitlines()[-1])

    assert result["counts"]["orders"] == {"created": 0, "updated": 0, "unchanged": 1}


def test_trouble_is_one_line(connected, settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.EVENTBRITE_BASE_URL = f"http://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(CommandError, match="Start the sandbox") as caught:
            call_command("sync_eventbrite", "--json")

    assert "\n" not in str(caught.value)


def test_a_wrong_token_is_one_line(connected, settings):
    settings.EVENTBRITE_TOKEN = "wrong"

    with pytest.raises(CommandError, match="does not accept the token"):
        call_command("sync_eventbrite", "--json")


def test_a_run_under_way_is_one_line(connected):
    with (
        sync_run(System.EVENTBRITE, "other"),
        pytest.raises(CommandError, match="Another Eventbrite run is under way"),
    ):
        call_command("sync_eventbrite", "--json")
