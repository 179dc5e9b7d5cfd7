"""A row on its way in, and where its cells stand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nova_project.imports.reading import Numbered

PROBLEM = "Problem"
"""The last heading of the file of bad rows; it is passed over when that file is imported."""

ERASED = "This person asked to be forgotten. The address may not come back."

CHUNK = 2_000
"""Rows that are planned and written together."""


@dataclass(slots=True)
class Row:
    """One row on its way in. `given` holds what the file says, `old` and `new` the whole row.

    Names are attributes of the model. `pk` is None for a new row.
    """

    number: int
    cells: Sequence[Any]
    given: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    key: Any = None
    pk: int | None = None
    old: dict[str, Any] = field(default_factory=dict)
    new: dict[str, Any] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    is_private: bool = False

    def meet(self, pk: int | None, old: dict[str, Any]) -> None:
        """Compares the row with the one that is there, or with what a new one holds."""
        self.pk, self.old = pk, old
        self.new = {**old, **self.given}
        self.changed = [name for name, value in self.given.items() if not _same(old[name], value)]

    def refuse(self, column: str, message: str) -> None:
        """Notes a problem under a column's heading, "" for the whole row."""
        if not self.is_private:
            self.problems.append((column, message))

    def refuse_erased(self, column: str) -> None:
        """The row is about an erased person: it does not go in, and nothing of it is kept."""
        self.is_private = True
        self.problems = [(column, ERASED)]

    def is_refused_in(self, column: str) -> bool:
        return any(heading == column for heading, _ in self.problems)

    @property
    def is_new(self) -> bool:
        return self.pk is None and not self.problems

    @property
    def is_changed(self) -> bool:
        return self.pk is not None and bool(self.changed) and not self.problems


def chunks(numbered: Iterable[Numbered], size: int = CHUNK) -> Iterator[list[Row]]:
    """Rows in lists of `size`."""
    chunk: list[Row] = []
    for number, cells in numbered:
        chunk.append(Row(number, cells))
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _same(old: Any, new: Any) -> bool:
    """Outer spaces of a text do not count, since no file keeps them."""
    return old == new or (isinstance(old, str) and old.strip() == new)
