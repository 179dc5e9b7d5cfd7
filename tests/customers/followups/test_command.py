"""The command and the schedule of follow-ups."""

import json

import pytest
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask

from customers.models import FollowUpMessage
from customers.tasks import send_follow_ups
from tests.customers.followups.conftest import SHOW_DAY, a_show, visitor
from tests.smtp import mail_server

pytestmark = pytest.mark.django_db


def test_a_dry_run_lists_who_and_why_and_does_nothing(follow_up, post, capsys):
    visitor("ada@x.org", first_name="Ada", last_name="Due", show=a_show(name="Mic"))
    visitor("out@x.org", last_name="Out", consent="out")
    follow_up()

    call_command("send_followups", "--dry-run", "--json")
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["due"]
    call_command("send_followups", "--dry-run")
    table = capsys.readouterr().out

    assert rows[0] == {
        "follow_up": "Thanks",
        "who": "Ada Due",
        "event": f"Mic, {SHOW_DAY:%-d %b %Y}",
        "why": "First event attended, 14 Mar 2026, 23:00",
        "due": "15 Mar 2026, 23:00",
        "what": "Send",
    }
    assert rows[1]["what"] == "Leave out: Has opted out of marketing."
    assert "Ada" in table
    assert (FollowUpMessage.objects.count(), post.mails) == (0, [])


def test_nobody_due_is_said_in_words(db, capsys):
    call_command("send_followups", "--dry-run")

    assert "Nobody is due." in capsys.readouterr().out


def test_the_command_sends_and_says_what_it_did(follow_up, post, capsys):
    visitor("ada@x.org")
    follow_up()

    call_command("send_followups", "--json")

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["sent"], told["planned"], told["problem"]) == (1, 1, "")
    assert len(post.mails) == 1


def test_a_mail_server_that_does_not_answer_fails_the_command(follow_up, post, settings, capsys):
    visitor()
    follow_up()
    with mail_server() as gone:
        settings.EMAIL_PORT = gone.port

    with pytest.raises(CommandError, match="The mail server does not answer"):
        call_command("send_followups", "--json")


def test_the_worker_sends_every_ten_minutes(follow_up, post):
    visitor("ada@x.org")
    follow_up()

    send_follow_ups()

    task = PeriodicTask.objects.get(task=send_follow_ups.name)
    assert (str(task.interval), task.enabled) == ("every 10 minutes", True)
    assert len(post.mails) == 1
