import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from environ import Env

from customers.models import Audience, Campaign, FollowUp
from customers.services import refresh_rollups
from customers.services.followups import foresee
from customers.services.followups.judging import Step
from events.models import ShowType
from finance.models import Expense, Receipt
from finance.services import share_expenses
from finance.services.followups import follow_up_results
from integrations.demo import content, costs, environment, followups, past
from integrations.models import Outcome, SyncRun
from tests.factories import make_customer, make_event, make_order, make_seat, make_show_type


@pytest.fixture
def taken_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def demo(*arguments):
    return subprocess.run(
        [sys.executable, "manage.py", "demo", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_taken_port_is_a_clear_message(taken_port):
    result = demo("--port", str(taken_port))

    assert result.returncode == 1
    assert f"Port {taken_port} is taken" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_taken_sandbox_port_is_a_clear_message(taken_port):
    result = demo("--no-serve", "--sandbox-port", str(taken_port))

    assert result.returncode == 1
    assert f"SANDBOX_PORT={taken_port + 1}" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.django_db
def test_the_demo_has_a_past_of_two_weeks_once():
    past.add_runs()
    count = SyncRun.objects.count()
    past.add_runs()

    assert SyncRun.objects.count() == count == 13 * (144 + 96)
    assert 0 < SyncRun.objects.filter(outcome=Outcome.FAILED).count() < count / 20


@pytest.mark.django_db
def test_entering_the_demo_content_twice_adds_nothing():
    make_event()
    make_event(currency="JPY")
    for _ in range(2):
        content.add_show_types()
        content.add_campaigns()
        content.add_audiences()
        content.add_expenses()
        costs.add_cost_books()
        share_expenses()

    own = Expense.objects.direct()
    actual = [own.filter(currency=c, basis="actual").count() for c in ("EUR", "JPY")]
    budgets = [own.filter(currency=c, basis="budget").count() for c in ("EUR", "JPY")]
    assert (actual, budgets) == ([4, 4], [4, 0])
    assert ShowType.objects.count() == len(content.SHOW_TYPES)
    assert Campaign.objects.count() == len(content.CAMPAIGNS)
    assert Audience.objects.mirrored().count() == Audience.objects.count() == 5
    assert Expense.objects.exclude(credits=None).count() == 1
    assert Receipt.objects.count() == 6


@pytest.mark.django_db
def test_the_demo_has_a_follow_up_with_results_and_the_rescue_has_people_due():
    today = timezone.localdate()
    stand_up = make_show_type("Stand-up")
    make_event(today + timedelta(days=20), show_type=stand_up)
    for number in range(90):
        show = make_event(today - timedelta(days=20 + number), show_type=stand_up)
        person = make_customer()
        make_seat(make_order(show, buyer=person), holder=person)
    refresh_rollups(everyone=True)

    followups.add_consents()
    added = [followups.add_follow_up() for _ in range(2)]

    rescue = FollowUp.objects.get(name="First-timer rescue")
    steps = {row.verdict.step for row in foresee([rescue])}
    (result,) = follow_up_results()
    assert added == [60, 0]
    assert (result.reached.people > 0, result.held.people > 0) == (True, True)
    assert Step.LEAVE_OUT in steps
    assert steps & {Step.SEND, Step.WAIT, Step.HOLD_OUT}


def test_the_demo_keeps_its_mail_in_files():
    settings = environment.settings_of_demo(port=8001, sandbox_port=8901)

    config = Env().email_url_config(settings["EMAIL_URL"])
    assert config["EMAIL_FILE_PATH"] == str(environment.FOLDER / "mail")
    assert settings["NOVA_PUBLIC_URL"] == "http://127.0.0.1:8001"
