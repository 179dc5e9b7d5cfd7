"""A piece of Nova in a process of its own, which may kill itself half-way.

Places to die are counted: before each SQL statement, and before and after each request. So a place
that a seed leads to is the same place again, and none is out of reach for being short.
"""

import itertools
import json
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Work = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The database, the folder and the address of the sandbox that a process works with."""

    database: str
    folder: Path
    url: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: killed, or with a value, or with an error (its class and words)."""

    was_killed: bool = False
    value: Any = None
    error: str = ""
    is_mistake: bool = False
    places: int = 0


class Started:
    """A child process at work."""

    def __init__(self, work: Work, surroundings: Surroundings, kill_at: int | None = None) -> None:
        reading, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(reading)
            _be_child(work, surroundings, kill_at, writing)
        os.close(writing)
        self._reading = reading

    def wait(self) -> Ending:
        """How it ended, when it has."""
        with os.fdopen(self._reading) as pipe:
            told = pipe.read()
        _, status = os.waitpid(self._pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return Ending(was_killed=True)
        return Ending(**json.loads(told))


def run_apart(work: Work, surroundings: Surroundings, *, kill_at: int | None = None) -> Ending:
    """Runs `work` in a child process; with `kill_at` it gets SIGKILL at that place."""
    return Started(work, surroundings, kill_at).wait()


def _be_child(work: Work, surroundings: Surroundings, kill_at: int | None, writing: int) -> None:
    told: dict[str, Any]
    try:
        places = _count_places(kill_at)
        _settle(surroundings)
        told = {"value": work(), "places": next(places) - 1}
    except BaseException as error:  # noqa: BLE001  told to the parent, which decides
        from integrations.errors import SyncError

        is_mistake = not isinstance(error, SyncError)
        words = traceback.format_exc() if is_mistake else f"{type(error).__name__}: {error}"
        told = {"error": words, "is_mistake": is_mistake}
    with os.fdopen(writing, "w") as pipe:
        json.dump(told, pipe, default=str)
    os._exit(0)


def _settle(surroundings: Surroundings) -> None:
    from django.conf import settings
    from django.db import connection

    connection.settings_dict["NAME"] = surroundings.database
    settings.VAR_DIR = surroundings.folder
    settings.HUBSPOT_BASE_URL = settings.EVENTBRITE_BASE_URL = surroundings.url


def _count_places(kill_at: int | None) -> "itertools.count[int]":
    from django.db import connection
    from urllib3.connectionpool import HTTPConnectionPool

    places = itertools.count(1)

    def pass_by() -> None:
        if next(places) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(execute: Any, *statement: Any) -> Any:
        pass_by()
        return execute(*statement)

    send = HTTPConnectionPool.urlopen

    def watched(*args: Any, **more: Any) -> Any:
        pass_by()
        response = send(*args, **more)
        pass_by()
        return response

    connection.execute_wrappers.append(watch)
    HTTPConnectionPool.urlopen = watched  # type: ignore[method-assign]
    return places
