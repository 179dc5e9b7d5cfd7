"""Scoring everybody: train, test, score, write, and keep the card."""

import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.utils import timezone
from numpy.typing import NDArray

from customers.models import LeadBand, LeadKind, LeadModel
from customers.scoring import points
from customers.scoring.card import card_of, pace_card
from customers.scoring.facts import HORIZON, Facts, facts_now
from customers.scoring.learning import Numbers, one_thread
from customers.scoring.reasons import plain_reasons, reasons
from customers.scoring.regulars import learn_pace, outlook
from customers.scoring.training import Model, Moments, TooLittle, train_for_use, try_kinds
from customers.scoring.visits import Pace
from customers.scoring.writing import Scores, bands_of, write_scores
from nova_project.lock import exclusive


@dataclass(frozen=True, slots=True)
class Scored:
    """What a run did: the card that it kept, people scored, whose score or reasons changed."""

    model: LeadModel
    people: int
    changed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Judge:
    """What gives scores: a model, or points where there is none; and the pace of regulars."""

    model: Model | None
    pace: Pace | None
    floors: dict[LeadBand, float]

    def scores(self, facts: Facts) -> Scores:
        unknown: NDArray[np.float64] = np.full(len(facts), np.nan)
        visits, active = outlook(self.pace, facts) if self.pace else (unknown, unknown)
        if self.model is None:
            found = points.points_of(facts)
            told: Any = plain_reasons(facts)
            chances: Numbers = unknown
        else:
            features = self.model.seen(facts)
            with one_thread():
                found = chances = 100 * self.model.chances(features)
                told = reasons(self.model, facts, features)
        bands = bands_of(found, self.floors)
        return Scores(facts.ids, found, bands, chances, told, visits, active)


def score_leads(as_of: date | None = None) -> Scored:
    """Scores everybody by what was known at the start of `as_of` (today, in the company's zone).

    Trains anew each time. Doing it again with nothing new writes nothing. About ten queries to
    train, one and a few writes for each 20,000 people.
    Raises ValidationError: another run is under way (`busy`).
    """
    started = time.monotonic()
    day = as_of or timezone.localdate()
    moment = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    with exclusive("score-leads") as is_mine:
        if not is_mine:
            raise ValidationError("Another scoring is under way.", code="busy")
        judge, card = _train(moment)
        people, changed = 0, 0
        for facts in facts_now(moment):
            changed += len(write_scores(judge.scores(facts)))
            people += len(facts)
        model = _keep(day, judge, card, people)
    return Scored(model, people, changed, time.monotonic() - started)


def _train(moment: datetime) -> tuple[_Judge, dict[str, Any]]:
    pace, *counts = learn_pace(moment)
    regulars = {"visits": pace_card(pace, *counts)}
    moments = Moments(moment - HORIZON)
    try:
        trial = try_kinds(moments)
    except TooLittle as missing:
        return _Judge(None, pace, points.BANDS), regulars | {"why_points": str(missing)}
    used = train_for_use(moments, trial.model)
    card = card_of(trial, used)
    floors = {LeadBand(band): 100 * floor for band, floor in card["bands"].items()}
    return _Judge(used, pace, floors), card | regulars


def _keep(day: date, judge: _Judge, card: dict[str, Any], people: int) -> LeadModel:
    """Keeps the card of the day, unless it is there as it is."""
    model = LeadModel.objects.filter(as_of=day).first() or LeadModel(as_of=day)
    wanted = {
        "kind": judge.model.kind if judge.model else LeadKind.POINTS,
        "why_points": card.get("why_points", ""),
        "scored_count": people,
        "auc": card.get("auc"),
        "brier": card.get("brier"),
        "lift": card.get("lift"),
        "card": card,
    }
    if model.pk is None or any(getattr(model, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(model, name, value)
        model.full_clean()
        model.save()
    return model
