"""What pages of the admin show beside lists and forms: figures, tables and charts.

A panel is plain data; `templates/admin/nova/panel.html` alone knows how it looks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nova_project.reports.charts import Chart


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name. `help` says what it means, `url` leads to the rows behind it."""

    label: str
    value: object
    help: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A titled box. A table without rows says `empty`; `numbers` names its right-aligned columns.

    `more` is a text and an address that lead on. On the page of a row it stands below the form, or
    above it if `is_above`; two that are `is_half` share a line. One that `is_stacked` puts the
    cells of a row one below the other on a telephone, each beside the title of its column.
    """

    title: str
    figures: Sequence[Figure] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    numbers: Sequence[str] = ()
    empty: str = "Nothing here yet."
    note: str = ""
    more: tuple[str, str] | None = None
    chart: Chart | None = None
    is_above: bool = False
    is_half: bool = False
    is_stacked: bool = False

    @property
    def headings(self) -> list[tuple[str, bool]]:
        """Each column's title and whether its cells are numbers."""
        return [(column, column in self.numbers) for column in self.columns]

    @property
    def table(self) -> Iterator[list[tuple[Any, bool, str]]]:
        """The rows, each cell with whether it is a number and the title of its column."""
        is_number = [column in self.numbers for column in self.columns]
        for row in self.rows:
            yield list(zip(row, is_number, self.columns, strict=True))
