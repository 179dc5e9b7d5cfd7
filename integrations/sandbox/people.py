"""The people of a made-up world, and what HubSpot knows of them."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from faker import Faker

from integrations.sandbox.clock import in_milliseconds

LOCALES = ("de_DE", "en_GB", "tr_TR", "pl_PL")
DOMAINS = ("example.com", "mail.example.com", "example.org", "post.example.net", "example.net")
CITIES = (("Berlin", "Germany"),) * 14 + (
    ("Potsdam", "Germany"),
    ("Leipzig", "Germany"),
    ("Hamburg", "Germany"),
    ("London", "United Kingdom"),
    ("Tokyo", "Japan"),
    ("Wien", "Austria"),
)
SOURCES = (
    ("ORGANIC_SEARCH", 30),
    ("DIRECT_TRAFFIC", 20),
    ("SOCIAL_MEDIA", 16),
    ("EMAIL_MARKETING", 12),
    ("PAID_SOCIAL", 9),
    ("PAID_SEARCH", 6),
    ("REFERRALS", 5),
    ("OFFLINE", 2),
)
LEAD_STAGES = (("subscriber", 50), ("lead", 38), ("marketingqualifiedlead", 12))
BUYER_STAGES = (("lead", 25), ("opportunity", 5), ("customer", 65), ("evangelist", 5))
MAILS = ("Autumn season", "New shows in spring", "Two for one", "Last tickets", "Thank you")


@dataclass(slots=True)
class Person:
    """Somebody who may buy. `typed` are the ways in which they type their addresses."""

    first: str
    last: str
    email: str
    phone: str
    typed: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"


class Crowd:
    """Makes people: names from Faker's lists, put together at random, addresses never twice."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        fakers = [Faker(locale) for locale in LOCALES]
        for faker in fakers:
            faker.seed_instance(rng.getrandbits(32))
        self._firsts = [faker.first_name() for faker in fakers for _ in range(120)]
        self._lasts = [faker.last_name() for faker in fakers for _ in range(220)]
        self._taken: dict[str, int] = {}
        self.guests: list[Person] = []

    def person(self) -> Person:
        """A new person with one address."""
        pick = self.rng.random
        first = self._firsts[int(pick() * len(self._firsts))]
        last = self._lasts[int(pick() * len(self._lasts))]
        phone = f"+49 15{int(pick() * 90) + 10} {int(pick() * 9_000_000) + 1_000_000}"
        return Person(first, last, self.address(first, last), phone)

    def address(self, first: str, last: str) -> str:
        """An address that nobody has yet."""
        rng = self.rng
        domain = DOMAINS[int(rng.random() * len(DOMAINS))]
        shape = int(rng.random() * 3)
        one, two = plain(first), plain(last)
        local = (f"{one}.{two}", f"{one[:1]}{two}", f"{one}{two[:1]}")[shape]
        key = f"{local}@{domain}"
        seen = self._taken[key] = self._taken.get(key, 0) + 1
        return key if seen == 1 else f"{local}{seen + 60}@{domain}"

    def habits(self, person: Person) -> None:
        """How a buyer types their address: mostly as it is, some in odd ways, some two of them."""
        chance, email = self.rng.random(), person.email
        local, _, domain = email.partition("@")
        if chance < 0.03:
            person.typed = [email, f"{local.title()}@{domain.upper()}"]
        elif chance < 0.05:
            person.typed = [f"{email} ", email]
        elif chance < 0.07:
            person.typed = [f"{local}+tickets@{domain}", email]
        elif chance < 0.11:
            person.typed = [email, self.address(person.first, person.last)]
        else:
            person.typed = [email]


TRANSLATED = str.maketrans("ışçğłąęóśżźćńé", "iscglaeoszzcne") | str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
)


def plain(name: str) -> str:
    """A name as it stands in an address: lower case, ASCII letters."""
    text = name.lower().translate(TRANSLATED)
    return "".join(c for c in text if "a" <= c <= "z") or "x"


def picked(rng: random.Random, weighted: tuple[tuple[str, int], ...]) -> str:
    """One of the values, by weight."""
    at = rng.random() * sum(weight for _, weight in weighted)
    for value, weight in weighted:
        at -= weight
        if at < 0:
            return value
    return weighted[-1][0]


def known_values(
    rng: random.Random, person: Person, now: datetime, owners: list[str], bought: bool
) -> dict[str, Any]:
    """What HubSpot knows of a person, without their address."""
    pick = rng.random
    city, country = CITIES[int(pick() * len(CITIES))]
    born = now - timedelta(days=5 + 700 * pick() ** 1.5, seconds=int(pick() * 86_400))
    source = picked(rng, SOURCES)
    values = {
        "firstname": person.first,
        "lastname": person.last,
        "phone": person.phone if pick() < 0.6 else "",
        "city": city if pick() < 0.7 else "",
        "country": country if pick() < 0.7 else "",
        "lifecyclestage": picked(rng, BUYER_STAGES if bought else LEAD_STAGES),
        "hubspot_owner_id": owners[int(pick() * len(owners))] if pick() < 0.4 else "",
        "hs_analytics_source": source,
        "hs_analytics_source_data_1": "berlin-autumn" if source == "PAID_SOCIAL" else "",
        "hs_latest_source": source if pick() < 0.6 else picked(rng, SOURCES),
        "hs_analytics_first_timestamp": in_milliseconds(born),
        "createdate": in_milliseconds(born),
    }
    values |= _mail(rng, born, now)
    if pick() < 0.12:
        values["notes_last_contacted"] = in_milliseconds(_between(rng, born, now))
        values["num_contacted_notes"] = str(1 + int(pick() * 4))
    last = max(v for k, v in values.items() if k in STAMPS)
    values["lastmodifieddate"] = last
    return values


STAMPS = {
    "createdate",
    "notes_last_contacted",
    "hs_email_last_send_date",
    "hs_email_last_open_date",
    "hs_email_last_click_date",
}


def _between(rng: random.Random, start: datetime, end: datetime) -> datetime:
    return start + (end - start) * rng.random()


def _mail(rng: random.Random, born: datetime, now: datetime) -> dict[str, str]:
    """How somebody treats the newsletter."""
    pick = rng.random
    if pick() < 0.15:
        return {}
    if pick() < 0.02:
        return {"hs_email_bounce": "1", "hs_email_hard_bounce_reason_enum": "UNKNOWN_USER"}
    delivered = 1 + int(pick() * 24)
    opened = int(delivered * pick() ** 2)
    clicked = int(opened * pick() ** 2 * 0.6)
    sent = _between(rng, born, now)
    values = {
        "hs_email_delivered": str(delivered),
        "hs_email_last_send_date": in_milliseconds(sent),
        "hs_email_last_email_name": MAILS[int(pick() * len(MAILS))],
    }
    if opened:
        seen = _between(rng, sent, min(now, sent + timedelta(days=3)))
        values |= {"hs_email_open": str(opened), "hs_email_last_open_date": in_milliseconds(seen)}
        if clicked:
            values["hs_email_click"] = str(clicked)
            values["hs_email_first_click_date"] = in_milliseconds(born + (seen - born) / clicked)
            values["hs_email_last_click_date"] = in_milliseconds(seen)
    if pick() < 0.06:
        values["hs_email_optout"] = "true"
    return values
