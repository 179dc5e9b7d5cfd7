"""Why a person has the score: what sets them apart from everybody, in words."""

import numpy as np
from numpy.typing import NDArray

from customers.scoring.facts import Facts
from customers.scoring.features import GROUPS, Person, columns_of, words_of
from customers.scoring.training import Model

Numbers = NDArray[np.float64]
Reasons = list[list[str]]
"""Pairs of “+” or “-” and words, the weightiest first."""

_MOST = 3
_FAINTEST = 0.1
"""In log odds: what moves a score by less is no reason (a tenth moves 10 % to 10.9 %)."""


def effects(model: Model, features: Numbers) -> dict[str, Numbers]:
    """By group, how much of each person's log odds is due to not being like everybody there."""
    own = model.learned.log_odds(features)
    found = {}
    for group in GROUPS:
        plain = features.copy()
        plain[:, columns_of(group)] = model.mean[columns_of(group)]
        found[group] = own - model.learned.log_odds(plain)
    return found


def reasons(model: Model, facts: Facts, features: Numbers) -> list[Reasons]:
    """The reasons of each person, three at most."""
    by_group = effects(model, features)
    names = list(by_group)
    table = np.stack([by_group[name] for name in names], axis=1)
    order = np.argsort(-np.abs(table), axis=1, kind="stable")
    return [
        _told(names, table[place], order[place], Person(facts.raw[place]))
        for place in range(len(facts))
    ]


def _told(names: list[str], row: Numbers, order: NDArray[np.int64], person: Person) -> Reasons:
    told: dict[str, str] = {}
    for place in order:
        effect = float(row[place])
        if len(told) == _MOST or abs(effect) < _FAINTEST:
            break
        if words := words_of(names[place], person):
            told.setdefault(words, "+" if effect > 0 else "-")
    return [[sign, words] for words, sign in told.items()]


def plain_reasons(facts: Facts) -> list[Reasons]:
    """For points: when they last booked, and how often."""
    found = []
    for row in facts.raw:
        person = Person(row)
        sign = "+" if person.count("bookings") else "-"
        words = dict.fromkeys(words_of(group, person) for group in ("last", "loyalty"))
        found.append([[sign, text] for text in words])
    return found
