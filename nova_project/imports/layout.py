"""Which heading of a file is which column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from nova_project.imports.columns import Column
from nova_project.imports.reading import normal
from nova_project.imports.rows import PROBLEM


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cell of a row belongs to which column, and what staff should know of the headings."""

    places: dict[str, int]
    width: int
    notices: list[str]


def lay_out(columns: Sequence[Column], headings: Sequence[str]) -> Layout:
    """Finds `columns` in the headings of a file, whatever their case, spaces and order.

    Raises ValidationError: required columns are missing (`missing_columns`), or a heading comes
    twice (`repeated_columns`). Others are named in the notices and passed over.
    """
    wanted = {normal(c.heading): c.attribute for c in columns if not c.readonly}
    shown = {normal(c.heading) for c in columns if c.readonly} | {normal(PROBLEM)}
    places: dict[str, int] = {}
    unknown, passed_over = [], []
    for place, heading in enumerate(headings):
        name = wanted.get(normal(heading))
        if name in places:
            raise ValidationError(
                f"The column “{heading}” is there twice.", code="repeated_columns"
            )
        if name:
            places[name] = place
        elif normal(heading) in shown:
            passed_over.append(heading)
        elif heading:
            unknown.append(heading)
    required = [c for c in columns if c.is_required and not c.readonly]
    _refuse_missing([c.heading for c in required if c.attribute not in places], headings)
    return Layout(places, len(headings), list(_notices(unknown, passed_over)))


def _refuse_missing(missing: Sequence[str], headings: Sequence[str]) -> None:
    if missing:
        lacking = ", ".join(f"“{heading}”" for heading in missing)
        found = ", ".join(f"“{heading}”" for heading in headings if heading)
        raise ValidationError(
            f"The file lacks {'a column' if len(missing) == 1 else 'columns'} that Nova needs: "
            f"{lacking}. Its headings are: {found}.",
            code="missing_columns",
        )


def _notices(unknown: Sequence[str], passed_over: Sequence[str]) -> Iterator[str]:
    if unknown:
        yield f"Not known and passed over: {', '.join(unknown)}."
    if kept := [heading for heading in passed_over if normal(heading) != normal(PROBLEM)]:
        yield f"Shown in exports only, and passed over: {', '.join(kept)}."
