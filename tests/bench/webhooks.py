"""How many webhooks Nova takes in a second, over the answers of an empty view in the same server.

gunicorn serves both as the Dockerfile says, with the settings of a server; another process sends
one delivery after the other over eight connections, in turns to each address.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integrations.sandbox.deliveries import signature
from tests.bench.syncs import new_database

ROUNDS, SECONDS, CONNECTIONS = 5, 3, 8
POSTS = 6_000
"""More than a round can send."""
CLIENT_SECRET, PATH_SECRET = secrets.token_hex(16), secrets.token_hex(16)
LOAD = Path(__file__).with_name("_load.py")
HEADERS = {"Content-Type": "application/json", "X-Forwarded-Proto": "https"}

Make = Callable[[int, int], tuple[str, dict[str, str], str]]


def run(report: Callable[..., None]) -> None:
    from django.db import connection

    report(
        f"Webhooks taken in, {connection.display_name}",
        ("Address", "Accepted", "A second", "Over the empty view", "Refused"),
        list(measure()),
    )


def measure() -> Iterator[tuple[str, ...]]:
    """A row for each address: accepted in all, a second, and as a share of the empty view's."""
    makers: dict[str, Make] = {"Empty view": empty, "Eventbrite": eventbrite, "HubSpot": hubspot}
    found = {name: [0, 0, 0.0] for name in makers}
    with new_database() as url, server(url) as port:
        for turn in range(ROUNDS + 1):
            for name, make in makers.items():
                told = send(port, [make(turn, number) for number in range(POSTS)])
                if turn:  # the first round warms up
                    for place, key in enumerate(("good", "bad", "seconds")):
                        found[name][place] += told[key]
    rates = {name: good / seconds for name, (good, _, seconds) in found.items()}
    for name, (good, bad, _) in found.items():
        share = rates[name] / rates["Empty view"]
        yield name, f"{good:,}", f"{rates[name]:,.0f}", f"{share:.2f}", f"{bad:,}"


def empty(turn: int, number: int) -> tuple[str, dict[str, str], str]:
    return "/empty/", HEADERS, json.dumps(event(turn, number))


def hubspot(turn: int, number: int) -> tuple[str, dict[str, str], str]:
    """Signed a moment ago; one event in each, which is the most that one answer can be about."""
    body = json.dumps([event(turn, number)])
    stamp = str(int(time.time() * 1000))
    signed = signature(CLIENT_SECRET, "https://127.0.0.1/webhooks/hubspot/", body.encode(), stamp)
    headers = {"X-HubSpot-Signature-v3": signed, "X-HubSpot-Request-Timestamp": stamp}
    return "/webhooks/hubspot/", HEADERS | headers, body


def eventbrite(turn: int, number: int) -> tuple[str, dict[str, str], str]:
    config = {"action": "order.placed", "webhook_id": "1", "user_id": "1"}
    address = f"https://www.eventbriteapi.com/v3/orders/{turn * POSTS + number}/"
    body = json.dumps({"api_url": address, "config": config})
    return f"/webhooks/eventbrite/{PATH_SECRET}/", HEADERS, body


def event(turn: int, number: int) -> dict[str, Any]:
    return {
        "eventId": number,
        "subscriptionId": 12,
        "portalId": 62515,
        "occurredAt": turn * POSTS + number,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": turn * POSTS + number,
        "propertyName": "firstname",
        "propertyValue": "Ada",
        "changeSource": "CRM",
    }


@contextmanager
def server(database_url: str) -> Iterator[int]:
    """gunicorn on a free port, with the settings that a server has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "DEBUG": "false",
        "LOG_LEVEL": "INFO",
        "SECRET_KEY": secrets.token_hex(32),
        "ALLOWED_HOSTS": "127.0.0.1",
        "NOVA_PUBLIC_URL": "https://127.0.0.1",
        "HUBSPOT_CLIENT_SECRET": CLIENT_SECRET,
        "EVENTBRITE_WEBHOOK_SECRET": PATH_SECRET,
    }
    argv = ["-m", "gunicorn", "tests.bench._server", "--bind", f"127.0.0.1:{port}"]
    argv += ["--workers", "2", "--threads", "4", "--access-logfile", "-"]
    with subprocess.Popen(
        [sys.executable, *argv],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("gunicorn does not start")


def send(port: int, posts: list[tuple[str, dict[str, str], str]]) -> dict[str, float]:
    """What the other process says of a few seconds of sending."""
    argv = [sys.executable, str(LOAD), "127.0.0.1", str(port), str(SECONDS), str(CONNECTIONS)]
    lines = "\n".join(json.dumps(post) for post in posts)
    done = subprocess.run(argv, input=lines, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))
