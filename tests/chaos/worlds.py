"""The worlds that are wrecked and compared: a database and a sandbox, copied for each round."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.chaos.process import Surroundings, run_apart
from tests.chaos.state import remote_rows

LARGE = {"events": 8, "orders": 160, "contacts": 320}
SMALL = {
    "events": 3,
    "orders": 40,
    "contacts": 120,
}  # still more contacts than a page or batch holds
TOKENS = {
    "EVENTBRITE_TOKEN": "sandbox-eventbrite-token",
    "HUBSPOT_ACCESS_TOKEN": "sandbox-hubspot-token",
}


@contextmanager
def sandbox(state: Path, sizes: dict[str, int]) -> Iterator[str]:
    """The address of a sandbox that keeps its world in `state`, without limits."""
    argv = ["-m", "integrations.sandbox", "--port", "0", "--no-limits", "--state", str(state)]
    argv += [text for name, size in sizes.items() for text in (f"--{name}", str(size))]
    with subprocess.Popen([sys.executable, *argv], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split(" on ")[1].split(" - ")[0]
        finally:
            process.terminate()


def tell(url: str, path: str, body: Any = None, *, method: str = "POST") -> Any:
    """One request to the sandbox's control."""
    payload = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{url}/__sandbox__/{path}", data=payload, method=method)) as reply:
        return json.load(reply)


class Worlds:
    """Makes the first world once, and copies of it."""

    def __init__(self, folder: Path, sizes: dict[str, int]) -> None:
        from django.db import connection

        self._folder, self._sizes = folder, sizes
        self._engine = connection.vendor
        self._name = str(connection.settings_dict["NAME"])
        self._count = 0
        self.made_at = datetime.now(UTC) - timedelta(seconds=1)
        self._database = self._new_database("base")
        self._state = folder / "base.world"
        with sandbox(self._state, self._sizes) as url:
            ending = run_apart(_prepare, Surroundings(self._database, folder, url))
            assert not ending.error, ending.error

    @contextmanager
    def copy(self) -> Iterator[Surroundings]:
        """A world of its own, as it was in the beginning."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        database = self._new_database(str(self._count), like=self._database)
        for path in self._folder.glob(f"{self._state.name}*"):
            shutil.copy(path, folder)
        try:
            with sandbox(folder / self._state.name, self._sizes) as url:
                yield Surroundings(database, folder, url)
        finally:
            self._drop(database)
            shutil.rmtree(folder)

    def close(self) -> None:
        self._drop(self._database)

    def _new_database(self, name: str, like: str = "") -> str:
        if self._engine == "sqlite":
            path = self._folder / f"{name}.sqlite3"
            for file in self._folder.glob(f"{Path(like).name}*") if like else ():
                shutil.copy(file, self._folder / file.name.replace(Path(like).name, path.name))
            return str(path)
        full = f"{self._name}_chaos_{os.getpid()}_{name}"
        self._ask_server(f'CREATE DATABASE "{full}"' + (f' TEMPLATE "{like}"' if like else ""))
        return full

    def _drop(self, database: str) -> None:
        if self._engine == "sqlite":
            Path(database).unlink(missing_ok=True)
        else:
            self._ask_server(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _ask_server(self, sql: str) -> None:
        from django.db import connection

        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(sql)
        connection.close()


def _prepare() -> None:
    from django.core.management import call_command

    with open(os.devnull, "w") as quiet:
        call_command("migrate", verbosity=0, stdout=quiet)
        call_command("setup_hubspot", stdout=quiet)


def disturb_remote(url: str) -> None:
    """What people do on Eventbrite and in HubSpot between two syncs. The same every time."""
    orders = [o for o in remote_rows(url, "orders") if o["status"] == "placed"]
    for order in orders[:4]:
        tell(url, f"eventbrite/orders/{order['id']}/refund", {})
    tell(url, f"eventbrite/orders/{orders[4]['id']}/refund", {"amount": 500, "style": "request"})
    seats = [s for s in remote_rows(url, "attendees") if not s["cancelled"]]
    for seat in seats[-3:]:
        tell(url, f"eventbrite/attendees/{seat['id']}/transfer", {})
    contacts = [c for c in remote_rows(url, "contacts") if c["properties"].get("email")]
    for place, contact in enumerate(contacts[:60]):
        tell(url, f"hubspot/contacts/{contact['id']}", {"city": f"Town {place}"})
    for contact in contacts[60:65]:
        tell(url, f"hubspot/contacts/{contact['id']}", {"phone": "+49 30 123456"})
    for contact in contacts[70:74]:
        tell(url, f"hubspot/contacts/{contact['id']}/archive", {})
    keep, lose = contacts[80]["id"], contacts[81]["id"]
    tell(url, f"hubspot/contacts/{keep}/merge", {"lose": lose})
    for number in range(3):
        tell(url, "hubspot/contacts", {"email": f"lead{number}@chaos.example"})


def disturb_local() -> None:
    """What staff do in Nova meanwhile."""
    from customers.models import EmailAddress

    buyers = EmailAddress.objects.filter(is_primary=True, customer__orders__isnull=False)
    addresses = buyers.order_by("address").distinct()[:40]
    for place, known in enumerate(addresses.select_related("customer")):
        known.customer.phone = f"+49 40 55{place:04d}"
        known.customer.save()
