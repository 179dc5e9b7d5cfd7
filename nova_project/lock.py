"""One at a time, across processes, released by the system itself when a process is killed."""

import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from filelock import FileLock, Timeout

_here: dict[str, threading.Lock] = {}
"""Who holds what within this process: PostgreSQL would give a session its own lock twice."""


@contextmanager
def exclusive(name: str) -> Iterator[bool]:
    """Yields True to the one who holds `name`, and False at once to everybody else.

    PostgreSQL: an advisory lock of the session. SQLite: a lock on a file beside the database.
    """
    here = _here.setdefault(f"{_database_key()}-{name}", threading.Lock())
    if not here.acquire(blocking=False):
        yield False
        return
    try:
        with _across_processes(name) as is_mine:
            yield is_mine
    finally:
        here.release()


@contextmanager
def _across_processes(name: str) -> Iterator[bool]:
    if connection.vendor == "postgresql":
        key = zlib.crc32(f"nova:{connection.settings_dict['NAME']}:{name}".encode())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
            is_mine = bool(cursor.fetchone()[0])
        try:
            yield is_mine
        finally:
            if is_mine:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
        return
    lock = FileLock(settings.VAR_DIR / f"{_database_key()}-{name}.lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _database_key() -> str:
    """Tells the files of two databases apart, for tests run beside a live Nova."""
    return f"{zlib.crc32(str(connection.settings_dict['NAME']).encode()):08x}"
