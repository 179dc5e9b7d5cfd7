"""Reading one kind of object from HubSpot: all of it, or what changed. Resumable at any point.

What becomes of the records is decided by the module of each kind.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.errors import RetryLater
from integrations.hubspot.client import HubSpotClient, Page, Record
from integrations.models import System
from integrations.sync import RunLog, read_cursor, save_cursor

OVERLAP_MILLISECONDS = 5 * 60 * 1000
"""How far a window reaches back into the last one: a search lags behind what was written."""
_MOST_BY_SEARCH = 10_000
"""A window with more changes than this is read faster by listing everything."""
_TOGETHER = 1_000
"""How many records are saved in one transaction, with the place that was reached."""

LIST, ARCHIVED, WINDOW = "list", "archived", "window"


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through the records of a kind, by id. When it ends, all up to `end` has been read.

    `start` and `end` are epoch milliseconds; `after` is the id to go on from. A listing that
    sweeps goes through the recycle bin, too.
    """

    kind: str
    end: int
    start: int = 0
    after: str = ""
    sweeps: bool = False

    @classmethod
    def load(cls, position: dict[str, Any]) -> "Walk | None":
        return cls(**position["walk"]) if position.get("walk") else None

    def at(self, after: str) -> "Walk":
        return Walk(self.kind, self.end, self.start, after, self.sweeps)

    def as_position(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Reading(ABC):
    """One run's reading of one kind of object."""

    kind: str
    stream: str
    """Under which name the place that was reached is kept."""
    label: str
    """What is read, for the progress bar."""
    properties: Sequence[str]
    archived_properties: Sequence[str]
    """What is asked of those in the recycle bin."""

    def __init__(self, client: HubSpotClient, log: RunLog, *, full: bool) -> None:
        self.client = client
        self.log = log
        self.is_full = full
        self._done = 0

    def prepare(self, records: list[Record]) -> None:  # noqa: B027  most kinds need no more
        """Asks for what else belongs to records that are about to be stored."""

    @abstractmethod
    def store(self, records: list[Record]) -> None:
        """Keeps records as read. Called in a transaction."""

    @abstractmethod
    def archive(self, ids: list[str]) -> None:
        """Marks records that are in the recycle bin. Called in a transaction."""

    def finish(self) -> None:  # noqa: B027  most kinds need no more
        """Does what follows from all that was stored."""

    def read(self) -> None:
        """Reads what changed since the last run, or everything and the recycle bin if full.

        A walk that an earlier run left unfinished is finished first.
        """
        position = read_cursor(System.HUBSPOT, self.stream)
        left = Walk.load(position)
        if self.is_full and not (left and left.sweeps):
            self._finish(Walk(LIST, _now(), sweeps=True), position)
        elif left is None and "done_to" not in position:
            self._finish(Walk(LIST, _now()), position)
        else:
            if left:
                self._finish(left, position)
            start = read_cursor(System.HUBSPOT, self.stream)["done_to"] - OVERLAP_MILLISECONDS
            self._finish(Walk(WINDOW, _now(), start), position)

    def _finish(self, walk: Walk | None, position: dict[str, Any]) -> None:
        """Walks to the end; what was read and the place that was reached are saved together."""
        done_to = position.get("done_to")
        while walk is not None:
            records, following = self._gather(walk)
            if walk.kind != ARCHIVED:
                self.prepare(records)
            with transaction.atomic():
                if walk.kind == ARCHIVED:
                    self.archive([str(record["id"]) for record in records])
                else:
                    self.store(records)
                saved = {"done_to": done_to, "walk": following and following.as_position()}
                if following is None:
                    saved = {"done_to": walk.end}
                save_cursor(System.HUBSPOT, self.stream, {k: v for k, v in saved.items() if v})
            walk = following

    def _gather(self, walk: Walk) -> tuple[list[Record], Walk | None]:
        """The records of the next pages, so many that their transaction is worth its cost.

        A failure ends it early, so that the pages before are saved; the next call meets it again.
        """
        records: list[Record] = []
        following: Walk | None = walk
        while following and following.kind == walk.kind and len(records) < _TOGETHER:
            try:
                page = self._page(following)
            except RetryLater:
                if not records:
                    raise
                break
            records += page.records
            self._progress(walk, page)
            following = self._following(following, page)
        return records, following

    def _page(self, walk: Walk) -> Page:
        if walk.kind == WINDOW:
            return self.client.search_changed(
                self.kind, self.properties, start=walk.start, end=walk.end, after=walk.after
            )
        is_archived = walk.kind == ARCHIVED
        names = self.archived_properties if is_archived else self.properties
        return self.client.list_objects(self.kind, names, after=walk.after, is_archived=is_archived)

    def _following(self, walk: Walk, page: Page) -> Walk | None:
        """Where to go on after `page`; None at the end."""
        if walk.kind == WINDOW and not walk.after and (page.total or 0) > _MOST_BY_SEARCH:
            return Walk(LIST, walk.end)
        if page.after and page.after == walk.after:
            raise RetryLater("HubSpot's pages do not move on. Nothing is lost; try again later.")
        if page.after:
            return walk.at(page.after)
        if walk.kind == LIST and walk.sweeps:
            return Walk(ARCHIVED, walk.end, sweeps=True)
        return None

    def _progress(self, walk: Walk, page: Page) -> None:
        total = None if page.total is None else self._done + page.total
        self._done += len(page.records)
        self.log.progress(self.label, self._done, total)


def _now() -> int:
    return int(timezone.now().timestamp() * 1000)
