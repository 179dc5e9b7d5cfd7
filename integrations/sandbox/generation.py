"""Fills an empty world: programme, people, sales, what HubSpot knows of whom, other business."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from integrations.sandbox.business import make_business
from integrations.sandbox.crm import FIRST_CONTACT
from integrations.sandbox.people import Crowd, Person, known_values
from integrations.sandbox.programme import make_programme
from integrations.sandbox.sales import make_sales
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

OWNERS = (("jonas", "Jonas", "Kraft"), ("mira", "Mira", "Stein"), ("tom", "Tom", "Adeyemi"))
BUYERS_AN_ORDER = 0.55
KNOWN_SHARE = 0.75
GUEST_KNOWN_SHARE = 0.3


def fill(world: "World", seed: int, today: date, sizes: dict[str, int]) -> None:
    """Makes the world of `seed` as it stands at noon (UTC) of `today`."""
    rng = random.Random(f"{seed} {today.isoformat()} {sorted(sizes.items())}")
    now = datetime.combine(today, time(12), UTC)
    live = world.clock
    world.clock = type(live)()
    world.clock.freeze(now)
    owners = [world.add_owner(f"{key}@nova.example.com", *names)["id"] for key, *names in OWNERS]
    crowd = Crowd(rng)
    shows = make_programme(world, rng, now, sizes["events"])
    buyers = [crowd.person() for _ in range(max(1, int(sizes["orders"] * BUYERS_AN_ORDER)))]
    for buyer in buyers:
        crowd.habits(buyer)
    make_sales(world, rng, shows, crowd, buyers, sizes["orders"], now)
    _add_contacts(world, rng, crowd, buyers, sizes["contacts"], now, owners)
    make_business(world, seed, now)
    world.store.put("meta", {"id": "world", "seed": seed, "today": today.isoformat(), **sizes})
    world.clock = live
    world.reindex()


def _add_contacts(
    world: "World",
    rng: random.Random,
    crowd: Crowd,
    buyers: list[Person],
    wanted: int,
    now: datetime,
    owners: list[str],
) -> None:
    """Most buyers, some twice, some under another address; the rest never bought."""
    bought = {_bare(order["email"]) for order in world.store.tables["orders"]}
    active = [b for b in buyers if any(_bare(typed) in bought for typed in b.typed)]
    known = rng.sample(active, min(int(len(active) * KNOWN_SHARE), int(wanted * 0.8)))
    wishes = [values for buyer in known for values in _of_buyer(rng, crowd, buyer, now, owners)]
    guests = [guest for guest in crowd.guests if rng.random() < GUEST_KNOWN_SHARE]
    while len(wishes) < wanted:
        person = guests.pop() if guests else crowd.person()
        values = known_values(rng, person, now, owners, bought=False)
        email = "" if rng.random() < 0.005 else person.email
        wishes.append(values | {"email": email})
    wishes = wishes[:wanted]
    wishes.sort(key=lambda values: values["createdate"])
    for values in wishes:
        _put(world, values)


def _bare(address: str) -> str:
    return address.strip().lower()


def _of_buyer(
    rng: random.Random, crowd: Crowd, buyer: Person, now: datetime, owners: list[str]
) -> Iterator[dict[str, Any]]:
    values = known_values(rng, buyer, now, owners, bought=True)
    chance = rng.random()
    if chance < 0.02:
        other = crowd.address(buyer.first, buyer.last)
        yield values | {"email": other, "hs_additional_emails": buyer.email}
        return
    if chance < 0.025:
        yield values | {"email": ""}
        return
    yield values | {"email": buyer.email}
    if chance < 0.04:
        other = crowd.address(buyer.first, buyer.last)
        yield known_values(rng, buyer, now, owners, bought=False) | {"email": other}


def _put(world: "World", values: dict[str, Any]) -> Row:
    """A contact without the checks of a write: a large world must be quick to make."""
    table = world.store.tables["contacts"]
    contact_id = str(table.top + 1 if table.top else FIRST_CONTACT)
    kept = {key: value for key, value in values.items() if value}
    kept["hs_object_id"] = contact_id
    row = {
        "id": contact_id,
        "properties": kept,
        "createdAt": kept["createdate"],
        "updatedAt": kept["lastmodifieddate"],
        "archived": False,
    }
    return world.store.put("contacts", row)
