"""The rows of a report as a page shows them: sorted, added up, cut into pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import QueryDict

from nova_project.reports.base import Arguments, Column, Kind, Report

ROWS_PER_PAGE = 100
KNOWN_ON = "As known on"
"""The filter by a past day, and the last column of files of one."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's title, what it means, and the address that sorts by it."""

    column: Column
    url: str
    direction: str

    @property
    def aria_sort(self) -> str:
        return {"up": "ascending", "down": "descending"}.get(self.direction, "none")


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    column: Column
    url: str = ""

    @property
    def css(self) -> str:
        names = [f"is-{self.column.kind}"]
        if self.column.is_number and self.text.startswith("-"):
            names.append("is-negative")
        if self.column.wraps:
            names.append("is-long")
        return " ".join(names)


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """The totals that stand above the table, of one currency or group."""

    name: str
    cells: Sequence[Cell]


def address(query: QueryDict, **changes: str) -> str:
    """The page's address with some parameters changed, or left out where they are ""."""
    kept = {name: value for name, value in query.items() if name not in ("page", "export")}
    return "?" + urlencode({name: value for name, value in (kept | changes).items() if value})


class Table:
    """All rows of a report under one set of filters."""

    def __init__(self, report: Report, arguments: Arguments, query: QueryDict) -> None:
        self.report = report
        self.arguments = arguments
        self.query = query
        self.columns = report.columns_for(arguments)
        self.rows = self._sorted(list(report.rows(**arguments)))

    def _sorting(self) -> tuple[Column | None, bool]:
        """The column to sort by, if any that exists is asked for, and whether it runs down."""
        asked = str(self.query.get("sort", ""))
        by_key = {column.key: column for column in self.columns}
        return by_key.get(asked.removeprefix("-")), asked.startswith("-")

    def _sorted(self, rows: list[Any]) -> list[Any]:
        """Undefined values come last either way; amounts are compared within their currency."""
        column, is_down = self._sorting()
        if column is None:
            return rows
        known = [row for row in rows if column.value(row) not in (None, "")]
        unknown = [row for row in rows if column.value(row) in (None, "")]
        known.sort(key=lambda row: _comparable(column.value(row)), reverse=is_down)
        if column.kind is Kind.MONEY:
            known.sort(key=lambda row: row.currency)
            unknown.sort(key=lambda row: row.currency)
        return known + unknown

    @property
    def headings(self) -> Iterator[Heading]:
        sorted_by, is_down = self._sorting()
        for column in self.columns:
            direction = ("down" if is_down else "up") if column == sorted_by else ""
            falls_next = direction == "up" or (not direction and column.is_number)
            key = f"-{column.key}" if falls_next else column.key
            yield Heading(column, address(self.query, sort=key), direction)

    def page(self, number: str | None) -> Page[Any]:
        return Paginator(self.rows, ROWS_PER_PAGE).get_page(number)

    def cells(self, rows: Sequence[Any]) -> Iterator[list[Cell]]:
        for row in rows:
            yield [self._cell(column, row) for column in self.columns]

    def _cell(self, column: Column, row: Any) -> Cell:
        url = column.link(row, self.arguments) if column.link else ""
        return Cell(column.shown(row), column, url)

    def total_rows(self) -> list[Any]:
        return list(self.report.totals(self.rows)) if self.rows else []

    def total_cells(self, totals: Sequence[Any]) -> Iterator[list[Cell]]:
        """A cell per column; those that do not add up, such as names, are empty."""
        for row in totals:
            cells = []
            for column in self.columns:
                is_known = hasattr(row, column.attribute)
                text = column.shown(row) if is_known else ""
                if column.names_row:
                    text = f"Total {self.report.total_name(row)}"
                cells.append(Cell(text, column))
            yield cells

    def key_figures(self, totals: Sequence[Any]) -> Iterator[KeyFigures]:
        shown = {column.heading: column for column in self.columns}
        columns = [shown[name] for name in self.report.key_figures if name in shown]
        for row in totals if columns else ():
            cells = [Cell(_with_unit(column, row), column) for column in columns]
            yield KeyFigures(self.report.total_name(row), cells)

    @property
    def known_on(self) -> date | None:
        """The past day of which the figures are; None: they are today's."""
        return self.arguments.get("as_of")

    def export_headings(self) -> list[str]:
        headings = [column.heading for column in self.columns]
        return [*headings, KNOWN_ON] if self.known_on else headings

    def exported(self) -> Iterator[list[Any]]:
        """The rows of files; those of a past day name it in each."""
        known_on = [self.known_on] if self.known_on else []
        for row in self.rows:
            yield [*(column.exported(row) for column in self.columns), *known_on]


def _comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _with_unit(column: Column, row: Any) -> str:
    text = column.shown(row)
    return f"{text} %" if column.kind is Kind.PERCENT and text != column.undefined else text
