"""Charts as plain figures; the theme's Chart.js draws them from data attributes, without a script.

The theme's own options hide all but one series of bars, so each chart brings its options along.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_GREY = "#8b93a1"  # readable on light and dark
_LINE = "#8b93a14d"  # there, and quieter than what is drawn over it
_LONGEST = 24
"""Letters of a label beside a bar; the table has the whole of it."""


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one colour, one for each label of the chart; None leaves a gap.

    `is_line` draws a line over the bars. `is_percent` measures it on an axis of its own, as points.
    `shown` is how the table beside the chart writes the values.
    """

    name: str
    values: Sequence[Decimal | None]
    shown: Sequence[str]
    color: str
    is_line: bool = False
    is_percent: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars and lines over `labels`. `heading` names what the labels are, `unit` the amounts.

    `is_sideways` draws the bars from left to right, so that long labels can be read; bars only.
    """

    title: str
    heading: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str
    is_sideways: bool = False

    @property
    def data(self) -> str:
        datasets = [_dataset(series) for series in self.series]
        return json.dumps({"labels": list(map(self._drawn, self.labels)), "datasets": datasets})

    def _drawn(self, label: str) -> str:
        is_long = self.is_sideways and len(label) > _LONGEST
        return f"{label[: _LONGEST - 1].rstrip(' ,')}…" if is_long else label

    @property
    def options(self) -> str:
        names, amounts = ("y", "x") if self.is_sideways else ("x", "y")
        axes: dict[str, Any] = {
            names: {"grid": {"display": False}, "ticks": {"color": _GREY}},
            amounts: _axis(self.unit) | {"beginAtZero": True},
        }
        if any(series.is_percent for series in self.series):
            axes["percent"] = _axis("%") | {"position": "right", "grid": {"display": False}}
        return json.dumps(
            {
                "animation": False,
                "indexAxis": names,
                "responsive": True,
                "maintainAspectRatio": False,
                "interaction": {"mode": "index", "intersect": False},
                "plugins": {
                    "legend": {
                        "align": "end",
                        "labels": {"color": _GREY, "boxWidth": 10, "boxHeight": 10},
                    }
                },
                "scales": axes,
            }
        )

    @property
    def summary(self) -> str:
        """For those who hear the page: what is drawn, and where the figures stand."""
        names = ", ".join(series.name for series in self.series)
        return f"{self.title}: {names}. The table below the chart holds the same figures."

    @property
    def table(self) -> list[tuple[str, list[str]]]:
        """Each label with its values as text."""
        columns = [series.shown for series in self.series]
        return [(label, [column[at] for column in columns]) for at, label in enumerate(self.labels)]


def _axis(title: str) -> dict[str, Any]:
    return {
        "title": {"display": True, "text": title, "color": _GREY},
        "ticks": {"color": _GREY, "maxTicksLimit": 7},
        "grid": {"lineWidth": 1, "color": _LINE},
        "border": {"display": False},
    }


def _dataset(series: Series) -> dict[str, Any]:
    values = [None if value is None else round(float(value), 3) for value in series.values]
    dataset: dict[str, Any] = {
        "label": series.name,
        "data": values,
        "backgroundColor": series.color,
        "borderColor": series.color,
    }
    if series.is_percent:
        points = {"type": "line", "showLine": False, "yAxisID": "percent", "order": 0}
        return dataset | points | {"pointRadius": 5, "pointHoverRadius": 7}
    if series.is_line:
        return dataset | {"type": "line", "order": 0, "borderWidth": 2, "pointRadius": 3}
    return dataset | {"order": 1, "maxBarThickness": 36, "borderRadius": 3}
