"""Planning and writing rows many at a time, under django-import-export's declarations.

A resource is an import-export ModelResource: its Columns are Fields, their widgets clean and
render, `import_data` and `export` answer as they do everywhere. import-export itself loads,
validates and saves one instance a row: about 550 rows a second. Here a chunk of rows is cleaned in
plain Python, compared with one query, and written by `nova_project.bulk`, with its history.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import capfirst
from import_export.resources import ModelResource
from import_export.results import Result
from tablib import Dataset

from nova_project.bulk import upsert
from nova_project.imports.columns import Column, DeclaredOnly
from nova_project.imports.history import record, remember
from nova_project.imports.layout import Layout, lay_out
from nova_project.imports.reading import Numbered, is_blank, normal
from nova_project.imports.results import as_result
from nova_project.imports.rows import CHUNK, Row


class BulkResource(ModelResource, metaclass=DeclaredOnly):
    """What the files of one model look like, and how their rows come in.

    A subclass declares Columns and `Meta.model`, and says which attribute is the `key`; it may
    override `identify`, `existing`, `check` and `write`. One instance serves one run over one
    file, because it remembers the keys that have come by.
    """

    key: str = ""
    noun: str = "row"
    key_words: str = ""
    """How a row finds what is there already, in words for staff."""

    def __init__(self, *, clears_blanks: bool = False, user_id: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.clears_blanks = clears_blanks
        self.user_id = user_id
        self.layout: Layout | None = None
        self._seen: dict[Any, int] = {}
        for column in self.fields.values():
            if not column.heading:
                label = self._model_field(column.attribute).verbose_name
                column.heading = str(capfirst(label))
            column.column_name = column.heading

    # What a file may hold

    @property
    def model(self) -> type[models.Model]:
        return self._meta.model

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns that an import sets, by attribute."""
        return {c.attribute: c for c in self.fields.values() if not c.readonly}

    @cached_property
    def stored(self) -> list[str]:
        """Those of the columns that are fields of the model itself."""
        return [name for name in self.columns if self._model_field(name)]

    def heading(self, attribute: str) -> str:
        return str(self.columns[attribute].heading)

    def headings(self) -> list[str]:
        return [column.heading for column in self.fields.values()]

    def known_headings(self) -> set[str]:
        """Normalised, as `reading.normal` makes them."""
        return {normal(heading) for heading in self.headings()}

    def accept(self, headings: Sequence[str]) -> Layout:
        """Finds the columns in the headings of a file and keeps them. Raises ValidationError."""
        self.layout = lay_out(list(self.fields.values()), headings)
        return self.layout

    def survey(self, rows: Callable[[], Iterable[Numbered]]) -> None:
        """Learns of the whole file what its first row needs; `rows` reads it once more."""

    # From cells to a plan

    def plan(self, rows: Sequence[Row], *, lock: bool = False) -> None:
        """Decides for each row whether it is new, changed, unchanged or refused.

        With `lock` the rows that exist are held until the transaction ends. Three steps, and one
        query besides the lookups of the columns.
        """
        self.read(rows)
        sound = [row for row in rows if row.key is not None]
        found = self.existing([row.key for row in sound], lock=lock)
        for row in sound:
            row.meet(*found.get(row.key, (None, self.defaults)))
            if row.pk is None or row.changed:
                self._refuse_blanks(row)
                self.check(row)

    def read(self, rows: Sequence[Row]) -> None:
        """Cleans the cells and finds each row's key. Rows with a problem still keep their key."""
        for row in rows:
            self._clean(row)
        self.identify(rows)
        for row in rows:
            if row.key is None:
                self._refuse_no_key(row)
                continue
            first = self._seen.setdefault(row.key, row.number)
            if first != row.number:
                row.refuse(
                    "", f"Is about the same {self.noun} as row {first}. Keep one of the two."
                )

    def _refuse_no_key(self, row: Row) -> None:
        column = self.columns[self.key]
        if column.is_required and not row.is_refused_in(column.heading):
            row.refuse(column.heading, "Is missing.")

    @cached_property
    def _present(self) -> list[tuple[str, Column, int]]:
        places = self._laid_out.places
        return [(name, self.columns[name], place) for name, place in places.items()]

    @property
    def _laid_out(self) -> Layout:
        if self.layout is None:
            raise ValueError("The headings come first: call accept().")
        return self.layout

    def _clean(self, row: Row) -> None:
        self._clean_cells(row, self._present)
        if any(not is_blank(cell) for cell in row.cells[self._laid_out.width :]):
            row.refuse("", "Has more cells than there are headings. Is a separator missing?")

    def _clean_cells(self, row: Row, present: Sequence[tuple[str, Column, int]]) -> None:
        cells = row.cells
        named = {
            column.column_name: cells[place] for _, column, place in present if place < len(cells)
        }
        for name, column, _ in present:
            cell = named.get(column.column_name)
            if cell is None or cell == "" or is_blank(cell):
                if self.clears_blanks:
                    self._blank(row, name)
                continue
            try:
                row.given[name] = column.widget.clean(cell, row=named)
            except ValueError as error:
                row.refuse(column.heading, str(error))

    def _blank(self, row: Row, name: str) -> None:
        """A blank cell that clears: text becomes "", what may be missing is missing."""
        model_field = self._model_field(name)
        if model_field is None or self.columns[name].is_required:
            return
        if model_field.null:
            row.given[name] = None
        elif model_field.blank:
            row.given[name] = ""

    def _model_field(self, attribute: str) -> Any:
        names = {f.attname: f for f in self.model._meta.concrete_fields}
        return names.get(attribute)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """What a new row holds where the file says nothing; nothing where a column is required."""
        fields = {name: self._model_field(name) for name in self.columns}
        return {
            name: found.get_default() if found and not self.columns[name].is_required else None
            for name, found in fields.items()
        }

    def _refuse_blanks(self, row: Row) -> None:
        for name, column in self.columns.items():
            is_missing = column.is_required and row.new[name] in (None, "")
            if is_missing and not row.is_refused_in(column.heading):
                row.refuse(column.heading, "Is missing.")

    # What a kind of row may do in its own way

    def identify(self, rows: Sequence[Row]) -> None:
        """Gives each row that has one its natural key."""
        for row in rows:
            row.key = row.given.get(self.key)

    def existing(
        self, keys: Collection[Any], *, lock: bool
    ) -> dict[Any, tuple[int, dict[str, Any]]]:
        """The rows with these keys: primary key and values of the stored columns. One query."""
        names = self.stored
        queryset = self.model._default_manager.filter(**{f"{self.key}__in": keys}).order_by()
        if lock:
            queryset = queryset.select_for_update()
        return {
            key: (pk, dict(zip(names, values, strict=True)))
            for pk, key, *values in queryset.values_list("pk", self.key, *names)
        }

    def check(self, row: Row) -> None:
        """Refuses what the model would not take. `row.new` is the whole row as it would be."""

    def write(self, rows: Sequence[Row]) -> None:
        """Writes new and changed rows, with their history, inside the caller's transaction."""
        changed = [row.pk for row in rows if row.pk is not None]
        remember(self.model, changed)
        fields = list(dict.fromkeys([self.key, *self.stored]))
        written = upsert(
            self.model,
            [(row.key, *(row.new[name] for name in fields[1:])) for row in rows],
            fields=fields,
            key=self.key,
        )
        self.record(written.created.values(), is_new=True)
        self.record(written.updated.values(), is_new=False)

    def record(
        self, pks: Collection[int], *, is_new: bool, model: type[models.Model] | None = None
    ) -> None:
        record(model or self.model, pks, is_new=is_new, user_id=self.user_id)

    def findings(self) -> list[str]:
        """What staff should know of the rows before they confirm."""
        return []

    def finish(self) -> None:
        """Brings up to date what depends on the rows, after the last one is in."""

    # Showing

    def shown(self, attribute: str, values: Mapping[str, Any]) -> Any:
        """A value as files and previews show it: text, date or Decimal."""
        return self.columns[attribute].widget.render(
            values[attribute], currency=values.get("currency", "")
        )

    def differences(self, row: Row) -> list[list[str]]:
        """[heading, old, new] of each changed cell."""
        return [
            [self.heading(name), str(self.shown(name, row.old)), str(self.shown(name, row.new))]
            for name in row.changed
        ]

    def title(self, row: Row) -> str:
        """What staff call the row, for the preview."""
        return str(row.key)

    # Export

    def export_rows(self, queryset: models.QuerySet[Any]) -> Iterator[list[Any]]:
        """The rows of a file, a chunk in memory at a time. One query, and one per lookup table."""
        columns = list(self.fields.values())
        names = [column.attribute for column in columns]
        renders = [column.widget.render for column in columns]
        at = names.index("currency") if "currency" in names else None
        for values in queryset.values_list(*names).iterator(chunk_size=CHUNK):
            currency = values[at] if at is not None else ""
            yield [
                render(value, currency=currency)
                for render, value in zip(renders, values, strict=True)
            ]

    def export(self, queryset: Any = None, **kwargs: Any) -> Dataset:
        """import-export's own way to the same rows, held in memory."""
        if queryset is None:
            queryset = self.get_queryset()
        return Dataset(*self.export_rows(queryset), headers=self.headings())

    def import_data(
        self,
        dataset: Dataset,
        dry_run: bool = False,
        raise_errors: bool = False,
        user: Any = None,
        **kwargs: Any,
    ) -> Result:
        """import-export's own way in, for small sets: everything in one transaction."""
        self.user_id = user.pk if user else self.user_id
        self.accept(dataset.headers)
        self.survey(lambda: enumerate(dataset, start=2))
        rows = [Row(number, cells) for number, cells in enumerate(dataset, start=2)]
        with transaction.atomic():
            self.plan(rows, lock=not dry_run)
            if not dry_run:
                self.write([row for row in rows if row.is_new or row.is_changed])
                self.finish()
        result = as_result(self, rows, dataset.headers)
        if raise_errors and (bad := next((row for row in rows if row.problems), None)):
            raise ValidationError([f"Row {bad.number}: {message}" for _, message in bad.problems])
        return result
