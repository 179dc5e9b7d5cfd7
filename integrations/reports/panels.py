"""What holds at this moment, as panels: how fresh each source is, and what waits."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from integrations.health import Source, State, Waiting
from nova_project.admin import badge, link, list_url
from nova_project.panels import Panel

_TONES = {
    State.IN_TIME: "good",
    State.LATE: "bad",
    State.PARTLY_READ: "busy",
    State.NEVER_READ: "warning",
    State.NOT_SCHEDULED: "warning",
    State.NOT_CONNECTED: "plain",
}


def freshness_panel(found: Sequence[Source]) -> Panel:
    return Panel(
        "How fresh each source is",
        columns=("State", "System", "Source", "Read up to", "Planned"),
        rows=[
            (
                badge(_words(source), _TONES[source.state]),
                source.system.label,
                source.name,
                _time(source.read_to),
                source.planned or "–",
            )
            for source in found
        ],
        note="Nova knows all changes up to that time. In time is what is no later than its "
        "schedule and the length of a run allow.",
    )


def backlog_panel(waiting: Sequence[Waiting], request: HttpRequest) -> Panel:
    return Panel(
        "What waits",
        columns=("How many", "What", "Since"),
        rows=[(f"{one.count:,}", _what(one, request), _time(one.since)) for one in waiting],
        note="For the next run, a worker, or somebody who applies it. What waits for a decision "
        "stands in the inbox.",
    )


def _words(source: Source) -> str:
    if source.state != State.LATE:
        return source.state
    now = timezone.now()
    return f"late by {timesince(now - source.late, now, depth=1)}"


def _what(waiting: Waiting, request: HttpRequest) -> object:
    app, model = waiting.model.split(".")
    is_shown = waiting.filters is not None and request.user.has_perm(f"{app}.view_{model}")
    if not is_shown or not waiting.count:
        return waiting.what
    return link(list_url(waiting.model, waiting.filters), waiting.what)


def _time(moment: datetime | None) -> object:
    if moment is None:
        return "–"
    shown = f"{timezone.localtime(moment):%-d %b, %H:%M}"
    is_new = timezone.now() - moment < timedelta(minutes=1)
    return format_html(
        "{}<br>{}", shown, "just now" if is_new else f"{timesince(moment, depth=1)} ago"
    )
