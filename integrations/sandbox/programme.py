"""The made-up programme: venues, shows, their dates, ticket classes and promo codes."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from integrations.sandbox.clock import in_seconds
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

BERLIN, TOKYO = "Europe/Berlin", "Asia/Tokyo"
PAST_DAYS, AHEAD_DAYS = 395, 30
SEASON = {1: 0.8, 2: 1, 3: 1.1, 4: 1, 5: 0.9, 6: 0.6, 7: 0.35, 8: 0.35, 9: 1, 10: 1.2, 11: 1.3}
DECEMBER = 1.4
WEEKEND = (3, 4, 5)
SOON, LATER = (4, 14), (16, 28)


@dataclass(frozen=True)
class Kind:
    """A type of show, as far as Eventbrite can tell."""

    key: str
    category_id: str
    subcategory_id: str
    format_id: str
    names: tuple[str, ...]
    prices: tuple[int, ...]
    hours: tuple[time, ...]
    weight: float


KINDS = (
    Kind(
        "stand-up",
        "105",
        "5010",
        "6",
        (
            "Stand-Up im Keller",
            "Lachmuskel: Best of Berlin",
            "English Comedy Night",
            "Neue Witze, alte Sorgen",
            "Solo: Mina Okafor - Halbwahrheiten",
            "Roast Battle Kreuzberg",
        ),
        (1400, 1600, 1800, 2200),
        (time(20), time(20, 30)),
        0.3,
    ),
    Kind(
        "improv",
        "105",
        "5099",
        "6",
        ("Montags-Improv", "Ohne Plan: Improshow", "Improv Jam: Theatersport", "Maestro Improv"),
        (900, 1200, 1400),
        (time(19, 30), time(20)),
        0.2,
    ),
    Kind(
        "music",
        "103",
        "3010",
        "6",
        (
            "Hinterhof Sessions: Lina Voss",
            "Blue Note Kreuzkölln",
            "Songwriter Circle",
            "Akustik unterm Dach",
            "Kammerpop: Die Weichen",
        ),
        (1800, 2200, 2600, 3200),
        (time(20), time(21)),
        0.22,
    ),
    Kind(
        "variety",
        "105",
        "5099",
        "11",
        (
            "Glitter & Gin: Drag Revue",
            "Varieté Mitternacht",
            "Drag Bingo Deluxe",
            "Cabaret Kaputt",
        ),
        (2400, 2800, 3600),
        (time(20), time(22)),
        0.16,
    ),
    Kind(
        "kids",
        "115",
        "15004",
        "6",
        ("Kasper & die Mondrakete", "Mitmachkonzert für Kinder", "Zauberstunde mit Professor Puff"),
        (700, 900, 1100),
        (time(11), time(15)),
        0.12,
    ),
)
VENUES = (
    ("Kellerbühne Kreuzberg", 140, "Oranienstraße 190", "10999"),
    ("Saal Nord", 240, "Badstraße 8", "13357"),
    ("Theaterhaus am Ufer", 420, "Schöneberger Ufer 61", "10785"),
    ("Hinterhof Neukölln", 180, "Karl-Marx-Straße 141", "12043"),
)


@dataclass
class Show:
    """An event with what the sales need to know of it."""

    event: Row
    start: datetime
    capacity: int
    appeal: float
    vat_percent: int = 0
    fate: str = ""
    prices: tuple[int, ...] = ()
    classes: list[Row] = field(default_factory=list)
    discounts: list[Row] = field(default_factory=list)
    sold: int = 0


def make_programme(world: "World", rng: random.Random, now: datetime, events: int) -> list[Show]:
    """`events` shows around `now`, earliest first; a series parent comes on top."""
    venues = [
        world.add_venue(name, capacity=capacity, address_1=street, postal_code=postal)
        for name, capacity, street, postal in VENUES
    ]
    days = _days(rng, now.date(), events)
    fates = _fates(rng, days, now.date())
    shows, parent = [], None
    for at, day in enumerate(days):
        kind = rng.choices(KINDS, [kind.weight for kind in KINDS])[0]
        show = _show(world, rng, kind, day, rng.choice(venues), fates.get(at, ""), now)
        if kind.key == "improv" and not show.fate and events >= 12:
            parent = parent or _parent(world, show)
            show.event = _join(world, show.event, parent)
        shows.append(show)
    everywhere = world.add_discount("NOVA10", percent_off="10.00", _scope="user")
    for show in shows:
        _add_classes(world, rng, show)
        if rng.random() < 0.3 and show.event["currency"] == "EUR":
            code = f"EARLY{show.event['id'][-4:]}"
            more = {"event_id": show.event["id"], "amount_off": "3.00", "_scope": "event"}
            show.discounts = [world.add_discount(code, **more)]
        show.discounts = [*show.discounts, everywhere]
    return shows


def _days(rng: random.Random, today: date, events: int) -> list[date]:
    """Days of shows, fewer in summer, most at weekends."""
    span = [today + timedelta(days=d) for d in range(-PAST_DAYS, AHEAD_DAYS)]
    weights = [SEASON.get(d.month, DECEMBER) * (2.2 if d.weekday() in WEEKEND else 1) for d in span]
    days = sorted(rng.choices(span, weights, k=events))
    if events > 2:  # one to come, and one behind it that may still be a draft
        days[-2:] = [today + timedelta(days=rng.randint(*within)) for within in (SOON, LATER)]
    return sorted(days)


def _fates(rng: random.Random, days: list[date], today: date) -> dict[int, str]:
    """Which shows are out of the ordinary; the more shows, the more kinds of it."""
    past = [at for at, day in enumerate(days) if day < today - timedelta(days=2)]
    ahead = [at for at, day in enumerate(days) if day > today + timedelta(days=2)]
    rng.shuffle(past)
    wishes = ["canceled", "tokyo", "online", "free", "tokyo", "canceled"]
    fates = dict(zip(past[: max(0, len(past) - 2)], wishes, strict=False))
    if len(ahead) > 1:
        fates[ahead[-1]] = "draft"
    return fates


def _show(
    world: "World",
    rng: random.Random,
    kind: Kind,
    day: date,
    venue: Row,
    fate: str,
    now: datetime,
) -> Show:
    kind = KINDS[0] if fate == "tokyo" else kind
    zone = TOKYO if fate == "tokyo" else BERLIN
    start = datetime.combine(day, rng.choice(kind.hours), ZoneInfo(zone))
    if fate == "tokyo":
        place = {"city": "Tokyo", "country": "JP", "address_1": "Shimokitazawa 2-4-5"}
        venue = world.add_venue("Shimokita Half Stage", capacity=110, **place)
    capacity = 300 if fate == "online" else int(venue["capacity"] * rng.choice((0.8, 0.9, 1, 1)))
    name = rng.choice(kind.names)
    over = start + timedelta(hours=2) < now
    recent = start > now - timedelta(days=6)
    status = ("ended" if recent else "completed") if over else "live"
    announced = start - timedelta(days=rng.randint(50, 90))
    event = world.add_event(
        {"tokyo": "Berlin Laughs in Tokyo", "online": f"Livestream: {name}"}.get(fate, name),
        start=start,
        hours=rng.choice((1.5, 2, 2.5)),
        zone=zone,
        currency="JPY" if fate == "tokyo" else "EUR",
        venue=None if fate == "online" else venue,
        capacity=capacity,
        created=announced,
        status="draft" if fate == "draft" else status,
        online_event=fate == "online",
        is_free=fate == "free",
        category_id=kind.category_id,
        subcategory_id=kind.subcategory_id,
        format_id=kind.format_id,
        published=None if fate == "draft" else in_seconds(announced),
    )
    if over:
        event = world.store.put("events", event | {"changed": event["end"]["utc"]})
    vat = rng.choice((0, 0, 0, 7, 19))
    prices = (2500, 3000) if fate == "tokyo" else kind.prices
    return Show(event, start, capacity, rng.uniform(0.35, 1.2), vat, fate, prices)


def _parent(world: "World", show: Show) -> Row:
    return world.add_event(
        "Montags-Improv (Serie)",
        start=show.start,
        capacity=None,
        created=show.start - timedelta(days=95),
        status=show.event["status"],
        is_series=True,
        is_series_parent=True,
        subcategory_id="5099",
        venue=show.event["venue_id"],
    )


def _join(world: "World", event: Row, parent: Row) -> Row:
    return world.store.put("events", event | {"is_series": True, "series_id": parent["id"]})


def _add_classes(world: "World", rng: random.Random, show: Show) -> None:
    """Two to four ticket classes, one of which may be free, or bear the fees in its price."""
    event, rounding = show.event, 100 if show.event["currency"] == "JPY" else 10
    price = rng.choice(show.prices)
    status = "AVAILABLE" if event["status"] == "live" else "UNAVAILABLE"
    more = {"on_sale_status": status}
    if show.fate == "free":
        show.classes = [world.add_ticket_class(event, "Eintritt frei", price=0, **more)]
        return
    absorbs = rng.random() < 0.25
    for name, share in (("Standard", 1.0), ("Ermäßigt", 0.75), ("Early Bird", 0.8)):
        if name == "Standard" or rng.random() < 0.6:
            cost = round(price * share / rounding) * rounding
            row = world.add_ticket_class(event, name, price=cost, include_fee=absorbs, **more)
            show.classes.append(row)
    if rng.random() < 0.5:
        row = world.add_ticket_class(event, "Gästeliste", price=0, hidden=True, **more)
        show.classes.append(row)
