"""Checks of the ledger and what they found: to look at, never to change."""

import re
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from finance.models import LedgerCheck, LedgerDifference
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    ReadOnlyModelAdmin,
    RelatedDropdownFilter,
    ValuesFilter,
    badge,
    display,
    link,
    list_url,
    register,
)
from nova_project.panels import Panel

_SHOWN = 50


@register(LedgerCheck)
class LedgerCheckAdmin(ReadOnlyModelAdmin):
    """Every check, the latest first, with the differences that it found."""

    list_display = ["started_at", "result", "repaired_count", "seconds"]
    list_filter = [("started_at", DateRangeFilter)]
    ordering = ["-started_at", "-pk"]
    fields = [("started_at", "finished_at"), ("difference_count", "repaired_count")]
    empty_hint = "Nova checks the ledger every night; manage.py check_ledger does it at once."

    @display(description="Result", ordering="difference_count")
    def result(self, check: LedgerCheck) -> str:
        if check.finished_at is None:
            return badge("not finished", "warning")
        if not check.difference_count:
            return badge("adds up", "good")
        number = check.difference_count
        return badge(f"{number:,} difference{'' if number == 1 else 's'}", "bad")

    @display(description="Seconds")
    def seconds(self, check: LedgerCheck) -> str:
        return f"{check.took.total_seconds():,.1f}" if check.took else "–"

    def panels(self, request: HttpRequest, obj: LedgerCheck) -> list[Panel]:
        return [differences_panel(obj)]


def differences_panel(check: LedgerCheck) -> Panel:
    """The first differences of a check, and the way to all."""
    as_list = list_url("finance.ledgerdifference", {"check_run__id__exact": check.pk})
    return Panel(
        "What differs",
        columns=("Record", "Figure", "Kept", "Computed again", "Currency", "What to do"),
        numbers=("Kept", "Computed again"),
        rows=[
            (record_link(d), d.figure, _grouped(d.kept), _grouped(d.computed), d.currency, d.advice)
            for d in check.differences.all()[:_SHOWN]
        ],
        empty="Nothing: every total is what its sources add up to.",
        note="Kept is what Nova keeps or reports; computed again is what the sources add up to.",
        more=("As a list", as_list),
    )


def _grouped(value: str) -> str:
    """An amount or a number with its digits in groups; any other value as it is."""
    return f"{Decimal(value):,f}" if _NUMBER.fullmatch(value) else value


_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def record_link(difference: LedgerDifference) -> str:
    """The page of the record, where it has one."""
    if not difference.record_id:
        return difference.record
    name = f"admin:{difference.record_model.replace('.', '_')}_change"
    try:
        return link(reverse(name, args=[difference.record_id]), difference.record)
    except NoReverseMatch:
        return difference.record


@register(LedgerDifference)
class LedgerDifferenceAdmin(ReadOnlyModelAdmin):
    """Each difference of every check that is kept."""

    list_display = [
        "checked_at",
        "rule",
        "record_shown",
        "figure",
        "was_kept",
        "was_computed",
        "currency",
    ]
    list_select_related = ["check_run"]
    list_filter = [
        ("check_run", RelatedDropdownFilter),
        ("rule", ChoicesDropdownFilter),
        ("currency", ValuesFilter),
    ]
    search_fields = ["record"]
    search_help_text = "Order, customer or expense, as it is called here"
    ordering = ["-check_run", "pk"]
    fields = [
        ("check_run", "rule"),
        ("record", "figure"),
        ("was_kept", "was_computed", "currency"),
        "what_to_do",
    ]
    readonly_fields = ("was_kept", "was_computed", "what_to_do")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("check_run")

    @display(description="Checked", ordering="check_run__started_at")
    def checked_at(self, difference: LedgerDifference) -> Any:
        return difference.check_run.started_at

    @display(description="Record", ordering="record")
    def record_shown(self, difference: LedgerDifference) -> str:
        return record_link(difference)

    @display(description="Kept")
    def was_kept(self, difference: LedgerDifference) -> str:
        return _grouped(difference.kept)

    @display(description="Computed again")
    def was_computed(self, difference: LedgerDifference) -> str:
        return _grouped(difference.computed)

    @display(description="What to do")
    def what_to_do(self, difference: LedgerDifference) -> str:
        return difference.advice
