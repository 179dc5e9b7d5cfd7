"""Many expenses at once: a table to type or paste into."""

import re
import secrets
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from events.models import Event
from finance.admin.expenseforms import known_vendors
from finance.admin.planners import PlannersToo
from finance.models import Basis, Category, ExpenseStatus
from finance.resources.expenses import ExpenseResource
from finance.resources.sheet import CARRIED, COLUMNS, MOST_ROWS, SheetRow, enter_sheet
from nova_project.money import company_currency

_EMPTY_ROWS = 12
_SUGGESTED_EVENTS = 400
_CELL = re.compile(r"(\d{1,4})-([a-z_]+)")
_WIDTHS = {"spent_on": 7, "amount": 6, "currency": 4, "tax_amount": 6, "status": 7, "basis": 6}


class SheetPage(PlannersToo):
    """Adds `sheet/` to the pages of expenses."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.sheet_view)
        return [path("sheet/", view, name="finance_expense_sheet"), *super().get_urls()]

    def sheet_view(self, request: HttpRequest) -> HttpResponse:
        """The table; what is sent is saved row by row, and what is wrong stays on the page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._sheet(request, _first_rows(request), secrets.token_hex(8))
        token = re.sub(r"\W", "", request.POST.get("token", ""))[:32] or secrets.token_hex(8)
        rows = _sent(request)
        if len(rows) > MOST_ROWS:
            messages.error(request, f"Enter up to {MOST_ROWS} rows at a time, or import a file.")
            return self._sheet(request, rows, token)
        saved, bad = enter_sheet(
            rows, token=token, user_id=request.user.pk, only_plans=self.may_only_plan(request)
        )
        if saved:
            messages.success(request, f"{saved} expense{'s' if saved > 1 else ''} saved.")
        if not bad:
            if not saved:
                messages.info(request, "There was nothing to save: fill in an amount.")
            return redirect(reverse("admin:finance_expense_sheet"))
        messages.warning(
            request, f"{len(bad)} row{'s' if len(bad) > 1 else ''} not saved: mend what is marked."
        )
        return self._sheet(request, bad, token)

    def _sheet(self, request: HttpRequest, rows: list[SheetRow], token: str) -> HttpResponse:
        resource = ExpenseResource()
        columns = [
            {
                "name": name,
                "heading": resource.heading(name),
                "is_carried": name in CARRIED,
                "list": f"sheet-{name}" if name in _suggestions() else "",
                "width": _WIDTHS.get(name, 11),
            }
            for name in COLUMNS
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": "Enter expenses as a sheet",
            "opts": self.opts,
            "plural": "expenses",
            "changelist_url": reverse("admin:finance_expense_changelist"),
            "columns": columns,
            "rows": [_shown(row, columns) for row in rows],
            "suggestions": {name: find() for name, find in _suggestions().items()},
            "token": token,
            "most_rows": MOST_ROWS,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "finance/sheet.html", context)


def _suggestions() -> dict[str, Any]:
    return {
        "category": lambda: Category.labels,
        "event_id": _events,
        "vendor_id": known_vendors,
        "status": lambda: ExpenseStatus.labels,
        "basis": lambda: Basis.labels,
    }


def _events() -> list[str]:
    """The latest shows, as the column of events names them."""
    shows = Event.objects.played_or_planned().order_by("-starts_on", "-pk")
    return [
        f"{name}, {day}" for name, day in shows.values_list("name", "starts_on")[:_SUGGESTED_EVENTS]
    ]


def _first_rows(request: HttpRequest) -> list[SheetRow]:
    """Empty rows; the first one has today's date and the usual values."""
    first = {
        "spent_on": timezone.localdate().isoformat(),
        "currency": company_currency(),
        "status": ExpenseStatus.PAID.label,
        "basis": Basis.ACTUAL.label,
    }
    asked = request.GET.get("event", "")
    if asked.isdecimal() and (event := Event.objects.filter(pk=asked).first()):
        first |= {
            "event_id": f"{event.name}, {event.starts_on}",
            "spent_on": event.starts_on.isoformat(),
            "currency": event.currency,
        }
    return [SheetRow(number, first if number == 1 else {}) for number in range(1, _EMPTY_ROWS + 1)]


def _sent(request: HttpRequest) -> list[SheetRow]:
    rows: dict[int, SheetRow] = {}
    for key, text in request.POST.items():
        found = _CELL.fullmatch(key)
        if found and found[2] in COLUMNS:
            number = int(found[1])
            row = rows.setdefault(number, SheetRow(number, {}))
            row.cells[found[2]] = str(text).strip()
    return [rows[number] for number in sorted(rows)]


def _shown(row: SheetRow, columns: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "number": row.number,
        "problem": row.problems.get("", ""),
        "cells": [
            {
                **column,
                "value": row.cells.get(column["name"], ""),
                "problem": row.problems.get(column["name"], ""),
            }
            for column in columns
        ],
    }
