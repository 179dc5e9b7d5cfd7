"""How cells say what a performer gets: seats, percentages and bonus steps."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from import_export.widgets import Widget

from nova_project.imports.columns import as_text

Steps = tuple[tuple[int | None, Decimal | None, Decimal], ...]
"""Bonus steps: from so many seats, or from this amount of the base, and the bonus."""


class NumberWidget(Widget):
    """A whole number, zero or more."""

    hint = "A whole number such as 50."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> int:
        text = as_text(value)
        if not text.isdecimal() or len(text) > 9:
            raise ValueError(f"“{text}” is no whole number.")
        return int(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return "" if value is None else value


class PercentageWidget(Widget):
    """More than 0 and at most 100, with up to two digits after the point."""

    hint = "A number such as 70 or 62.5."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> Decimal:
        text = as_text(value).rstrip("%").strip().replace(",", ".")
        if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text) or not 0 < Decimal(text) <= 100:
            raise ValueError(
                f"“{as_text(value)}” is no percentage: write a number above 0 and up to 100, with "
                "two digits after the point at most."
            )
        return Decimal(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return "" if value is None else value


_STEP = re.compile(r"(?P<amount>\d+(?:\.\d+)?) from (?P<start>\d+(?:\.\d+)?)(?P<seats> seats)?")


class StepsWidget(Widget):
    """Bonus steps in one cell: “100 from 80 seats; 250 from 2000.00”."""

    hint = "Such as: 100 from 80 seats; 250 from 2000.00. The last means an amount of the base."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> Steps:
        steps = []
        for part in as_text(value).split(";"):
            found = _STEP.fullmatch(" ".join(part.split()))
            if not found or (found["seats"] and "." in found["start"]):
                raise ValueError(
                    f"“{part.strip()}” is no bonus step. Write it as in: 100 from 80 seats."
                )
            start, amount = found["start"], Decimal(found["amount"])
            steps.append(
                (int(start), None, amount) if found["seats"] else (None, Decimal(start), amount)
            )
        return ordered(steps)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "; ".join(
            f"{_plain(amount)} from {f'{seats} seats' if base is None else _plain(base)}"
            for seats, base, amount in value or ()
        )


def ordered(steps: Collection[tuple[int | None, Decimal | None, Decimal]]) -> Steps:
    """By seats first, then by amount."""
    return tuple(sorted(steps, key=lambda step: (step[0] is None, step[0] or 0, step[1] or 0)))


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
