"""The two kinds of model that are tried, and how their scores become chances.

scikit-learn is imported inside the functions: it takes seconds and 100 MB, and no page needs it.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from customers.models import LeadKind

Numbers = NDArray[np.float64]
Calibrator = Callable[[Numbers], Numbers]

SEED = 20_261_124
ISOTONIC, SIGMOID = "isotonic", "sigmoid"
ENOUGH_FOR_ISOTONIC = 1_000
"""Isotonic calibration follows any shape, and needs so many bookings not to follow chance."""
_CLOSEST = 1e-4
"""No chance is nearer to 0 or 1 than this: nobody is ever certain."""


def one_thread() -> AbstractContextManager[object]:
    """Sums in one order give the same model each time; and on a busy machine, threads of OpenMP
    that wait for each other take longer than one alone."""
    import sklearn.ensemble  # noqa: F401  what is loaded later would not be limited
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


class Learned(Protocol):
    """A trained model. `coefficients` are empty where it has none that say anything."""

    coefficients: list[float]

    def log_odds(self, features: Numbers) -> Numbers: ...


class Logistic:
    """Weights of features in units of their spread."""

    def __init__(self, features: Numbers, booked: Numbers) -> None:
        from sklearn.linear_model import LogisticRegression

        self._mean = features.mean(axis=0)
        spread = features.std(axis=0)
        self._spread = np.where(spread > 1e-9, spread, 1.0)  # a constant feature says nothing
        model = LogisticRegression(C=1.0, max_iter=1_000)
        model.fit(self._scaled(features), booked)
        self._weights, self._intercept = model.coef_[0], float(model.intercept_[0])
        self.coefficients = [round(float(weight), 4) for weight in self._weights]

    def _scaled(self, features: Numbers) -> Numbers:
        scaled: Numbers = (features - self._mean) / self._spread
        return scaled

    def log_odds(self, features: Numbers) -> Numbers:
        found: Numbers = self._scaled(features) @ self._weights + self._intercept
        return found


class Boosting:
    """Small trees one after the other, each mending what those before it got wrong."""

    def __init__(self, features: Numbers, booked: Numbers) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        self._model = HistGradientBoostingClassifier(
            max_iter=120,
            learning_rate=0.06,
            max_leaf_nodes=12,
            min_samples_leaf=60,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=SEED,
        )
        self._model.fit(features, booked)
        self.coefficients: list[float] = []

    def log_odds(self, features: Numbers) -> Numbers:
        found: Numbers = self._model.decision_function(features)
        return found


KINDS: Mapping[LeadKind, Callable[[Numbers, Numbers], Learned]] = {
    LeadKind.LOGISTIC: Logistic,
    LeadKind.BOOSTING: Boosting,
}


def way_to_calibrate(booked: Numbers) -> str:
    """Isotonic where there are many bookings, else sigmoid."""
    return ISOTONIC if booked.sum() >= ENOUGH_FOR_ISOTONIC else SIGMOID


def calibrator(way: str, log_odds: Numbers, booked: Numbers) -> Calibrator:
    """What makes chances of a model's scores, learned on people whom the model did not see."""
    return {ISOTONIC: _isotonic, SIGMOID: _sigmoid}[way](log_odds, booked)


def _isotonic(log_odds: Numbers, booked: Numbers) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(y_min=_CLOSEST, y_max=1 - _CLOSEST, out_of_bounds="clip")
    model.fit(log_odds, booked)

    def chances(scores: Numbers) -> Numbers:
        found: Numbers = model.predict(scores)
        return found

    return chances


def _sigmoid(log_odds: Numbers, booked: Numbers) -> Calibrator:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6, max_iter=1_000).fit(log_odds[:, None], booked)
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])

    def chances(scores: Numbers) -> Numbers:
        return np.clip(chance(slope * scores + offset), _CLOSEST, 1 - _CLOSEST)

    return chances


def chance(log_odds: Numbers) -> Numbers:
    """Log odds as a chance."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))


def log_loss(log_odds: Numbers, booked: Numbers) -> float:
    """How surprised a model is by what people did: lower is better."""
    return float(np.mean(np.logaddexp(0, log_odds) - booked * log_odds))
