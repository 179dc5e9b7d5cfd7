"""A run that staff asked for, from waiting to its results, and the way to take one back."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import runs
from integrations.errors import Busy
from integrations.hubspot.undo import outlook
from integrations.models import Outcome, RemoteWrite, SyncRun, System, WriteState
from integrations.sync import reap_runs
from nova_project.admin import list_url
from nova_project.panels import Figure

MAY_VIEW, MAY_WRITE = "integrations.view_remotewrite", "integrations.apply_remotewrite"
_TITLES = {
    runs.MAKE_PLAN: "Making a plan",
    runs.APPLY_PLAN: "Writing to HubSpot",
    runs.UNDO: "Taking a run back",
}
_PATIENCE_SECONDS = 5


def start(request: HttpRequest, command: str, *, back: str) -> HttpResponse:
    """Asks for a run, hands it to a worker, and leads to its page."""
    try:
        run = runs.request_run(command=command, user=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(back)
    runs.set_going(run)
    return redirect("hubspot-run", run.pk)


@require_GET
def run_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the run is; when it is over, what it did and how to take it back."""
    reap_runs()
    run = _run(request, pk)
    is_going = run.outcome in (Outcome.WAITING, Outcome.RUNNING)
    waited = (timezone.now() - run.started_at).total_seconds()
    context = {
        "run": run,
        "is_going": is_going,
        "words": _words(run),
        "done": run.progress.get("done") or 0,
        "of": run.progress.get("total") or 0,
        "may_write": request.user.has_perm(MAY_WRITE),
        "is_silent": run.outcome == Outcome.WAITING and waited > _PATIENCE_SECONDS,
        "figures": [] if is_going else _figures(run),
        "outlook": None if is_going else outlook(run),
        "plan_url": reverse("hubspot-plan"),
        "is_plan": run.command == runs.MAKE_PLAN,
        "is_undo": run.command.startswith(runs.UNDO),
    }
    return _page(request, "integrations/run.html", _title(run), context)


@require_GET
def run_progress(request: HttpRequest, pk: int) -> JsonResponse:
    reap_runs()
    run = _run(request, pk)
    done, total = run.progress.get("done") or 0, run.progress.get("total") or 0
    told = {"outcome": run.outcome, "words": _words(run), "done": done, "total": total}
    return JsonResponse(told)


@require_POST
def run_here(request: HttpRequest, pk: int) -> HttpResponse:
    """Does the run in this request, where no worker does."""
    run = _run(request, pk, MAY_WRITE)
    try:
        runs.work(run.pk)
    except Busy as error:
        messages.warning(request, str(error))
    return redirect("hubspot-run", run.pk)


@require_POST
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk, MAY_WRITE)
    if not runs.cancel(run):
        messages.warning(request, "It has begun already, and goes on to its end.")
    return redirect("hubspot-run", run.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def undo_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What an undo would restore and what not; a post starts it."""
    run = _run(request, pk, MAY_WRITE)
    if request.method == "POST":
        return start(request, f"{runs.UNDO} {run.pk}", back=run_url(run))
    context = {"run": run, "outlook": outlook(run), "run_url": run_url(run)}
    return _page(request, "integrations/undo.html", f"Undo run {run.pk}", context)


def run_url(run: SyncRun) -> str:
    return reverse("hubspot-run", args=[run.pk])


def _run(request: HttpRequest, pk: int, permission: str = "") -> SyncRun:
    if not request.user.has_perms([MAY_VIEW, permission or MAY_VIEW]):
        raise PermissionDenied
    run = get_object_or_404(SyncRun, pk=pk)
    if run.system != System.HUBSPOT:
        raise Http404
    return run


def _title(run: SyncRun) -> str:
    name = run.command.partition(" ")[0]
    return _TITLES.get(run.command) or _TITLES.get(name) or str(run)


def _words(run: SyncRun) -> str:
    if run.outcome == Outcome.WAITING:
        return "Waiting for a worker to take it up."
    if run.outcome != Outcome.RUNNING:
        return run.get_outcome_display()
    if not run.progress:
        return "It has begun."
    done, total = run.progress.get("done") or 0, run.progress.get("total")
    of = f" of {total:,}" if total else ""
    return f"{run.progress.get('stream')}: {done:,}{of}"


def _figures(run: SyncRun) -> list[Figure]:
    """Its writes by what became of them, each leading to the list of them."""
    rows = RemoteWrite.objects.filter(run=run).order_by().values_list("state")
    counts = dict(rows.annotate(number=Count("pk")))
    return [
        Figure(
            state.label,
            f"{counts[state]:,}",
            url=list_url(
                "integrations.remotewrite",
                {"run__id__exact": run.pk, "state__exact": state.value},
            ),
        )
        for state in WriteState
        if counts.get(state)
    ]


def _page(
    request: HttpRequest, template: str, title: str, context: dict[str, Any]
) -> TemplateResponse:
    request.current_app = admin.site.name
    whole = admin.site.each_context(request) | {"title": title} | context
    return TemplateResponse(request, template, whole)
