"""How much each campaign is missed: the removal effect in a Markov chain of touches.

A path is what a person met in order, and whether they then ordered. From all paths follows how
often one campaign leads to another, to an order or to nothing; taken out of the chain, a campaign
costs a part of the orders, its removal effect. Credit is in proportion to these effects.

Source: Anderl, Becker, von Wangenheim and Schumann, Mapping the customer journey, International
Journal of Research in Marketing 33 (2016).
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

START, ORDER, NOTHING = "(start)", "(order)", "(nothing)"
_ROUNDS, _CLOSE = 10_000, 1e-12

State = Hashable


@dataclass(frozen=True, slots=True)
class Steps:
    """How often one state led to the next, over all paths; the same twice running counts once."""

    counts: Mapping[State, Mapping[State, int]]

    @classmethod
    def of_paths(cls, paths: Iterable[tuple[Sequence[State], int, int]]) -> "Steps":
        """From paths with how many of them ended in an order, and how many in nothing."""
        pairs = (
            pair
            for path, orders, nothings in paths
            for pair in [*_pairs(path, ORDER, orders), *_pairs(path, NOTHING, nothings)]
        )
        return cls.of_pairs(pairs)

    @classmethod
    def of_pairs(cls, pairs: Iterable[tuple[State, State, int]]) -> "Steps":
        counts: dict[State, dict[State, int]] = defaultdict(lambda: defaultdict(int))
        for before, after, count in pairs:
            if count and before != after:
                counts[before][after] += count
        return cls(counts)

    @property
    def states(self) -> list[State]:
        """Those that can be removed."""
        return [state for state in self.counts if state != START]

    def conversion(self, without: Collection[State] = ()) -> float:
        """The chance that a path ends in an order, where the states of `without` lead nowhere.

        By going through the chain in place until nothing moves any more; every state has a way to
        an end, so it settles.
        """
        chances = {
            before: [(after, count / sum(steps.values())) for after, count in steps.items()]
            for before, steps in self.counts.items()
            if before not in without
        }
        reach: dict[State, float] = defaultdict(float, {ORDER: 1.0})
        for _ in range(_ROUNDS):
            moved = 0.0
            for state, following in chances.items():
                value = sum(chance * reach[after] for after, chance in following)
                moved = max(moved, abs(value - reach[state]))
                reach[state] = value
            if moved < _CLOSE:
                break
        return reach[START]

    def removal_effects(self) -> dict[State, float]:
        """The part of the orders that would be lost without each state, from 0 to 1."""
        whole = self.conversion()
        if not whole:
            return {}
        return {state: 1 - self.conversion({state}) / whole for state in self.states}


def shares(effects: Mapping[State, float]) -> dict[State, float]:
    """Each state's part of the credit; together 1, or none where nothing is missed."""
    whole = sum(effects.values())
    return {state: effect / whole for state, effect in effects.items()} if whole else {}


def _pairs(path: Sequence[State], end: State, count: int) -> list[tuple[State, State, int]]:
    states = [START, *path, end]
    return [(*pair, count) for pair in pairwise(states)]
