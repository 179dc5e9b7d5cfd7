"""Checking the ledger: what differs is kept with its check, and put right where that is safe."""

from collections.abc import Iterator
from itertools import islice

from django.utils import timezone

from customers.services import mark_rollups_due, refresh_rollups
from finance.models import CheckRule, LedgerCheck, LedgerDifference
from finance.services.differences import all_differences
from finance.services.ledger import post_orders
from finance.services.shares import share_expenses
from nova_project.bulk import insert_many

_KEPT = 90
"""Checks that are kept with their differences: a night each, so about three months."""
_AT_A_TIME = 500
_FIELDS = (
    "rule",
    "record_model",
    "record_id",
    "record",
    "figure",
    "kept",
    "computed",
    "currency",
    "check_run_id",
)


def check_ledger(*, repair: bool = False) -> LedgerCheck:
    """Computes every total again from its sources and keeps each difference with the check.

    With `repair`, what the normal services can put right is put right first: missing ledger lines
    are added, the figures of customers computed and shared costs spread anew. No line is changed.
    As many statements for any number of records; what is in memory does not grow with them.
    """
    repaired = _repaired(_checked()) if repair else 0
    check = _checked()
    if repaired:
        check.repaired_count = repaired
        check.save(update_fields=["repaired_count"])
    old = LedgerCheck.objects.order_by("-pk").values_list("pk", flat=True)[_KEPT:]
    LedgerCheck.objects.filter(pk__in=list(old)).delete()
    return check


def _checked() -> LedgerCheck:
    check = LedgerCheck.objects.create(started_at=timezone.now())
    found = (
        (d.rule, d.model, d.record_id, d.record, d.figure, d.kept, d.computed, d.currency, check.pk)
        for d in all_differences()
    )
    while batch := list(islice(found, _AT_A_TIME)):
        check.difference_count += insert_many(LedgerDifference, batch, fields=_FIELDS)
    check.finished_at = timezone.now()
    check.save()
    return check


def _repaired(check: LedgerCheck) -> int:
    """Puts right what the normal services can; how many differences that were."""
    orders = _records(check, CheckRule.ORDER, CheckRule.STRAY)
    while batch := list(islice(orders, _AT_A_TIME)):
        post_orders(batch)
    customers = _records(check, CheckRule.CUSTOMER)
    while batch := list(islice(customers, _AT_A_TIME)):
        mark_rollups_due(batch)
    refresh_rollups()
    if check.differences.filter(rule=CheckRule.SHARE).exists():
        share_expenses()
    mended = (CheckRule.ORDER, CheckRule.STRAY, CheckRule.CUSTOMER, CheckRule.SHARE)
    return check.differences.filter(rule__in=mended).count()


def _records(check: LedgerCheck, *rules: CheckRule) -> Iterator[int]:
    """The records of these differences, each once."""
    found = check.differences.filter(rule__in=rules).order_by("record_id")
    keys = found.values_list("record_id", flat=True).distinct()
    return (key for key in keys.iterator() if key is not None)
