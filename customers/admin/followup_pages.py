"""Pages of a follow-up: who is due, with its switches, and the preview with the test."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from customers.models import Customer, FollowUp, FollowUpState, Outbox
from customers.services.followups import (
    Foreseen,
    foresee,
    pause_all,
    pause_follow_up,
    resume_all,
    send_test,
    switch_off,
    switch_on,
)
from customers.services.followups.judging import Step
from customers.services.followups.letters import Values, write_letter
from customers.services.followups.trying import last_event_of, preview_values
from nova_project.admin import badge, change_link
from nova_project.panels import Figure, Panel

MAY_SEE, MAY_CHANGE = "customers.view_followup", "customers.change_followup"
MAY_SEE_PEOPLE = "customers.view_customer"
_LISTED, _SUGGESTED = 200, 6
_TONES = {
    Step.SEND: "good",
    Step.HAND_OVER: "good",
    Step.HOLD_OUT: "special",
    Step.WAIT: "busy",
    Step.LEAVE_OUT: "plain",
}
_SWITCHES: dict[str, tuple[Callable[..., FollowUp], str]] = {
    "on": (switch_on, "Switched on: what is due goes out with the next run."),
    "pause": (pause_follow_up, "Paused: nothing of it is sent."),
    "off": (switch_off, "Switched off. What was planned is not sent."),
}


@require_http_methods(["GET", "HEAD", "POST"])
def due(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is due of one follow-up; a post switches it on, off, or pauses it."""
    _require(request, MAY_SEE, MAY_SEE_PEOPLE)
    follow_up = get_object_or_404(FollowUp, pk=pk)
    if request.method == "POST":
        return _switch(request, follow_up)
    rows = foresee([follow_up])
    context = {"follow_up": follow_up, "states": FollowUpState, "is_one": True}
    title = f"{follow_up}: who is due"
    return _page(request, "follow_up_due", title, context | _listed(rows))


def _switch(request: HttpRequest, follow_up: FollowUp) -> HttpResponse:
    _require(request, MAY_CHANGE)
    if chosen := _SWITCHES.get(request.POST.get("do", "")):
        switch, words = chosen
        try:
            switch(follow_up=follow_up)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, words)
    return redirect("admin:customers_followup_people_due", follow_up.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def due_of_all(request: HttpRequest) -> HttpResponse:
    """Who is due of all that are on; a post pauses all of them, or lets them go on."""
    _require(request, MAY_SEE, MAY_SEE_PEOPLE)
    if request.method == "POST":
        _require(request, MAY_CHANGE)
        if request.POST.get("do") == "pause":
            pause_all(user=request.user)
            messages.success(request, "Paused: no follow-up is sent until you say so.")
        else:
            resume_all()
            messages.success(request, "Follow-ups go on with the next run.")
        return redirect("admin:customers_followup_everybody_due")
    rows = foresee(FollowUp.objects.on())
    return _page(request, "follow_up_due", "Who is due", _listed(rows, names_follow_up=True))


def _listed(rows: list[Foreseen], *, names_follow_up: bool = False) -> dict[str, Any]:
    return {
        "outbox": Outbox.current(),
        "panels": [due_panel(rows, names_follow_up)],
        "is_printed": settings.EMAIL_BACKEND.endswith(".console.EmailBackend"),
    }


def due_panel(rows: list[Foreseen], names_follow_up: bool) -> Panel:
    """People who are due, with why and what would happen; the first 200."""
    steps = Counter(row.verdict.step for row in rows)
    first = ("Follow-up",) if names_follow_up else ()
    note = f"The first {_LISTED} of {len(rows):,}." if len(rows) > _LISTED else ""
    return Panel(
        "As the next run would find it",
        figures=[Figure(str(step), f"{steps[step]:,}") for step in Step if steps[step]],
        columns=(*first, "Who", "Show", "Why", "Due", "What would happen"),
        rows=[_row(row, names_follow_up) for row in rows[:_LISTED]],
        empty="Nobody is due. People come here when it happened to them and the delay is over.",
        note=note,
        is_stacked=True,
    )


def _row(row: Foreseen, names_follow_up: bool) -> tuple[object, ...]:
    first = (change_link(row.follow_up),) if names_follow_up else ()
    what = badge(row.verdict.step, _TONES[row.verdict.step])
    return (
        *first,
        change_link(row.customer),
        change_link(row.event),
        f"{row.why}, {_moment(row.at)}",
        _moment(row.due_at),
        _with_reason(what, row.verdict.reason),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The text with the values of a chosen person, or of an example; a post sends it to oneself."""
    _require(request, MAY_SEE)
    follow_up = get_object_or_404(FollowUp, pk=pk)
    person = _person(request)
    values = preview_values(person, last_event_of(person) if person else None)
    if request.method == "POST":
        return _test(request, follow_up, values)
    context = _written(follow_up, values) | {
        "follow_up": follow_up,
        "person": person,
        "asked": request.GET.get("person", ""),
        "may_see_people": request.user.has_perm(MAY_SEE_PEOPLE),
        "may_test": request.user.has_perm(MAY_CHANGE),
        "suggested": _suggested(request, follow_up),
    }
    return _page(request, "follow_up_preview", f"{follow_up}: preview", context)


@require_POST
def typed(request: HttpRequest) -> HttpResponse:
    """The text as it stands in the form, with the values of an example. Nothing is kept."""
    _require(request, MAY_CHANGE)
    draft = FollowUp(subject=request.POST.get("subject", ""), body=request.POST.get("body", ""))
    context = _written(draft, preview_values(None, None))
    return TemplateResponse(request, "customers/follow_up_letter.html", context)


def _written(follow_up: FollowUp, values: Values) -> dict[str, Any]:
    try:
        return {"letter": write_letter(follow_up, values)}
    except ValidationError as error:
        return {"wrong": " ".join(error.messages)}


def _test(request: HttpRequest, follow_up: FollowUp, values: Values) -> HttpResponse:
    _require(request, MAY_CHANGE)
    try:
        send_test(follow_up=follow_up, values=values, user=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"A test is on its way to the address of {request.user}.")
    return redirect(request.get_full_path())


def _person(request: HttpRequest) -> Customer | None:
    """Whom the page asks for, by any address or by number; None: nobody, or who may not be seen."""
    asked = request.GET.get("person", "").strip()
    if not asked or not request.user.has_perm(MAY_SEE_PEOPLE):
        return None
    people = Customer.objects.filter(erased_at=None)
    if asked.isdecimal():
        return people.filter(pk=int(asked[:18])).first()
    return people.filter(pk__in=Customer.objects.known_by(asked).values("pk")).first()


def _suggested(request: HttpRequest, follow_up: FollowUp) -> Iterable[Customer]:
    """Some of those who are due, to look at."""
    if not request.user.has_perm(MAY_SEE_PEOPLE):
        return []
    return [row.customer for row in foresee([follow_up])[:_SUGGESTED]]


def _with_reason(what: str, reason: str) -> str:
    """One box: on a telephone, cells are grids."""
    if not reason:
        return format_html("<span>{}</span>", what)
    return format_html('<span>{}<span class="nova-reason">{}</span></span>', what, reason)


def _moment(moment: Any) -> str:
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M}"


def _require(request: HttpRequest, *permissions: str) -> None:
    if not request.user.has_perms(permissions):
        raise PermissionDenied


def _page(
    request: HttpRequest, template: str, title: str, context: dict[str, Any]
) -> TemplateResponse:
    request.current_app = admin.site.name
    whole = admin.site.each_context(request) | {
        "title": title,
        "plural": "Follow-ups",
        "changelist_url": reverse("admin:customers_followup_changelist"),
        "may_change": request.user.has_perm(MAY_CHANGE),
        **context,
    }
    return TemplateResponse(request, f"customers/{template}.html", whole)
