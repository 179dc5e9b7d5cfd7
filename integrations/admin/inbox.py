"""The inbox: what waits for a person, and what he can do about it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.inbox import act, count_by_kind, list_matters, sources_for
from integrations.inbox.source import DISMISS, NEVER, RETRY

_COMMON = {RETRY: "Try again", DISMISS: "Dismiss", NEVER: "Never again"}
"""What an action is called where it is done to lines of several kinds."""


@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: HttpRequest) -> HttpResponse:
    """The list, filtered by kind and words; a post does one action to the ticked matters."""
    sources = sources_for(request.user)
    if not sources:
        raise PermissionDenied
    if request.method == "POST":
        return _act(request)
    kind, search = request.GET.get("kind", ""), request.GET.get("q", "").strip()
    page = int(number) if (number := request.GET.get("page", "1")).isdecimal() else 1
    matters = list_matters(request.user, kind=kind, search=search, page=page)
    counts = count_by_kind(request.user)
    context = admin.site.each_context(request) | {
        "title": "Inbox",
        "matters": matters,
        "total": matters.total,
        "kinds": [(s, counts[s.kind], _address(s.kind)) for s in sources if s.kind in counts],
        "chosen": next((source for source in sources if source.kind == kind), None),
        "search": search,
        "waiting": sum(counts.values()),
        "all_url": _address(),
        "together": list(_together(matters.rows)),
        "before_url": _address(kind, search, matters.page - 1) if matters.page > 1 else "",
        "after_url": _address(kind, search, matters.page + 1)
        if matters.page < matters.pages
        else "",
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "integrations/inbox.html", context)


def _act(request: HttpRequest) -> HttpResponse:
    """`do` is an action for the ticked lines, or `action kind:id` for one of them."""
    name, _, one = request.POST.get("do", "").partition(" ")
    told = act(request.user, name, [one] if one else request.POST.getlist("matter"))
    for sentence in told:
        messages.success(request, sentence)
    if not told:
        messages.warning(request, "Nothing was done. Tick lines that offer what you chose.")
    return redirect(f"{reverse('inbox')}?{request.GET.urlencode()}")


def _address(kind: str = "", search: str = "", page: int = 1) -> str:
    given = {"kind": kind, "q": search, "page": page if page > 1 else ""}
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{reverse('inbox')}?{query}" if query else reverse("inbox")


def _together(rows: list[Any]) -> Iterator[tuple[str, str]]:
    """The actions that lines of this page offer, by name and label, each once."""
    seen: set[str] = set()
    for row in rows:
        for action in row.actions:
            if action.name not in seen:
                seen.add(action.name)
                yield action.name, _COMMON.get(action.name, action.label)
