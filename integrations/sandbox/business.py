"""The made-up business beside the tickets: deals, campaigns and their e-mails.

The codes of the sales stand for campaigns: `hs_utm` is the code itself, and the name is the code
but for capitals and signs.
"""

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from integrations.sandbox.people import MAILS, picked
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

CONTACTS_A_DEAL = 30
MOST_DEALS = 300


class Trade(NamedTuple):
    """A kind of deal: what it is called, what it brings (euros), how common it is."""

    name: str
    low: int
    high: int
    weight: int


TRADES = (
    Trade("Venue hire", 600, 3_200, 34),
    Trade("Corporate booking", 1_400, 8_500, 26),
    Trade("Sponsorship", 2_000, 15_000, 10),
    Trade("School group", 280, 1_100, 16),
    Trade("Festival guest show", 900, 4_200, 9),
    Trade("Workshop", 350, 1_600, 5),
)
FIRMS = ("Brandt & Voss", "Havelwerk", "Kiez Kaffee", "Nordlicht Medien", "Spreeblick", "Tonhalle")
FORMS = ("GmbH", "AG", "eG", "Stiftung", "UG")
SCHOOLS = ("Grundschule am Ufer", "Lessing-Gymnasium", "Kita Sonnenhof", "Gesamtschule Nord")
CLOSED = (("closedwon", 54), ("closedlost", 46))
OPEN = (
    ("appointmentscheduled", 28),
    ("qualifiedtobuy", 24),
    ("presentationscheduled", 20),
    ("decisionmakerboughtin", 12),
    ("contractsent", 16),
)
# name, code of the sales, analytics source of the contacts, budget, spend, sessions
CAMPAIGNS = (
    ("Newsletter", "newsletter", "EMAIL_MARKETING", "2400.00", "2118.40", 9_120),
    ("IG Story", "igstory", "SOCIAL_MEDIA", "3000.00", "3240.75", 14_870),
    ("Flyer Kreuzberg", "flyer-kreuzberg", "OFFLINE", "900.00", "861.00", 640),
    ("Berlin Autumn", "berlin-autumn", "PAID_SOCIAL", "4500.00", "3975.20", 11_430),
    ("NOVA10", "NOVA10", "REFERRALS", "0", "0", 2_060),
)


def make_business(world: "World", seed: int, now: datetime) -> None:
    """Campaigns, e-mails and deals of a world whose contacts are there. Deals are about 300."""
    rng = random.Random(f"{seed} business {now.date().isoformat()}")
    campaigns = [_campaign(world, now, *given) for given in CAMPAIGNS]
    _mails(world, rng, campaigns, now)
    _deals(world, rng, now)


def _campaign(
    world: "World",
    now: datetime,
    name: str,
    code: str,
    source: str,
    budget: str,
    spend: str,
    sessions: int,
) -> Row:
    start = now.date() - timedelta(days=330)
    return world.add_campaign(
        name,
        source=source,
        budget=budget,
        spend=spend,
        start=start,
        end=None if code == "newsletter" else now.date() + timedelta(days=30),
        sessions=sessions,
        created=now - timedelta(days=335),
        hs_utm=code,
        hs_campaign_status="in_progress",
    )


def _mails(world: "World", rng: random.Random, campaigns: list[Row], now: datetime) -> None:
    """One e-mail a month with more and more readers, and a draft."""
    newsletter, codes = campaigns[0], campaigns[-1]
    readers = sum(1 for c in world.store.tables["contacts"] if c["properties"].get("email"))
    for back in range(12, 0, -1):
        at = now - timedelta(days=30 * back - 9, hours=rng.randint(0, 6))
        name = MAILS[-back % len(MAILS)]
        campaign = codes if name == "Two for one" else newsletter
        sent = int(readers * (0.95 - 0.05 * back))
        numbers: dict[str, Any] = _counters(rng, sent)
        world.add_email(f"{name} ({at:%B %Y})", campaign=campaign, published=at, **numbers)
    world.add_email("Gift vouchers (draft)", campaign=newsletter, published=now, state="DRAFT")


def _counters(rng: random.Random, sent: int) -> dict[str, int]:
    bounce = int(sent * rng.uniform(0.006, 0.02))
    hard = int(bounce * 0.4)
    delivered = sent - bounce
    opened = int(delivered * rng.uniform(0.24, 0.41))
    gone = int(delivered * rng.uniform(0.001, 0.006))
    spam = int(delivered * rng.uniform(0, 0.0005))
    return {
        "sent": sent,
        "delivered": delivered,
        "open": opened,
        "click": int(opened * rng.uniform(0.06, 0.17)),
        "bounce": bounce,
        "hardbounced": hard,
        "softbounced": bounce - hard,
        "unsubscribed": gone,
        "spamreport": spam,
        "contactslost": gone + spam + hard,
        "reply": int(delivered * rng.uniform(0, 0.002)),
    }


def _deals(world: "World", rng: random.Random, now: datetime) -> None:
    contacts = [c for c in world.store.tables["contacts"] if c["properties"].get("email")]
    wanted = min(MOST_DEALS, len(contacts) // CONTACTS_A_DEAL)
    ages = sorted((420 * rng.random() ** 1.3 for _ in range(wanted)), reverse=True)
    for age in ages:
        made = now - timedelta(days=1 + age)
        people = rng.sample(contacts, rng.choices((0, 1, 2), (5, 83, 12))[0])
        deal = world.add_deal(**_deal(rng, made, now, people))
        for person in people:
            world.associate(person["id"], deal["id"])


def _deal(rng: random.Random, made: datetime, now: datetime, people: list[Row]) -> dict[str, Any]:
    trade = rng.choices(TRADES, [one.weight for one in TRADES])[0]
    age = (now - made).days
    stage = picked(rng, CLOSED if rng.random() < min(0.93, age / 120) else OPEN)
    closed = stage.startswith("closed")
    worked = timedelta(days=rng.uniform(0.05, 0.9) * age if closed else rng.uniform(7, 60))
    last = made + worked if closed else made + (now - made) * rng.random()
    owners = [p["properties"]["hubspot_owner_id"] for p in people if _has_owner(p)]
    return {
        "name": f"{trade.name}: {_client(rng, trade, people)}",
        "stage": stage,
        "amount": _amount(rng, trade) if closed or rng.random() < 0.9 else None,
        "closedate": made + worked if closed else now + worked,
        "createdate": made,
        "hs_lastmodifieddate": last,
        "dealtype": picked(rng, (("newbusiness", 70), ("existingbusiness", 30))),
        "deal_currency_code": "EUR",
        "hubspot_owner_id": owners[0] if owners else None,
    }


def _has_owner(person: Row) -> bool:
    return bool(person["properties"].get("hubspot_owner_id"))


def _client(rng: random.Random, trade: Trade, people: list[Row]) -> str:
    """Who hires: mostly a firm or a school, sometimes a person."""
    if trade.name == "School group":
        return rng.choice(SCHOOLS)
    if people and rng.random() < 0.3:
        values = people[0]["properties"]
        return f"{values['firstname']} {values['lastname']}"
    return f"{rng.choice(FIRMS)} {rng.choice(FORMS)}"


def _amount(rng: random.Random, trade: Trade) -> str:
    """Mostly round sums, as people agree on them."""
    step = 50 if trade.high > 2_000 else 10
    amount = trade.low + (trade.high - trade.low) * rng.random() ** 1.7
    return f"{round(amount / step) * step}" + (".50" if rng.random() < 0.05 else "")
