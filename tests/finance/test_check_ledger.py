"""The command, the nightly task, and what staff see of a check."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from customers.models import Order
from finance.models import LedgerCheck, LedgerDifference
from finance.services import check_ledger, post_orders
from finance.tasks import check_ledger as nightly
from integrations.inbox import list_matters
from tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """One whose tax is not what its lines say."""
    order = make_order(gross="20.00")
    post_orders([order.pk])
    Order.objects.update(tax=Decimal("3.00"))
    return order


def run(*arguments: str) -> tuple[int, str]:
    """Exit status and output."""
    out = StringIO()
    try:
        call_command("check_ledger", *arguments, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_command_names_each_difference_and_fails(order):
    status, text = run("--json")

    result = json.loads(text)
    assert (status, result["differences"]) == (1, 1)
    assert result["found"] == [
        {
            "rule": "order",
            "record": f"Order {order.eventbrite_id}",
            "figure": "Tax",
            "kept": "0.00",
            "computed": "-3.00",
            "currency": "EUR",
            "advice": LedgerCheck.objects.get().differences.get().advice,
        }
    ]


def test_the_command_prints_what_differs_and_what_to_do(order):
    status, text = run()

    words = " ".join(text.replace("│", " ").split())
    assert status == 1
    assert f"Order {order.eventbrite_id}, Tax: 0.00 EUR kept, -3.00 EUR computed again." in words
    assert "it adds the missing lines" in words


def test_the_page_of_a_check_groups_the_digits_of_amounts_and_leaves_words(admin_client):
    check = LedgerCheck.objects.create(started_at=timezone.now(), difference_count=2)
    of = {"check_run": check, "rule": "order", "record": "Order 1", "currency": "EUR"}
    LedgerDifference.objects.create(figure="Sale", kept="-12345.60", computed="1000", **of)
    LedgerDifference.objects.create(figure="First", kept="2026-05-03", computed="", **of)

    page = admin_client.get(reverse("admin:finance_ledgercheck_change", args=[check.pk]))

    (panel,) = page.context["panels_below"]
    assert [row[2:4] for row in panel.rows] == [("-12,345.60", "1,000"), ("2026-05-03", "")]


def test_repair_ends_well(order):
    status, text = run("--repair", "--json")

    assert (status, json.loads(text)["repaired"]) == (0, 1)
    assert run()[0] == 0


def test_every_night_there_is_a_check():
    task = PeriodicTask.objects.get(task=nightly.name)

    nightly()

    assert (task.crontab.hour, task.enabled) == ("4", True)
    assert LedgerCheck.objects.get().difference_count == 0


def test_a_difference_waits_in_the_inbox_until_a_check_finds_none(admin_user, order):
    def waiting() -> list[str]:
        return [matter.record for matter in list_matters(admin_user, kind="ledger").rows]

    check = check_ledger()
    assert waiting() == [f"Ledger check {check.pk}"]

    check_ledger(repair=True)
    assert waiting() == []


def test_the_page_of_a_check_leads_to_the_record_and_says_what_to_do(admin_client, order):
    check = check_ledger()

    page = admin_client.get(reverse("admin:finance_ledgercheck_change", args=[check.pk])).text

    assert reverse("admin:customers_order_change", args=[order.pk]) in page
    assert "it adds the missing lines" in page


def test_the_home_page_says_when_the_ledger_was_checked_and_how_it_ended(admin_client, order):
    def said() -> str:
        return admin_client.get(reverse("admin:index")).text

    assert "The ledger was never checked" in said()
    check_ledger()
    assert "1 difference</" in said().replace("</span>", "</")
    check_ledger(repair=True)
    assert "Ledger checked just now, no differences" in said()


def test_a_list_without_checks_says_when_there_will_be_one(admin_client):
    page = reverse("admin:finance_ledgercheck_changelist")

    assert "Nova checks the ledger every night" in admin_client.get(page).content.decode()
    found = admin_client.get(page, {"started_at_from": "2026-01-01"}).content.decode()
    assert "Nothing matches" in found
    assert "every night" not in found
