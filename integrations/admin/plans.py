"""The plan for HubSpot: what would be written and why, and what staff say to it."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from integrations.admin.run_pages import start
from integrations.admin.writes import write_state
from integrations.errors import SyncError
from integrations.hubspot.decisions import approve, fields_of, never_write, reject, reopen
from integrations.hubspot.labels import property_label
from integrations.hubspot.plans import Filters, Group, Standing, in_groups, kind_label, standing
from integrations.models import RemoteWrite, WriteState
from integrations.models.writes import OPEN, RemoteWriteQuerySet
from integrations.runs import APPLY_PLAN, MAKE_PLAN
from nova_project.admin import change_link
from nova_project.panels import Figure

MAY_DECIDE = "integrations.apply_remotewrite"
_PAGE = 25
_GROUPS = 60
_DECISIONS: dict[str, tuple[Callable[..., int], str]] = {
    "approve": (approve, "approved"),
    "reject": (reject, "rejected; left out until their values are others"),
    "reopen": (reopen, "planned again"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest) -> HttpResponse:
    """The plan that stands. A post decides on groups, rows or all that the filters show."""
    if not request.user.has_perm("integrations.view_remotewrite"):
        raise PermissionDenied
    filters = Filters.of(request.GET)
    if request.method == "POST":
        _require(request)
        return _decide(request, filters)
    try:
        context = _context(request, standing(), filters)
    except SyncError as error:
        messages.error(request, str(error))
        context = {"is_broken": True}
    return _page(request, "integrations/plan.html", "Plan for HubSpot", context)


@require_POST
def never(request: HttpRequest) -> HttpResponse:
    """The second step of “never again”: whole records, or only some of their fields."""
    _require(request)
    fields = [] if "whole" in request.POST else request.POST.getlist("field")
    writes = RemoteWrite.objects.open().filter(pk__in=_numbers(request, "write"))
    if "whole" not in request.POST and not fields:
        messages.warning(request, "Nothing was chosen, so nothing changed.")
    else:
        number = never_write(writes, user=request.user, fields=fields)
        what = f"{', '.join(map(property_label, fields))} of " if fields else ""
        records = "1 record" if number == 1 else f"{number:,} records"
        messages.success(
            request, f"Nova never writes {what}{records} again. “Never written” takes that back."
        )
    return redirect("hubspot-plan")


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Starts a dry run."""
    _require(request)
    return start(request, MAKE_PLAN, back="hubspot-plan")


@require_POST
def apply(request: HttpRequest) -> HttpResponse:
    """Starts writing what is approved."""
    _require(request)
    return start(request, APPLY_PLAN, back="hubspot-plan")


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY_DECIDE):
        raise PermissionDenied


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [int(text) for text in request.POST.getlist(name) if text.isdecimal()]


def _decide(request: HttpRequest, filters: Filters) -> HttpResponse:
    """`do` is a decision and what it is about: `approve groups`, `reject rows`, `approve all`."""
    name, _, scope = request.POST.get("do", "").partition(" ")
    writes = _chosen(request, scope, filters)
    if name == "never":
        return _ask_never(request, writes)
    if name in _DECISIONS:
        decide, word = _DECISIONS[name]
        number = decide(writes, user=request.user)
        told = f"1 write {word}." if number == 1 else f"{number:,} writes {word}."
        messages.success(request, told) if number else messages.warning(
            request, "Nothing changed. Tick what you mean first."
        )
    return redirect(f"{reverse('hubspot-plan')}?{request.GET.urlencode()}")


def _chosen(request: HttpRequest, scope: str, filters: Filters) -> RemoteWriteQuerySet:
    if scope == "groups":
        return in_groups(_numbers(request, "group"))
    if scope == "rows":
        return RemoteWrite.objects.open().filter(pk__in=_numbers(request, "write"))
    if scope == "all":
        return filters.narrow(RemoteWrite.objects.planned())
    return RemoteWrite.objects.none()


def _ask_never(request: HttpRequest, writes: RemoteWriteQuerySet) -> HttpResponse:
    rows = list(writes.select_related("customer"))
    if not rows:
        messages.warning(request, "Nothing changed. Tick what you mean first.")
        return redirect("hubspot-plan")
    context = {
        "rows": [(write.pk, write.customer or write) for write in rows],
        "fields": [(name, property_label(name)) for name in fields_of(writes)],
        "plan_url": reverse("hubspot-plan"),
    }
    return _page(request, "integrations/never.html", "Never write again", context)


def _context(request: HttpRequest, told: Standing, filters: Filters) -> dict[str, Any]:
    writes = filters.narrow(RemoteWrite.objects.open())
    listed = writes.select_related("customer").order_by("object_type", "-operation", "pk")
    page = Paginator(listed, _PAGE).get_page(request.GET.get("page"))
    may_decide = request.user.has_perm(MAY_DECIDE)
    approved = told.count(WriteState.APPROVED)
    return {
        "standing": told,
        "figures": list(_figures(told)),
        "may_decide": may_decide,
        "groups": [_group(group) for group in told.groups[:_GROUPS]],
        "is_groups_whole": len(told.groups) <= _GROUPS,
        "total": told.count(),
        "approved": approved,
        "can_apply": bool(approved) and told.mode != "off" and not told.is_over_limit,
        "new": told.new_contacts(WriteState.PLANNED, WriteState.APPROVED),
        "new_approved": told.new_contacts(WriteState.APPROVED),
        "final": told.final(WriteState.PLANNED, WriteState.APPROVED),
        "planned_here": filters.narrow(RemoteWrite.objects.planned()).count(),
        "filters": filters,
        "choices": _choices(told),
        "rows": [_row(write) for write in page],
        "never_url": reverse("admin:integrations_writeexclusion_changelist"),
        **_pages(request, page),
    }


def _figures(told: Standing) -> Iterator[Figure]:
    names = {
        WriteState.PLANNED: ("Waiting for a decision", ""),
        WriteState.APPROVED: ("Approved", ""),
        WriteState.REJECTED: ("Rejected", "left out until their values are others"),
        WriteState.HELD: ("Held back", "undone before, and the values are still the same"),
    }
    for state, (label, note) in names.items():
        number = told.count(state)
        url = f"{reverse('hubspot-plan')}?state={state}#writes" if number else ""
        yield Figure(label, f"{number:,}", note=note if number else "", url=url)


def _group(group: Group) -> dict[str, Any]:
    query = urlencode({"kind": f"{group.object_type}:{group.operation}", "reason": group.reason})
    return {
        "group": group,
        "url": f"{reverse('hubspot-plan')}?{query}#writes",
        "numbers": [group.counts.get(state, 0) for state in OPEN],
    }


def _choices(told: Standing) -> dict[str, Any]:
    kinds = {f"{g.object_type}:{g.operation}": g.label for g in told.groups}
    names: set[str] = set()
    for after in RemoteWrite.objects.open().values_list("after", flat=True)[:2_000]:
        names.update(after)
    return {
        "kinds": sorted(kinds.items(), key=lambda pair: pair[1]),
        "fields": sorted(((name, property_label(name)) for name in names), key=lambda p: p[1]),
        "states": [(state.value, state.label) for state in OPEN],
    }


def _row(write: RemoteWrite) -> dict[str, Any]:
    """A write with its fields in words, before and after."""
    return {
        "write": write,
        "who": change_link(write.customer) if write.customer else str(write),
        "kind": kind_label(write.object_type, write.operation, is_one=True),
        "state": write_state(write),
        "fields": [
            (property_label(name), write.before.get(name) or "", value or "–")
            for name, value in write.after.items()
        ],
        "is_new": not write.before,
    }


def _pages(request: HttpRequest, page: Page) -> dict[str, Any]:
    def address(number: int) -> str:
        given = request.GET.copy()
        given["page"] = str(number)
        return f"{reverse('hubspot-plan')}?{given.urlencode()}#writes"

    return {
        "page": page.number,
        "pages": page.paginator.num_pages,
        "found": page.paginator.count,
        "before_url": address(page.number - 1) if page.has_previous() else "",
        "after_url": address(page.number + 1) if page.has_next() else "",
    }


def _page(
    request: HttpRequest, template: str, title: str, context: dict[str, Any]
) -> TemplateResponse:
    request.current_app = admin.site.name
    whole = admin.site.each_context(request) | {"title": title} | context
    return TemplateResponse(request, template, whole)
