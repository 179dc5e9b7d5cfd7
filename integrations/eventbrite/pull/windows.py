"""Reading a list of changed records in windows of time, resumable after any batch of pages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

from integrations.errors import SyncError
from integrations.eventbrite.client import Page
from integrations.eventbrite.refusals import StaleContinuation
from integrations.eventbrite.values import Json
from integrations.models import System
from integrations.sync import RunLog, read_cursor, save_cursor

OVERLAP = timedelta(minutes=10)
"""Eventbrite's reads lag its writes; what is read twice writes nothing."""


BATCH_ROWS = 500
"""So many records are written in one transaction: a few pages, since its statements cost as much
for one row as for hundreds."""


class Source(Protocol):
    """A list of the client that can be read from a time or a page on."""

    def __call__(
        self,
        *,
        changed_since: datetime | None,
        after: dict[str, str] | None,
        is_plain: bool,
    ) -> Iterator[Page]: ...


class Take(Protocol):
    """Writes rows, and calls `save` in the same transaction."""

    def __call__(self, rows: list[Json], *, save: Callable[[], None], is_plain: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Window:
    """What changed since a time, and how far the reading of it has come.

    `since` None is everything. `began_at` is Eventbrite's time of the first page: the next window
    starts there, less the overlap. `after` is the next page, None before the first. `is_plain`:
    read without expansions, since Eventbrite cannot give them.
    """

    stream: str
    since: datetime | None = None
    began_at: datetime | None = None
    after: dict[str, str] | None = None
    is_plain: bool = False

    @classmethod
    def load(cls, stream: str) -> Self:
        position = read_cursor(System.EVENTBRITE, stream)
        return cls(
            stream,
            since=_time(position.get("since")),
            began_at=_time(position.get("began_at")),
            after=position.get("after"),
            is_plain=bool(position.get("is_plain")),
        )

    def past(self, page: Page) -> "Window":
        """The window after `page`: further on, or the next one if that was the last page."""
        began_at = self.began_at or page.read_at
        if page.after is None:
            return Window(self.stream, since=began_at - OVERLAP)
        return replace(
            self, began_at=began_at, after=dict(page.after), is_plain=not page.is_expanded
        )

    def restarted(self) -> "Window":
        return Window(self.stream, since=self.since)

    def save(self) -> None:
        position: dict[str, Any] = {"since": self.since and self.since.isoformat()}
        if self.after is not None:
            began_at = self.began_at and self.began_at.isoformat()
            position |= {"began_at": began_at, "after": self.after, "is_plain": self.is_plain}
        save_cursor(System.EVENTBRITE, self.stream, position)


def read_changes(
    log: RunLog, stream: str, source: Source, take: Take, *, is_full: bool = False
) -> None:
    """Takes every record of `source` that changed since the last run, or all of them.

    A window that a killed run left half-read is finished first; then comes the one up to now.
    """
    window = Window(stream) if is_full else Window.load(stream)
    was_left_open = window.after is not None
    window = _read(log, window, source, take)
    if was_left_open:
        _read(log, window, source, take)


def _read(log: RunLog, window: Window, source: Source, take: Take) -> Window:
    """Reads to the end of the window, and returns the next one.

    Begins it again, once, where Eventbrite refuses the page to go on from.
    """
    try:
        return _read_pages(log, window, source, take)
    except StaleContinuation:
        window = window.restarted()
        window.save()
        return _read_pages(log, window, source, take)


def _read_pages(log: RunLog, window: Window, source: Source, take: Take) -> Window:
    """Writes the pages in batches. What was read before Eventbrite failed is written, too."""
    batch = _Batch(log, take)
    pages = source(changed_since=window.since, after=window.after, is_plain=window.is_plain)
    try:
        for page in pages:
            window = window.past(page)
            batch.add(page, window)
            if len(batch.rows) >= BATCH_ROWS or page.after is None:
                batch.write()
    except SyncError:
        batch.write()
        raise
    return window


class _Batch:
    """Pages read and not yet written, and the window after the last of them."""

    def __init__(self, log: RunLog, take: Take) -> None:
        self.rows: list[Json] = []
        self._log, self._take = log, take
        self._window: Window | None = None
        self._is_plain = False
        self._done = 0

    def add(self, page: Page, window: Window) -> None:
        self.rows += page.rows
        self._window = window
        self._is_plain = self._is_plain or not page.is_expanded
        self._done += len(page.rows)
        self._log.progress(window.stream, self._done, page.total)

    def write(self) -> None:
        """Once: a batch that fails on its way into the database is not tried again."""
        window, self._window = self._window, None
        rows, self.rows = self.rows, []
        if window is not None:
            self._take(rows, save=window.save, is_plain=self._is_plain)
            self._log.save()


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
