"""`setup_hubspot` and `sync_hubspot`: what they print, and how they end."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from customers.models import Campaign
from integrations.models import Problem, SyncRun, System
from nova_project.lock import exclusive
from tests.factories import make_buyer

pytestmark = pytest.mark.django_db


def run(command, *arguments):
    """What the command prints on standard output; CommandError stands for exit status 1 or 2."""
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def as_json(command, *arguments):
    return json.loads(run(command, "--json", *arguments).splitlines()[-1])


def test_a_synchronisation_prints_its_figures(world, sync):
    make_buyer("ada@x.org")
    world.add_contact("bob@x.org")

    result = as_json("sync_hubspot", "--apply")

    assert result["outcome"] == "done"
    assert (result["created"], result["failed"], result["conflicts"]) == (3, 0, 0)
    assert (result["requests"], result["writes"]) == (7, 1)  # two for campaigns and e-mails
    assert result["counts"]["HubSpot contacts"]["created"] == 1
    assert {"run", "updated", "unchanged", "seconds"} <= set(result)


def test_after_a_synchronisation_there_is_nothing_left_to_do(world, sync):
    make_buyer("ada@x.org")
    world.add_contact("bob@x.org", firstname="Bob")
    run("sync_hubspot", "--apply", "--json")

    result = as_json("sync_hubspot", "--apply")

    assert (result["created"], result["updated"], result["writes"]) == (0, 0, 0)


def test_without_json_a_table_is_printed(sync):
    make_buyer("ada@x.org")

    printed = run("sync_hubspot", "--dry-run", "-v", "0")

    assert "HubSpot contacts" in printed
    assert "to create" in printed


def test_what_was_asked_for_stands_on_the_run(sync):
    run("sync_hubspot", "--dry-run", "--full", "--json")

    assert SyncRun.objects.get().command == "sync_hubspot --dry-run --full"


@pytest.mark.parametrize("flag", ["--dry-run", "--pull-only"])
def test_writing_and_not_writing_at_once_is_bad_use(sync, flag):
    with pytest.raises(CommandError) as caught:
        run("sync_hubspot", "--apply", flag)

    assert caught.value.returncode == 2


def test_applying_in_mode_off_is_refused_with_what_to_do(sync, settings):
    settings.HUBSPOT_WRITE_MODE = "off"

    with pytest.raises(CommandError, match="Set it to “review”") as caught:
        run("sync_hubspot", "--apply")

    assert caught.value.returncode == 1


def test_without_a_token_staff_are_told(sync, settings):
    settings.HUBSPOT_ACCESS_TOKEN = ""

    with pytest.raises(CommandError, match="HUBSPOT_ACCESS_TOKEN is empty"):
        run("sync_hubspot")


def test_two_runs_at_once_exclude_each_other(sync):
    with (
        exclusive(f"sync-{System.HUBSPOT}"),
        pytest.raises(CommandError, match="Another HubSpot run is under way"),
    ):
        run("sync_hubspot", "--json")


def test_set_up_tells_what_it_made(client):
    result = as_json("setup_hubspot")

    assert result["missing"] == []
    assert result["created"][0] == "property group “Nova Analytics”"
    assert (len(result["created"]), result["writes"]) == (7, 7)


def test_set_up_in_mode_off_only_tells_what_it_would_make(sandbox, client, settings, capsys):
    settings.HUBSPOT_WRITE_MODE = "off"

    with pytest.raises(CommandError, match="HUBSPOT_WRITE_MODE is “off”"):
        call_command("setup_hubspot")

    assert "The contact property nova_tags is missing." in capsys.readouterr().out
    assert sandbox.stats.writes == 0


def test_set_up_defines_the_events_where_they_are_on(sandbox, client, settings):
    sandbox.limits.use_tier("enterprise")
    settings.HUBSPOT_EVENTS = "2026-12-01"

    with pytest.raises(CommandError, match="not ready for Nova"):
        run("setup_hubspot", "--check")
    result = as_json("setup_hubspot")

    assert result["created"][-2:] == ["event “Ticket purchased”", "event “Attended”"]
    assert as_json("setup_hubspot", "--check")["missing"] == []


def test_set_up_says_what_the_account_lacks_and_ends_well(portal, settings):
    portal.limits.use_tier("starter")
    settings.HUBSPOT_EVENTS = "2026-12-01"

    result = as_json("setup_hubspot")

    campaigns, events = result["left out"]
    assert campaigns.startswith("Campaigns and e-mail statistics are left out: HubSpot forbids")
    assert events.startswith("Behavioural events are left out: HubSpot forbids")


def test_set_up_wakes_what_rested(world, portal, sync):
    portal.limits.use_tier("starter")
    sync()
    portal.limits.use_tier("professional")
    world.add_campaign("Gala")

    run("setup_hubspot")
    sync()

    assert Campaign.objects.get().name == "Gala"
    assert not Problem.objects.open().exists()


def test_check_ends_well_where_nothing_is_missing(portal):
    assert as_json("setup_hubspot", "--check")["missing"] == []


def test_check_fails_where_something_is_missing(sandbox, client):
    with pytest.raises(CommandError, match="not ready for Nova"):
        run("setup_hubspot", "--check")

    assert sandbox.stats.writes == 0


def test_check_names_a_wrong_token(client, settings):
    settings.HUBSPOT_ACCESS_TOKEN = "stale"

    with pytest.raises(CommandError, match="does not know the access token"):
        run("setup_hubspot", "--check")
