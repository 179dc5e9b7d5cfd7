"""The page of a show's settlement, closing and reopening it, and what is printed of it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from events.models import Event
from finance.admin.sheets import (
    moved_panel,
    performers_panel,
    rungs_panel,
    unpaid_panel,
    versions_panel,
)
from finance.models import Settlement
from finance.services import close_settlement, reopen_settlement
from finance.services.settlements import moves
from finance.services.settling import Owed, Sheet, frozen_sheet, sheet_of
from nova_project.money import format_money
from nova_project.panels import Panel

MAY_VIEW = (
    "finance.view_settlement",
    "finance.view_ledgerline",
    "finance.view_expense",
    "finance.view_performeragreement",
)
MAY_CLOSE, MAY_REOPEN = "finance.close_settlement", "finance.reopen_settlement"


@require_safe
def sheet(request: HttpRequest, event_id: int) -> HttpResponse:
    """The ladder of one show, who is owed what, and its versions."""
    event = _event(request, event_id)
    now = sheet_of(event)
    standing = event.settlements.standing().select_related("closed_by").first()
    frozen = frozen_sheet(standing) if standing else None
    context = {
        "event": event,
        "standing": standing,
        "warnings": now.warnings,
        "owed": [format_money(amount, code) for code, amount in sorted(now.owed.items())],
        "panels": list(_panels(event, now, frozen)),
        "is_over": event.end_at <= timezone.now(),
        "may_close": request.user.has_perm(MAY_CLOSE),
        "may_reopen": request.user.has_perm(MAY_REOPEN),
    }
    return _page(request, "finance/settlement.html", f"Settlement of {event}", context)


def _panels(event: Event, now: Sheet, frozen: Sheet | None) -> list[Panel]:
    moved = moves(frozen, now) if frozen else []
    return [
        *([moved_panel(moved, now.currency)] if moved else []),
        rungs_panel(event, now),
        performers_panel(event, now),
        unpaid_panel(event),
        versions_panel(event),
    ]


@require_POST
def close(request: HttpRequest, event_id: int) -> HttpResponse:
    event = _event(request, event_id, MAY_CLOSE)
    try:
        settlement = close_settlement(event=event, user=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"Closed as version {settlement.version}.")
        for warning in settlement.figures["warnings"]:
            messages.warning(request, warning)
    return redirect("admin:finance_settlement_of_event", event.pk)


@require_POST
def reopen(request: HttpRequest, event_id: int) -> HttpResponse:
    event = _event(request, event_id, MAY_REOPEN)
    try:
        reopen_settlement(event=event, user=request.user, reason=request.POST.get("reason", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "Open again. Close it when the figures are right.")
    return redirect("admin:finance_settlement_of_event", event.pk)


@require_safe
def house_print(request: HttpRequest, event_id: int) -> HttpResponse:
    """The whole sheet, to be signed by the house and the bookkeeper."""
    event = _event(request, event_id)
    shown, standing = _shown(event)
    context = {
        "sheet": shown,
        "rungs": [(r, format_money(r.amount, shown.currency)) for r in shown.rungs],
    }
    return _print(request, "finance/print_house.html", event, standing, context)


@require_safe
def performer_print(request: HttpRequest, event_id: int, agreement_id: int) -> HttpResponse:
    """What one performer is due and how that was worked out; nothing of anybody else."""
    event = _event(request, event_id)
    shown, standing = _shown(event)
    owed = next((o for o in shown.performers if o.agreement_id == agreement_id), None)
    if owed is None:
        raise Http404("This performer has no agreement in the settlement.")
    return _print(request, "finance/print_performer.html", event, standing, {"owed": _lines(owed)})


def _shown(event: Event) -> tuple[Sheet, Settlement | None]:
    """What is printed: the closed version, or the figures of now."""
    standing = event.settlements.standing().select_related("closed_by").first()
    return (frozen_sheet(standing) if standing else sheet_of(event)), standing


def _lines(owed: Owed) -> dict[str, Any]:
    return {
        "name": owed.name,
        "terms": owed.terms,
        "due": format_money(owed.due, owed.currency),
        "is_paid": owed.is_paid,
        "paid_on": owed.paid_on,
        "steps": [
            (step.words, format_money(step.amount, owed.currency)) for step in owed.calculation
        ],
    }


def _event(request: HttpRequest, event_id: int, permission: str = "") -> Event:
    if not request.user.has_perms([*MAY_VIEW, *([permission] if permission else [])]):
        raise PermissionDenied("You may not do this. Ask for the role that settles shows.")
    return get_object_or_404(Event.objects.select_related("venue"), pk=event_id)


def _page(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    request.current_app = admin.site.name
    whole = admin.site.each_context(request) | {"title": title} | context
    return TemplateResponse(request, template, whole)


def _print(
    request: HttpRequest,
    template: str,
    event: Event,
    standing: Settlement | None,
    context: dict[str, Any],
) -> HttpResponse:
    whole = context | {
        "event": event,
        "standing": standing,
        "printed_at": timezone.localtime(),
        "back": reverse("admin:finance_settlement_of_event", args=[event.pk]),
    }
    if "sheet" in context:
        whole["performers"] = [_lines(owed) for owed in context["sheet"].performers]
    return TemplateResponse(request, template, whole)
