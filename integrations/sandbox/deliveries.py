"""Sends the queued webhooks to their targets, on loopback only, and tells what these answered.

The world is locked while a batch is chosen and while its outcome is noted, never while a target
is answering: it may well ask the sandbox something.
"""

import base64
import hashlib
import hmac
import http.client
import random
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from integrations.sandbox.outbox import USER_ID
from integrations.sandbox.store import Row, to_json

if TYPE_CHECKING:
    from integrations.sandbox.world import World

BATCH = 100
TIMEOUT_SECONDS = 5
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SIGNED_PLAIN = (
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
)
TEST_URL = "https://www.eventbriteapi.com/{api-endpoint-to-fetch-object-details}/"


def check_target(url: str) -> None:
    """Raises ValueError unless the target is on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise ValueError(f"a webhook's target must be http on loopback, was {url}")


def signature(secret: str, url: str, body: bytes, timestamp: str) -> str:
    """HubSpot's signature, version 3, of a POST."""
    for coded, plain in SIGNED_PLAIN:
        url = url.replace(coded, plain).replace(coded.lower(), plain)
    signed = b"POST" + url.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()


def _post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Status and text of the answer; status 0 and the reason when there was none."""
    parts = urlsplit(url)
    path = parts.path or "/"
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        line.request("POST", path + (f"?{parts.query}" if parts.query else ""), body, headers)
        answer = line.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    finally:
        line.close()


def _choose(rows: list[Any], duplicate: bool, shuffle: bool) -> list[Any]:
    """The rows as they go out: each twice, or in disorder, if that is wanted."""
    chosen = [row for row in rows for _ in range(2 if duplicate else 1)]
    if shuffle:
        random.Random(len(chosen)).shuffle(chosen)
    return chosen


def deliver_hubspot(
    world: "World",
    *,
    limit: int = BATCH,
    duplicate: bool = False,
    shuffle: bool = False,
    age_seconds: float = 0,
    client_secret: str = "",
) -> dict[str, Any]:
    """Sends one batch of at most 100 events.

    `age_seconds` puts the timestamp, and so the signature, into the past; `client_secret` signs
    with another secret than the agreed one. Unless the answer is 2xx the events stay queued, with
    a higher attempt number.
    """
    with world.lock:
        hook = world.store.tables["webhooks"].rows["hubspot"]
        most = min(limit, BATCH) // (2 if duplicate else 1)
        rows = list(world.store.tables["hubspot_outbox"])[:most]
    events = [row["event"] for row in _choose(rows, duplicate, shuffle)]
    body, timestamp = to_json(events), str(int((time.time() - age_seconds) * 1000))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/)",
        "X-HubSpot-Request-Timestamp": timestamp,
        "X-HubSpot-Signature-Version": "v3",
        "X-HubSpot-Signature-v3": signature(
            client_secret or hook["client_secret"], hook["signed_url"], body, timestamp
        ),
    }
    status, text = _post(hook["url"], body, headers) if events else (0, "nothing queued")
    with world.lock:
        _note(world, rows, status)
        left = len(world.store.tables["hubspot_outbox"])
    return {"sent": len(events), "status": status, "body": text, "left": left}


def _note(world: "World", rows: list[Row], status: int) -> None:
    for row in rows:
        if 200 <= status < 300:
            world.store.remove("hubspot_outbox", row["id"])
        else:
            event = row["event"] | {"attemptNumber": row["event"]["attemptNumber"] + 1}
            world.store.put("hubspot_outbox", row | {"event": event})


def _eventbrite_post(hook: Row, action: str, api_url: str) -> int:
    config = {
        "action": action,
        "user_id": USER_ID,
        "endpoint_url": hook["url"],
        "webhook_id": hook["id"],
    }
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/plain",
        "User-Agent": "Eventbrite Hookshot 7f3c2d1",
        "X-Eventbrite-Event": action,
        "X-Eventbrite-Delivery": hook["id"],  # not a delivery id: the same every time
        "User-ID-Sender": USER_ID,
    }
    return _post(hook["url"], to_json({"config": config, "api_url": api_url}), headers)[0]


def deliver_eventbrite(
    world: "World", *, limit: int | None = None, duplicate: bool = False, shuffle: bool = False
) -> dict[str, Any]:
    """Sends what is queued, one request each. 410 ends a subscription; unless 2xx a row stays."""
    with world.lock:
        rows = list(world.store.tables["eventbrite_outbox"])[:limit]
        hooks = dict(world.store.tables["webhooks"].rows)
    answers = []
    for row in _choose(rows, duplicate, shuffle):
        status = _eventbrite_post(hooks[row["webhook_id"]], row["action"], row["api_url"])
        answers.append({"action": row["action"], "api_url": row["api_url"], "status": status})
        with world.lock:
            _note_eventbrite(world, row, status)
    return {"sent": len(answers), "answers": answers}


def _note_eventbrite(world: "World", row: Row, status: int) -> None:
    queue, hooks = world.store.tables["eventbrite_outbox"], world.store.tables["webhooks"]
    if 200 <= status < 300 and queue.get(row["id"]):
        world.store.remove("eventbrite_outbox", row["id"])
    if status == 410 and hooks.get(row["webhook_id"]):
        world.store.remove("webhooks", row["webhook_id"])
        for found in list(queue):
            if found["webhook_id"] == row["webhook_id"]:
                world.store.remove("eventbrite_outbox", found["id"])


def ping_eventbrite(world: "World") -> dict[str, Any]:
    """Presses the test button of every subscription."""
    with world.lock:
        hooks = [row for row in world.store.tables["webhooks"] if row["id"] != "hubspot"]
    statuses = [_eventbrite_post(hook, "test", TEST_URL) for hook in hooks]
    return {"sent": len(hooks), "answers": [{"action": "test", "status": one} for one in statuses]}
