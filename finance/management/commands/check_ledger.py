"""Computes every total again from its sources and names each difference."""

import sys
from typing import Any

from django.core.management.base import CommandParser

from finance.models import CheckRule, LedgerCheck, LedgerDifference
from finance.services import check_ledger
from nova_project.commands import NovaCommand

_MOST = 1_000
"""Differences that are printed; all are kept with the check, in the admin."""


class Command(NovaCommand):
    help = (
        "Computes every total again from its sources: orders, the ledger, refunds, customers, "
        "shared costs and the profit report. Names each difference. Exit status 1 if there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--repair",
            action="store_true",
            help="First add missing ledger lines, and compute customers and shared costs anew.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        check = check_ledger(repair=options["repair"])
        differences = list(check.differences.all()[:_MOST])
        as_json = options["json"]
        self.report(
            {
                "check": check.pk,
                "seconds": f"{check.took.total_seconds():.1f}" if check.took else "",
                "differences": check.difference_count,
                "repaired": check.repaired_count,
                "found": [_as_object(d) if as_json else _as_text(d) for d in differences],
                "more": _more(check, len(differences)),
                **({} if as_json else {"by rule": _counts(differences)}),
            },
            title="Ledger check",
            as_json=as_json,
        )
        if check.difference_count:
            sys.exit(1)


def _counts(differences: list[LedgerDifference]) -> dict[str, dict[str, int]]:
    rules = [difference.rule for difference in differences]
    return {
        rule.label: {"differences": rules.count(rule.value)}
        for rule in CheckRule
        if rule.value in rules
    }


def _as_text(difference: LedgerDifference) -> str:
    return f"{difference}. {difference.advice}"


def _as_object(difference: LedgerDifference) -> dict[str, Any]:
    return {
        "rule": difference.rule,
        "record": difference.record,
        "figure": difference.figure,
        "kept": difference.kept,
        "computed": difference.computed,
        "currency": difference.currency,
        "advice": difference.advice,
    }


def _more(check: LedgerCheck, shown: int) -> str:
    left = check.difference_count - shown
    return f"{left:,} more differences stand with the check in the admin." if left > 0 else ""
