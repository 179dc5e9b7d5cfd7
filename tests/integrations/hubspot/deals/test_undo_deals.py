"""Taking back what a run wrote to deals."""

import pytest

from finance.models import Expense
from integrations.hubspot.undo import undo_run
from integrations.models import Conflict, RemoteWrite, WriteState
from tests.factories import make_expense, make_vendor

pytestmark = pytest.mark.django_db


@pytest.fixture
def undo(patience):
    def run(log):
        return undo_run(run_id=log.run.pk, command="test", patience=patience)

    return run


def held(world):
    times = {"hs_lastmodifieddate", "lastmodifieddate"}
    return [
        {k: v for k, v in row["properties"].items() if v and k not in times}
        for row in world.dump("deals")
    ]


def test_a_deal_is_to_the_letter_as_before_and_nova_keeps_what_it_has(world, portal, sync, undo):
    make_expense("100.00", vendor="The House")
    sync()
    expense = Expense.objects.get()
    expense.amount, expense.vendor = 120, make_vendor("The Barn")
    expense.save()
    before = held(world)
    log = sync()
    during = held(world)

    undone = undo(log)
    restored = held(world)
    portal.stats.reset()
    sync()

    assert during != before
    assert restored == before
    assert undone.run.message == f"Undo of run {log.run.pk}: 1 record restored."
    assert portal.stats.writes == 0
    assert held(world) == before
    expense.refresh_from_db()
    assert (expense.amount, expense.vendor_name) == (120, "The Barn")
    assert not Conflict.objects.exists()
    assert RemoteWrite.objects.open().get().state == WriteState.HELD


def test_made_deals_are_told_and_stay(world, sync, undo):
    make_expense("100.00")
    log = sync()

    undone = undo(log)

    assert "1 record that this run created" in undone.run.message
    assert len(world.dump("deals")) == 1
