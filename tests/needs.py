"""What a test may need beside Python, and what to start when it is missing.

A test says so by a marker: `needs_postgres`, `needs_redis`, `needs_chromium`. What is missing skips
it, or fails it where NOVA_REQUIRE lists the name (`NOVA_REQUIRE=postgres,redis,chromium`).
"""

import os
import shutil

import pytest
import redis
from django.db import connection


def missing_postgres() -> str | None:
    if connection.vendor == "postgresql":
        return None
    return (
        "needs PostgreSQL: start it and set "
        "DATABASE_URL=postgres://postgres@127.0.0.1:5432/nova (or run make test-servers)"
    )


def missing_redis() -> str | None:
    url = os.environ.get("REDIS_URL")
    try:
        if url and redis.Redis.from_url(url, socket_connect_timeout=2).ping():
            return None
    except redis.RedisError as error:
        return f"needs Redis: nothing answers at REDIS_URL={url}: {error}"
    return (
        "needs Redis: start it and set "
        "REDIS_URL=redis://127.0.0.1:6379/9 (or run make test-servers)"
    )


def chromium_path() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def missing_chromium() -> str | None:
    if chromium_path():
        return None
    return "needs Chromium: install it (on Debian: apt-get install chromium)"


MISSING = {
    "postgres": missing_postgres,
    "redis": missing_redis,
    "chromium": missing_chromium,
}


def required() -> list[str]:
    """The names in NOVA_REQUIRE. Raises UsageError: a name is unknown."""
    names = [name for name in os.environ.get("NOVA_REQUIRE", "").split(",") if name]
    if unknown := set(names) - set(MISSING):
        raise pytest.UsageError(
            f"NOVA_REQUIRE knows {', '.join(MISSING)}, not {', '.join(unknown)}"
        )
    return names


def need(name: str) -> None:
    """Skips the running test where `name` is missing, or fails it where it is required."""
    if reason := MISSING[name]():
        if name in required():
            pytest.fail(f"{reason}; NOVA_REQUIRE lists it", pytrace=False)
        pytest.skip(reason)
