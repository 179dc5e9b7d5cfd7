"""Fixtures for the whole suite. Those of one app stand in that app's folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, models
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.integrations import killing
from tests.needs import MISSING, chromium_path, need, required

CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

FIRST_ID = 4_000

hypothesis_settings.register_profile("default", max_examples=50, deadline=None)
hypothesis_settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_configure(config: pytest.Config) -> None:
    """Stops a run at once where something is missing that NOVA_REQUIRE lists."""
    if not hasattr(config, "workerinput") and (
        reasons := [reason for name in required() if (reason := MISSING[name]())]
    ):
        raise pytest.UsageError("; ".join(reasons))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in MISSING:
        if item.get_closest_marker(f"needs_{name}"):
            need(name)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, tmp_path_factory) -> Path | None:
    """The tests' database, and a folder with a copy of it in a file, if it is one in memory.

    The copy is made at once: tests with real transactions leave the database without the rows that
    migrations enter.
    """
    with django_db_blocker.unblock():
        raise_ids()
    is_in_memory = getattr(connection, "is_in_memory_db", lambda: False)
    if not is_in_memory():  # PostgreSQL; or no test chosen needs a database, and none was made
        return None
    with django_db_blocker.unblock():
        return killing.copy_tests_database(tmp_path_factory.mktemp("empty"))


def raise_ids() -> None:
    """Has ids begin beyond a thousand, where pages would write them with a separator: what a form
    then sends is no id."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            pk = model._meta.pk
            if not isinstance(pk, models.AutoField) or not model._meta.managed:
                continue
            table = model._meta.db_table
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [table, FIRST_ID])
            else:
                sequence = "pg_get_serial_sequence(%s, %s)"
                cursor.execute(f"SELECT setval({sequence}, %s)", [table, pk.column, FIRST_ID])


@pytest.fixture(scope="session")
def empty_database(django_db_setup, tmp_path_factory) -> Path:
    """A folder with a database in a file, for processes of their own."""
    return django_db_setup or killing.migrate(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless, with a profile of its own for this session."""
    need("chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, and Django would refuse the ORM beside it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, live_server) -> Iterator[Page]:
    """An empty page without cookies; `page.goto("/admin/")` asks the live server."""
    context = browser.new_context(base_url=live_server.url, locale="en-GB")
    context.set_default_timeout(15_000)
    expect.set_options(timeout=15_000)
    yield context.new_page()
    context.close()
