import os
import socket
import subprocess
import sys

import pytest
from django.conf import settings

from customers.models import Audience, Campaign
from events.models import ShowType
from finance.models import Expense, Receipt
from finance.services import share_expenses
from integrations.demo import content, costs, past
from integrations.models import Outcome, SyncRun
from tests.factories import make_event


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
