"""What is kept of a model: how it was made, how good it was, what it goes by. Plain JSON."""

from datetime import datetime
from typing import Any

import numpy as np
from django.utils import timezone

from customers.models import LeadBand, LeadModel
from customers.scoring import measures
from customers.scoring.features import GROUPS, matrix
from customers.scoring.reasons import effects
from customers.scoring.training import Model, Trial
from customers.scoring.visits import Pace

TIMES = {LeadBand.HOT: 3.0, LeadBand.WARM: 1.5, LeadBand.COOL: 0.5}
"""From how many times the usual chance on a person is in a band; cold below."""


def card_of(trial: Trial, used: Model) -> dict[str, Any]:
    """The card of a tested model, and of the one made alike that is used. Floats are rounded, so
    that the same data give the same card."""
    booked, chances = trial.tested.booked, trial.chances
    usual = float(booked.mean())
    recent = -np.nan_to_num(trial.tested.column("days_since_last"), nan=1e6)
    card = {
        "moments": {
            "learned_from": [_day(moment) for moment in sorted(trial.split.learn)],
            "chosen_on": _day(trial.split.calibrate),
        },
        "people": {
            "learned_from": _people(*trial.learned_from),
            "chosen_on": _people(*trial.calibrated_on),
            "tested_on": _people(len(booked), int(booked.sum())),
        },
        "usual_chance": usual,
        "auc": measures.auc(chances, booked),
        "auc_recent": measures.auc(recent, booked),
        "brier": measures.brier(chances, booked),
        "brier_usual": measures.brier(np.full(len(booked), usual), booked),
        "lift": measures.lift(chances, recent, booked),
        "lift_chance": measures.caught(chances, booked) / (0.1 * booked.sum()),
        "expected": float(chances.sum()),
        "booked": int(booked.sum()),
        "calibration": measures.calibration(chances, booked),
        "calibrated_by": used.calibrated_by,
        "tried": {str(kind): loss for kind, loss in trial.losses.items()},
        "groups": _groups(used, trial),
        "weights": used.learned.coefficients,
        "bands": {str(band): usual * times for band, times in TIMES.items()},
    }
    rounded: dict[str, Any] = _rounded(card)
    return rounded


def pace_card(pace: Pace | None, people: int, regulars: int) -> dict[str, Any]:
    """What the model of regulars learned; {} where there are too few."""
    if pace is None:
        return {}
    found: dict[str, Any] = _rounded(pace._asdict() | {"people": people, "regulars": regulars})
    return found


def _groups(used: Model, trial: Trial) -> list[dict[str, Any]]:
    """What moves scores most: the mean effect of each group, as a share of all."""
    means = {
        group: float(np.abs(moved).mean())
        for group, moved in effects(used, matrix(trial.tested)).items()
    }
    total = sum(means.values()) or 1.0
    found = [{"words": GROUPS[group][0], "share": mean / total} for group, mean in means.items()]
    return sorted(found, key=lambda one: -one["share"])


def _people(people: int, booked: int) -> dict[str, int]:
    return {"people": people, "booked": booked}


def _day(moment: datetime) -> str:
    return timezone.localdate(moment).isoformat()


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value


def printed(model: LeadModel) -> dict[str, Any]:
    """The card as the command prints it: words and figures, no lists of numbers."""
    card = model.card
    if not model.is_chance:
        return {"why_only_points": model.why_points}
    people = {
        f"people_{name}": f"{group['people']:,}, {group['booked']:,} booked"
        for name, group in card["people"].items()
    }
    return people | {
        "AUC": f"{card['auc']:.3f} (most recent first: {card['auc_recent']:.3f})",
        "Brier_score": f"{card['brier']:.4f} (everybody alike: {card['brier_usual']:.4f})",
        "lift_over_most_recent_first": "–" if card["lift"] is None else f"{card['lift']:.2f}",
        "best_tenth_over_chance": f"{card['lift_chance']:.2f}",
        "expected_and_real_bookings": f"{card['expected']:,.0f}, {card['booked']:,}",
        "calibrated_by": card["calibrated_by"],
        "goes_by": [f"{g['words']}: {100 * g['share']:.0f} %" for g in card["groups"]],
        "regulars": ", ".join(f"{k} {v:,}" for k, v in card["visits"].items()),
    }
