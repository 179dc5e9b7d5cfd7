"""Tables of figures in two directions, coloured by value; text says all that colour does."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

_SHADES = 4


@dataclass(frozen=True, slots=True)
class GridCell:
    """One figure: `text` as shown, `note` below it; `value` decides the shade."""

    text: str
    value: Decimal
    note: str = ""
    is_thin: bool = False

    def shade(self, largest: Decimal) -> int:
        """From −4, the greatest loss, over 0 to 4, the greatest gain, against the `largest`."""
        if not self.value or not largest:
            return 0
        steps = min(_SHADES, ceil(abs(self.value) * _SHADES / largest))  # a third has many digits
        return steps if self.value > 0 else -steps


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows with a name each; a cell that is None had nothing to show, which is heard as `blank`.
    `legend` explains it all."""

    title: str
    corner: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[GridCell | None]]]
    legend: str
    blank: str = "no show"

    @property
    def table(self) -> list[tuple[str, list[tuple[GridCell | None, str]]]]:
        """The rows, each cell with the names of its style."""
        cells = [cell for _, row in self.rows for cell in row if cell]
        largest = max((abs(cell.value) for cell in cells), default=Decimal(0))
        return [(name, [(cell, _css(cell, largest)) for cell in row]) for name, row in self.rows]


def _css(cell: GridCell | None, largest: Decimal) -> str:
    if cell is None:
        return "grid-cell is-empty"
    shade = cell.shade(largest)
    tone = "gain" if shade > 0 else "loss"
    return f"grid-cell is-{tone}-{abs(shade)}" + " is-thin" * cell.is_thin
