"""Where the sandbox keeps its objects: in memory, written through to one SQLite file."""

import json
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
)
"""


def to_json(value: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Table:
    """Objects of one kind by id, in the order in which they first came.

    An object keeps its position for life, whatever changes in it, so that a reader who walks by
    position skips nothing. A removed object leaves a hole.
    """

    def __init__(self, kind: str, indexes: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self.ids: list[str] = []
        self.positions: dict[str, int] = {}
        self.version = 0
        self.top = 0
        self._indexes: dict[str, dict[str, list[int]]] = {field: {} for field in indexes}
        self._fragments: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def get(self, row_id: str) -> Row | None:
        """The object, or None."""
        return self.rows.get(row_id)

    def put(self, row: Row, position: int | None = None) -> None:
        """Adds or replaces an object."""
        row_id = row["id"]
        old = self.rows.get(row_id)
        if old is None:
            self._place(row_id, len(self.ids) if position is None else position)
        self.rows[row_id] = row
        self.version += 1
        self._fragments.pop(row_id, None)
        for field, index in self._indexes.items():
            self._reindex(index, self.positions[row_id], (old or {}).get(field), row.get(field))

    def remove(self, row_id: str) -> None:
        """Forgets an object; its position stays empty."""
        row = self.rows.pop(row_id)
        position = self.positions.pop(row_id)
        self.ids[position] = ""
        self.version += 1
        for field, index in self._indexes.items():
            self._reindex(index, position, row.get(field), None)

    def where(self, field: str, value: str) -> list[Row]:
        """The objects whose indexed `field` has `value`, by position."""
        return [self.rows[self.ids[at]] for at in self._indexes[field].get(value, ())]

    def positions_where(self, field: str, value: str) -> list[int]:
        """As `where`, but only the positions."""
        return self._indexes[field].get(value, [])

    def fragment(self, row_id: str) -> bytes:
        """The object's public JSON, made once. Keys that start with `_` are the sandbox's own."""
        found = self._fragments.get(row_id)
        if found is None:
            row = self.rows[row_id]
            found = to_json({key: row[key] for key in row if key[0] != "_"})
            self._fragments[row_id] = found
        return found

    def _place(self, row_id: str, position: int) -> None:
        self.ids.extend([""] * (position - len(self.ids)))
        self.ids.append(row_id)
        self.positions[row_id] = position
        head = row_id.split("-")[0]
        if head.isdecimal():
            self.top = max(self.top, int(head))

    @staticmethod
    def _reindex(index: dict[str, list[int]], at: int, old: str | None, new: str | None) -> None:
        if old == new:
            return
        if old is not None:
            index[old].remove(at)
        if new is not None:
            places = index.setdefault(new, [])
            places.insert(bisect_left(places, at), at)


class Store:
    """All tables, and the file behind them.

    `commit` makes what was put since the last commit survive the death of the process (not of the
    machine: nothing is synced to disk).
    """

    def __init__(self, path: str | Path | None, tables: dict[str, tuple[str, ...]]) -> None:
        self.tables = {kind: Table(kind, indexes) for kind, indexes in tables.items()}
        self._dirty: dict[tuple[str, str], None] = {}
        self._file: sqlite3.Connection | None = None
        if path is not None:
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=OFF")
            self._file.execute(SCHEMA)
            self._load(self._file)

    def put(self, kind: str, row: Row) -> Row:
        """Adds or replaces an object and marks it for the next commit."""
        self.tables[kind].put(row)
        if self._file is not None:
            self._dirty[kind, row["id"]] = None
        return row

    def remove(self, kind: str, row_id: str) -> None:
        """Forgets an object for good."""
        self.tables[kind].remove(row_id)
        if self._file is not None:
            self._dirty[kind, row_id] = None

    def commit(self) -> None:
        """Writes all marked objects in one transaction."""
        if self._file is None or not self._dirty:
            return
        gone = [key for key in self._dirty if key[1] not in self.tables[key[0]].rows]
        self._file.execute("BEGIN")
        self._file.executemany("DELETE FROM objects WHERE kind = ? AND id = ?", gone)
        self._file.executemany("REPLACE INTO objects VALUES (?, ?, ?, ?)", self._changed())
        self._file.execute("COMMIT")
        self._dirty.clear()

    def close(self) -> None:
        """Commits and lets go of the file."""
        self.commit()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _changed(self) -> Iterator[tuple[str, str, int, str]]:
        for kind, row_id in self._dirty:
            table = self.tables[kind]
            row = table.get(row_id)
            if row is not None:
                yield kind, row_id, table.positions[row_id], to_json(row).decode()

    def _load(self, file: sqlite3.Connection) -> None:
        rows = file.execute("SELECT kind, position, body FROM objects ORDER BY kind, position")
        for kind, position, body in rows:
            if kind in self.tables:
                self.tables[kind].put(json.loads(body), position)
