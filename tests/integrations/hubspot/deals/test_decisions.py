"""What staff decide about deals that HubSpot refused: once more, allowed again, dismissed."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from finance.models import Expense
from integrations.hubspot.decisions import allow_again, dismiss, never_write, try_again
from integrations.models import DealLink, Problem, RemoteWrite, WriteExclusion
from integrations.models.writes import RemoteWriteQuerySet
from integrations.sandbox.app import Sandbox
from tests.factories import make_event, make_expense

REFUSAL = {"status": "error", "category": "VALIDATION_ERROR", "message": "No."}


def refuse(portal: Sandbox, way: str) -> None:
    portal.faults.add("status", path=f"/objects/deals/batch/{way}", status=400, body=REFUSAL)


def refused() -> RemoteWriteQuerySet:
    return RemoteWrite.objects.refused().filter(object_type="deals")


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def outstanding(portal, sync) -> Expense:
    """An expense of 80; its deal says 100, HubSpot refused the change, and nothing is marked."""
    expense = make_expense("100.00", event=make_event())
    sync()
    Expense.objects.filter(pk=expense.pk).update(amount=Decimal(80))
    DealLink.objects.update(is_push_due=True)
    refuse(portal, "update")
    sync()
    portal.faults.clear()
    assert refused().count() == 1
    DealLink.objects.update(is_push_due=False)
    Expense.objects.update(updated_at="2026-01-01T00:00:00Z")
    return expense


def test_a_refused_deal_is_written_again_when_staff_ask(sync, expenses, outstanding):
    number = try_again(refused())
    sync()

    assert number == 1
    assert [deal["amount"] for deal in expenses()] == ["80"]


def test_a_deal_that_may_be_written_again_is_planned_with_the_next_run(
    sync, expenses, outstanding, root
):
    never_write(refused(), user=root)
    refused().delete()

    allow_again(list(WriteExclusion.objects.all()))
    sync()

    assert [deal["amount"] for deal in expenses()] == ["80"]


def test_a_dismissed_refusal_of_a_deal_is_no_problem_any_more(portal, sync, db):
    make_expense("100.00", event=make_event())
    refuse(portal, "upsert")
    sync()
    told = [problem.record for problem in Problem.objects.open().filter(code="refused")]

    dismiss(RemoteWrite.objects.refused())
    sync()

    assert told == [RemoteWrite.objects.get(state="failed").subject]
    assert not Problem.objects.open().filter(code="refused").exists()


def test_a_refused_deal_is_no_problem_once_it_is_made(portal, sync, expenses, db):
    make_expense("100.00", event=make_event())
    refuse(portal, "upsert")
    sync()
    portal.faults.clear()

    sync(full=True)

    assert len(expenses()) == 1
    assert not Problem.objects.open().filter(code="refused").exists()
