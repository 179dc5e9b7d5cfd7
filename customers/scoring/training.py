"""Making a model the way it will be used: learn from the past, choose on later days, test on the
last ones. Every step knows only what was known then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from customers.models import LeadKind
from customers.scoring.facts import HORIZON, Facts, facts_at, first_order_at
from customers.scoring.features import matrix
from customers.scoring.learning import (
    KINDS,
    Calibrator,
    Learned,
    calibrator,
    log_loss,
    one_thread,
    way_to_calibrate,
)

Numbers = NDArray[np.float64]

FEWEST_TO_LEARN, FEWEST_TO_TEST = 100, 30
"""Bookings, and people who did not book, that there must be; fewer say nothing certain."""
_STEP, _MOMENTS = timedelta(days=30), 6
"""A model learns from so many moments at most, a month apart."""
_HISTORY = timedelta(days=30)
"""What came before a moment must span so long, or nobody has a past to learn from."""
_MOST_TO_LEARN, _MOST_TO_TEST = 60_000, 120_000
"""People a moment; of more, every second, third … is taken."""
_CLEARLY_BETTER = 0.99
"""Trees must be so much better than weights: weights are simpler, and change less by night."""


class TooLittle(Exception):
    """There is too little data to learn from; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """People at one or more moments, as the models see them."""

    features: Numbers
    booked: Numbers

    def __len__(self) -> int:
        return len(self.booked)


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model with what makes chances of its scores."""

    kind: LeadKind
    learned: Learned
    calibrated_by: str
    calibrate: Calibrator
    mean: Numbers
    """Of each feature over the people learned from: who is like everybody else."""

    def seen(self, facts: Facts) -> Numbers:
        """The people's features; what is not known is taken to be as with everybody."""
        features = matrix(facts)
        return np.where(np.isnan(features), self.mean, features)

    def chances(self, features: Numbers) -> Numbers:
        return self.calibrate(self.learned.log_odds(features))


@dataclass(frozen=True, slots=True)
class Split:
    """The moments that a model learned from, and the one that it was calibrated on."""

    learn: Sequence[datetime]
    calibrate: datetime


@dataclass(slots=True)
class Moments:
    """Facts of moments, each read once."""

    tested: datetime
    _samples: dict[datetime, Sample] = field(default_factory=dict)

    def sample(self, *moments: datetime) -> Sample:
        found = [self._sample(moment) for moment in moments]
        return Sample(
            np.concatenate([sample.features for sample in found]),
            np.concatenate([sample.booked for sample in found]),
        )

    def _sample(self, moment: datetime) -> Sample:
        if moment not in self._samples:
            facts = facts_at(moment, most=_MOST_TO_LEARN)
            self._samples[moment] = Sample(matrix(facts), facts.booked)
        return self._samples[moment]


@dataclass(frozen=True, slots=True)
class Trial:
    """A model judged on the last 90 days that are over, which it never saw."""

    split: Split
    model: Model
    losses: Mapping[LeadKind, float]
    learned_from: tuple[int, int]
    """People, and how many of them booked; likewise below."""
    calibrated_on: tuple[int, int]
    tested: Facts
    chances: Numbers


def try_kinds(moments: Moments) -> Trial:
    """Trains each kind, takes the better on later days, and tests it on the last ones.

    Raises TooLittle.
    """
    split = split_before(moments.tested)
    learn, later = moments.sample(*split.learn), moments.sample(split.calibrate)
    require(learn, FEWEST_TO_LEARN, "to learn from")
    require(later, FEWEST_TO_TEST, "to choose by")
    require(moments.sample(moments.tested), FEWEST_TO_TEST, "to test on")
    with one_thread():
        return _trial(moments, split, learn, later)


def _trial(moments: Moments, split: Split, learn: Sample, later: Sample) -> Trial:
    trained = {kind: train(learn.features, learn.booked) for kind, train in KINDS.items()}
    losses = {
        kind: log_loss(learned.log_odds(later.features), later.booked)
        for kind, learned in trained.items()
    }
    is_bent = losses[LeadKind.BOOSTING] < _CLEARLY_BETTER * losses[LeadKind.LOGISTIC]
    kind = LeadKind.BOOSTING if is_bent else LeadKind.LOGISTIC
    way = way_to_calibrate(later.booked)
    model = _calibrated(kind, trained[kind], way, learn, later)
    tested = facts_at(moments.tested, most=_MOST_TO_TEST)
    chances = model.chances(matrix(tested))
    return Trial(split, model, losses, _size(learn), _size(later), tested, chances)


def train_for_use(moments: Moments, tried: Model) -> Model:
    """A model made as the tested one was, 90 days further on."""
    learn = moments.sample(*(moment + HORIZON for moment in split_before(moments.tested).learn))
    later = moments.sample(moments.tested)
    with one_thread():
        learned = KINDS[tried.kind](learn.features, learn.booked)
        return _calibrated(tried.kind, learned, tried.calibrated_by, learn, later)


def split_before(tested: datetime) -> Split:
    """The moments for a test at `tested`: no outcome of one is later than the next one begins.

    Raises TooLittle: the first booking is not long enough ago.
    """
    calibrate = tested - HORIZON
    latest = calibrate - HORIZON
    first = first_order_at(latest)
    moments = [latest - _STEP * number for number in range(_MOMENTS)]
    learn = [moment for moment in moments if first and moment >= first + _HISTORY]
    if not learn:
        raise TooLittle(
            "Bookings must go back ten months: 30 days to learn from, and three times 90 days to "
            "see what people did then."
        )
    return Split(learn, calibrate)


def require(sample: Sample, fewest: int, purpose: str) -> None:
    """Raises TooLittle: fewer than so many booked, or did not."""
    people, booked = _size(sample)
    if booked < fewest or people - booked < fewest:
        raise TooLittle(
            f"{people:,} people {purpose}, of whom {booked:,} booked; {fewest} who booked and "
            f"{fewest} who did not are needed."
        )


def _calibrated(kind: LeadKind, learned: Learned, way: str, learn: Sample, later: Sample) -> Model:
    calibrate = calibrator(way, learned.log_odds(later.features), later.booked)
    return Model(kind, learned, way, calibrate, learn.features.mean(axis=0))


def _size(sample: Sample) -> tuple[int, int]:
    return len(sample), int(sample.booked.sum())
