"""How much speaks for two rows being one person, and why, in words. Pure."""

import unicodedata
from typing import NamedTuple

import phonenumbers

from customers.models.keys import CORRECTED
from integrations.models import SuggestionRule

SAME, BLANK, ALIKE, OTHER = "same", "blank", "alike", "other"
"""How two names compare: alike are those with one surname and one initial, or in other order."""

_STRENGTH = {
    SuggestionRule.SECONDARY: {SAME: 95, BLANK: 90, ALIKE: 85, OTHER: 55},
    SuggestionRule.MAILBOX: {SAME: 96, BLANK: 92, ALIKE: 88, OTHER: 55},
    SuggestionRule.MISTYPED: {SAME: 92, BLANK: 75, ALIKE: 80, OTHER: 35},
    SuggestionRule.NAME_PHONE: {SAME: 90},
}
_NAMES = {
    SAME: "The names are the same.",
    BLANK: "One of them has no name.",
    ALIKE: "The names are alike.",
    OTHER: "The names differ, so perhaps two people share it.",
}


class Holder(NamedTuple):
    """Who has an address or a number."""

    first_name: str
    last_name: str
    phone: str


class Speaks(NamedTuple):
    """One reason. `strength` is from 0 to 100."""

    rule: SuggestionRule
    strength: int
    words: str


def of_addresses(one: Holder, two: Holder, addresses: tuple[str, str]) -> Speaks | None:
    """Two addresses that come down to one mailbox. None: they are the same text."""
    a, b = addresses
    if a == b:
        return None
    wrong = next((x for x in addresses if domain_of(x) in CORRECTED), "")
    rule = SuggestionRule.MISTYPED if wrong else SuggestionRule.MAILBOX
    if wrong:
        domain = domain_of(wrong)
        why = f"{domain} looks like a typing error of {CORRECTED[domain]}."
    else:
        why = _same_mailbox(a, b)
    names = compare_names(one, two)
    return Speaks(rule, _STRENGTH[rule][names], f"{a} and {b}: {why} {_NAMES[names]}")


def _same_mailbox(a: str, b: str) -> str:
    reasons = []
    if "+" in a or "+" in b:
        reasons.append("what follows a + does not change the mailbox")
    if "gmail.com" in (domain_of(a), domain_of(b)) or domain_of(a) == "googlemail.com":
        local_a, local_b = (x.partition("@")[0].partition("+")[0] for x in (a, b))
        if local_a != local_b:
            reasons.append("Gmail does not mind dots")
        if domain_of(a) != domain_of(b):
            reasons.append("googlemail.com is gmail.com")
    text = ", ".join(reasons)
    return f"{text[:1].upper()}{text[1:]}."


def of_name_phone(one: Holder, two: Holder, phones: tuple[str, str]) -> Speaks | None:
    """The same name and the same number, however both are spelt. None: two numbers."""
    if not is_same_number(*phones) or compare_names(one, two) != SAME:
        return None
    rule = SuggestionRule.NAME_PHONE
    name = f"{one.first_name} {one.last_name}".strip()
    return Speaks(rule, _STRENGTH[rule][SAME], f"Both are called {name} and have {phones[0]}.")


def of_secondary(one: Holder, two: Holder, hubspot_id: str) -> Speaks | None:
    """A contact in HubSpot that has addresses of both."""
    rule, names = SuggestionRule.SECONDARY, compare_names(one, two)
    words = f"HubSpot contact {hubspot_id} has addresses of both. {_NAMES[names]}"
    return Speaks(rule, _STRENGTH[rule][names], words)


def domain_of(address: str) -> str:
    return address.partition("@")[2]


def is_same_number(one: str, two: str) -> bool:
    """The same number in E.164; one without a country is taken to be of the other's."""
    found = phonenumbers.is_number_match(one, two)
    return bool(found in (phonenumbers.MatchType.EXACT_MATCH, phonenumbers.MatchType.NSN_MATCH))


def compare_names(one: Holder, two: Holder) -> str:
    a, b = (_plain(f"{who.first_name} {who.last_name}") for who in (one, two))
    if not a or not b:
        return BLANK
    if a == b:
        return SAME
    if sorted(a.split()) == sorted(b.split()):
        return ALIKE
    first, last = (_plain(one.first_name), _plain(two.first_name)), _plain(one.last_name)
    if last and last == _plain(two.last_name):
        return ALIKE if first[0][:1] == first[1][:1] or "" in first else OTHER
    return OTHER


def _plain(name: str) -> str:
    """Small letters without accents and double spaces."""
    parts = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i").replace("ł", "l"))
    letters = "".join(c for c in parts if not unicodedata.combining(c))
    return " ".join(letters.replace("-", " ").split())
