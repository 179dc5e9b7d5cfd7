"""`python -m tests.chaos [--kills 100] [--seed N] [--small]`: kills both syncs, compares the rest.

Each round starts from the same two worlds, and does what an undisturbed run does: sync, let people
change things on both sides, sync again. But the syncs meet faults and are killed, each is started
again until it ends, and the next scheduled run meets no fault. Whatever happened on the way, both
sides must hold in the end what they hold after the undisturbed run, and one more sync must find
nothing to do.
Works in SQLite, or beside the PostgreSQL database that DATABASE_URL names.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

from tests.chaos.process import Ending, Started, Surroundings, run_apart
from tests.chaos.state import State, differences, local_state, remote_state
from tests.chaos.worlds import (
    LARGE,
    SMALL,
    TOKENS,
    Worlds,
    disturb_local,
    disturb_remote,
    tell,
)

HUBSPOT, LISTS = "^/(crm|account|marketing|events)", r"^/(crm/v3/objects|v3/organizations)"
BATCHES = "/batch/(read|update|upsert)"
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "reset_after", "path": BATCHES},
    {"kind": "html", "status": 502},
    {"kind": "html"},
    {"kind": "status", "status": 503, "body": "unavailable"},
    {"kind": "truncate"},
    {"kind": "truncate", "path": BATCHES},
    {"kind": "rate_limit"},
    {"kind": "rate_limit", "retry_after": 1},
    {"kind": "daily_limit", "path": HUBSPOT},
    {"kind": "locked", "path": HUBSPOT},
    {"kind": "migrating", "path": HUBSPOT},
    {"kind": "leave_out", "path": BATCHES},
    {"kind": "leave_out", "path": BATCHES, "rows": 7},
    # Twice in a row, an empty list could not be told from an account without records.
    {"kind": "empty_page", "path": LISTS, "times": 1},
    {"kind": "repeat_continuation", "path": LISTS},
    {"kind": "latency", "ms": 3},
)
MOST_ATTEMPTS = 40


def pull_eventbrite() -> dict[str, Any]:
    from integrations.eventbrite.pull import pull_eventbrite as pull
    from integrations.http import Patience
    from integrations.sync import summary

    return summary(pull(patience=Patience(attempts=3, base_seconds=0, longest_seconds=0)))


def sync_hubspot() -> dict[str, Any]:
    from integrations.http import Patience
    from integrations.hubspot.sync import sync_with_hubspot
    from integrations.sync import summary

    patience = Patience(attempts=3, base_seconds=0, longest_seconds=0)
    return summary(sync_with_hubspot(command="chaos", patience=patience))


SYNCS: dict[str, Callable[[], dict[str, Any]]] = {
    "Eventbrite": pull_eventbrite,
    "HubSpot": sync_hubspot,
}


class Broken(Exception):
    """Nova did not come through."""


class Chaos:
    """Rounds of kills and faults, all chosen by one seed."""

    def __init__(self, worlds: Worlds, *, kills: int, seed: int) -> None:
        self.kills = self.faults = self.attempts = self.rounds = 0
        self.endings: Counter[str] = Counter()
        self._worlds, self._wanted = worlds, kills
        self._chance = random.Random(seed)
        self._places: dict[str, int] = {}
        self._expected: State = {}

    def run(self) -> None:
        """Raises Broken: a side differs from the undisturbed run, or Nova made a mistake."""
        with self._worlds.copy() as place:
            self._expected = self._play(place, self._undisturbed)
        with self._worlds.copy() as place:
            self._compare("Two workers at once", self._play(place, self._two_at_once))
        while self.kills < self._wanted:
            self.rounds += 1
            with self._worlds.copy() as place:
                self._compare(f"Round {self.rounds}", self._play(place, self._until_done))
            print(self.line(), flush=True)

    def _compare(self, what: str, found: State) -> None:
        if told := differences(self._expected, found):
            raise Broken("\n".join([f"{what} ended otherwise:", *told[:40]]))

    def _play(self, place: Surroundings, sync: Callable[[str, str, Surroundings], None]) -> State:
        for part in ("first", "second"):
            if part == "second":
                disturb_remote(place.url)
                _apart(disturb_local, place)
            for name in SYNCS:
                sync(f"{name}, {part}", name, place)
            tell(place.url, "faults", method="DELETE")
            for name in SYNCS:
                _apart(SYNCS[name], place)
        for name in SYNCS:
            again = _apart(SYNCS[name], place).value
            if again["created"] or again["updated"] or again["writes"]:
                raise Broken(f"{name} had something to do a second time: {again}")
        local = _apart(lambda: local_state(place.url, self._worlds.made_at), place).value
        return {kind: Counter(rows) for kind, rows in local.items()} | remote_state(place.url)

    def _undisturbed(self, step: str, name: str, place: Surroundings) -> None:
        self._places[step] = _apart(SYNCS[name], place).places

    def _two_at_once(self, step: str, name: str, place: Surroundings) -> None:
        """One works, the other says at once that somebody does."""
        tell(place.url, "faults", {"kind": "latency", "ms": 100})
        both = [Started(SYNCS[name], place) for _ in range(2)]
        errors = sorted(worker.wait().error for worker in both)
        if errors[0] or not errors[1].startswith(f"Busy: Another {name} run is under way."):
            raise Broken(f"Two workers at once on {name} ended with {errors}")

    def _until_done(self, step: str, name: str, place: Surroundings) -> None:
        """Starts the sync again and again, each time under other faults, until it ends."""
        for _ in range(MOST_ATTEMPTS):
            self._set_faults(place.url)
            kill_at = self._kill_at(step)
            ending = run_apart(SYNCS[name], place, kill_at=kill_at)
            self.attempts += 1
            self.faults += sum(rule["fired"] for rule in tell_faults(place.url))
            self.kills += ending.was_killed
            self.endings[_told(ending)] += 1
            if ending.is_mistake:
                raise Broken(f"Nova made a mistake in {step}:\n{ending.error}")
            if not ending.was_killed and not ending.error:
                return
        tell(place.url, "faults", method="DELETE")
        _apart(SYNCS[name], place)

    def _set_faults(self, url: str) -> None:
        chosen = self._chance.sample(FAULTS, k=4)
        rules = [rule | {"probability": self._chance.choice((0.02, 0.1, 0.2))} for rule in chosen]
        tell(url, "faults", method="DELETE")
        tell(url, "faults", rules)

    def _kill_at(self, step: str) -> int | None:
        """Where to kill this attempt; one in eight is left to its faults, so that rounds end."""
        if self.kills >= self._wanted or self._chance.random() < 0.125:
            return None
        return self._chance.randint(1, self._places[step])

    def line(self) -> str:
        return (
            f"{self.kills} of {self._wanted} kills, {self.faults} faults, {self.attempts} starts, "
            f"{self.rounds} rounds: both sides equal each time"
        )


def tell_faults(url: str) -> list[dict[str, Any]]:
    return list(tell(url, "faults", method="GET")["faults"])


def _apart(work: Callable[[], Any], place: Surroundings) -> Ending:
    ending = run_apart(work, place)
    if ending.error:
        raise Broken(f"Without any fault: {ending.error}")
    return ending


def _told(ending: Ending) -> str:
    if ending.was_killed:
        return "killed"
    return ending.error.partition(":")[0] or "done"


def settle_environment(folder: str) -> None:
    """Settings as a laptop has them, with leave to write."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nova_project.settings")
    os.environ |= TOKENS | {
        "NOVA_ENV_FILE": "",
        "DEBUG": "true",
        "NOVA_VAR_DIR": folder,
        "HUBSPOT_TIER": "enterprise",
        "HUBSPOT_WRITE_MODE": "auto",
        "HUBSPOT_MAX_NEW_CONTACTS": "1000000",
        "LOG_LEVEL": "CRITICAL",
        "REDIS_URL": "",
    }


def main() -> int:
    options = argparse.ArgumentParser("python -m tests.chaos")
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=random.randrange(10**6))
    options.add_argument("--small", action="store_true", help="fewer shows, orders and contacts")
    given = options.parse_args()
    with TemporaryDirectory() as folder:
        settle_environment(folder)
        django.setup()
        print(f"Seed {given.seed}", flush=True)
        begun = time.monotonic()
        worlds = Worlds(Path(folder), SMALL if given.small else LARGE)
        chaos = Chaos(worlds, kills=given.kills, seed=given.seed)
        try:
            chaos.run()
        except Broken as error:
            again = f"--seed {given.seed}" + (" --small" if given.small else "")
            print(f"{error}\nAgain with {again}", file=sys.stderr)
            return 1
        finally:
            worlds.close()
    endings = ", ".join(f"{count} {name}" for name, count in chaos.endings.most_common())
    print(f"{chaos.line()}. Starts ended: {endings}. {time.monotonic() - begun:.0f} seconds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
