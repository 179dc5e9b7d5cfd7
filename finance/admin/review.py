"""Deposits to match: each beside what may be its events, to accept, to split or to leave."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from finance.models import Deposit, DepositMatch, MatchOrigin
from finance.resources.events import EventWidget
from finance.services.deposits import (
    leave_deposits,
    match_certain,
    match_deposit,
    suggestions_for,
    undo_match,
)
from finance.services.matching import Suggestion
from nova_project.imports.admin import ImportExportAdmin
from nova_project.imports.amounts import read_amount
from nova_project.money import format_money, quantize
from nova_project.reports.table import address

_PAGE = 10
_LINES = 4
_LATEST = 8
_OFFERED = 400


class ReviewPages(ImportExportAdmin):
    """The page of deposits that wait for an event, as a part of the admin of deposits."""

    def get_urls(self):
        view = self.admin_site.admin_view(
            require_http_methods(["GET", "HEAD", "POST"])(self.review)
        )
        return [path("review/", view, name="finance_deposit_review"), *super().get_urls()]

    def review(self, request):
        """The deposits; a post does one thing to one of them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return _act(request)
        waiting = Deposit.objects.unmatched().select_related("account")
        if (one := request.GET.get("deposit", "")).isdecimal():
            waiting = waiting.filter(pk=one)
        page = Paginator(waiting.order_by("-booked_on", "-pk"), _PAGE).get_page(
            request.GET.get("page")
        )
        deposits = list(page.object_list)
        suggested = suggestions_for(deposits)
        context = {
            "page": page,
            "is_one": bool(one),
            "cards": [_card(deposit, suggested[deposit.pk]) for deposit in deposits],
            "lines": range(_LINES),
            "labels": _labels(suggested),
            "latest": _latest(),
            "before_url": address(request.GET, page=str(page.number - 1)),
            "after_url": address(request.GET, page=str(page.number + 1)),
            "may_match": request.user.has_perm("finance.add_depositmatch"),
            "may_undo": request.user.has_perm("finance.delete_depositmatch"),
            "may_leave": request.user.has_perm("finance.change_deposit"),
            "review_url": reverse("admin:finance_deposit_review"),
        }
        return self._page(request, "finance/review.html", "Deposits to match", context)


def _card(deposit: Deposit, suggestions: list[Suggestion]) -> dict[str, Any]:
    rest = deposit.unmatched  # type: ignore[attr-defined]
    return {
        "deposit": deposit,
        "amount": format_money(deposit.amount, deposit.currency),
        "rest": format_money(rest, deposit.currency),
        "plain_rest": str(quantize(rest, deposit.currency)),
        "is_part": rest != deposit.amount,
        "suggestions": [
            {
                "suggestion": suggestion,
                "parts": [
                    (payout, format_money(amount, deposit.currency))
                    for payout, amount in suggestion.parts
                ],
                "value": " ".join(f"{pk}:{amount}" for pk, amount in suggestion.amounts.items()),
            }
            for suggestion in suggestions
        ],
    }


def _labels(suggested: dict[int, list[Suggestion]]) -> list[str]:
    """Names of events for the fields of a split; those of the suggestions first."""
    widget = EventWidget()
    labels = widget.programme.labels
    near = [
        event_id
        for suggestions in suggested.values()
        for suggestion in suggestions
        for event_id in suggestion.amounts
    ]
    latest = list(labels)[-_OFFERED:][::-1]
    return [labels[pk] for pk in dict.fromkeys([*near, *latest]) if pk in labels]


def _latest() -> list[tuple[DepositMatch, str]]:
    """The latest matches, with their amounts as people write them."""
    matches = DepositMatch.objects.select_related("event", "deposit")[:_LATEST]
    return [(match, format_money(match.amount, match.currency)) for match in matches]


def _act(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("do", "")
    permission, do = _ACTIONS.get(name, ("", None))
    if do is None or not request.user.has_perm(permission):
        raise PermissionDenied
    try:
        messages.success(request, do(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(f"{reverse('admin:finance_deposit_review')}?{request.GET.urlencode()}")


def _deposit(request: HttpRequest) -> Deposit:
    found = Deposit.objects.filter(pk=_number(request, "deposit")).first()
    if found is None:
        raise ValidationError("That deposit is gone. Somebody else may have deleted it.")
    return found


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() else 0


def _accept(request: HttpRequest) -> str:
    deposit = _deposit(request)
    pairs = [part.partition(":") for part in request.POST.get("parts", "").split()]
    try:
        parts = {int(pk): Decimal(amount) for pk, _, amount in pairs}
    except (ValueError, InvalidOperation) as error:
        raise ValidationError("That suggestion cannot be read. Open the page anew.") from error
    evidence = request.POST.get("evidence", "")
    match_deposit(
        deposit=deposit,
        parts=parts,
        origin=MatchOrigin.ACCEPTED,
        evidence=evidence,
        user=request.user,
    )
    return f"{deposit} is matched."


def _split(request: HttpRequest) -> str:
    deposit = _deposit(request)
    parts: dict[int, Decimal] = {}
    widget = EventWidget()
    lines = zip(request.POST.getlist("event"), request.POST.getlist("amount"), strict=False)
    for name, amount in lines:
        if not name.strip():
            continue
        try:
            event_id = widget.clean(name.strip())
            parts[event_id] = read_amount(amount.strip(), deposit.currency)
        except ValueError as error:
            raise ValidationError(str(error), code="unreadable") from error
    if not parts:
        raise ValidationError("Name at least one show and its amount.", code="nothing")
    match_deposit(deposit=deposit, parts=parts, user=request.user)
    shows = "1 show" if len(parts) == 1 else f"{len(parts)} shows"
    return f"{deposit} is matched to {shows}."


def _leave(request: HttpRequest) -> str:
    deposit = _deposit(request)
    because = request.POST.get("because", "").strip() or "No payout."
    leave_deposits(
        deposits=Deposit.objects.filter(pk=deposit.pk), because=because, user=request.user
    )
    return f"{deposit} is left. The list of deposits shows it under “Left”."


def _undo(request: HttpRequest) -> str:
    match = DepositMatch.objects.filter(pk=_number(request, "match")).first()
    if match is None:
        raise ValidationError("That match is gone already.")
    undo_match(match=match, user=request.user)
    return "The match is undone; its deposit waits again."


def _match_now(request: HttpRequest) -> str:
    number = match_certain()
    if not number:
        return "Nothing is certain: what waits needs your decision."
    return "1 deposit was matched." if number == 1 else f"{number:,} deposits were matched."


_ACTIONS: dict[str, tuple[str, Callable[[HttpRequest], str]]] = {
    "accept": ("finance.add_depositmatch", _accept),
    "split": ("finance.add_depositmatch", _split),
    "leave": ("finance.change_deposit", _leave),
    "undo": ("finance.delete_depositmatch", _undo),
    "match": ("finance.add_depositmatch", _match_now),
}
