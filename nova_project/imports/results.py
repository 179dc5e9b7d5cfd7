"""The outcome of an import in the form that django-import-export gives it everywhere."""

from collections.abc import Sequence

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from import_export.resources import ModelResource
from import_export.results import Result, RowResult

from nova_project.imports.rows import Row


def as_result(resource: ModelResource, rows: Sequence[Row], headings: Sequence[str]) -> Result:
    result = resource.get_result_class()()
    result.diff_headers = resource.headings()
    result.total_rows = len(rows)
    for row in rows:
        outcome = resource.get_row_result_class()()
        outcome.object_id, outcome.object_repr = row.pk, resource.title(row)
        outcome.row_values = dict(zip(headings, row.cells, strict=False))
        outcome.import_type = _import_type(row)
        if row.problems:
            outcome.validation_error = ValidationError(_by_heading(row.problems))
            result.append_invalid_row(row.number, outcome.row_values, outcome.validation_error)
        result.increment_row_result_total(outcome)
        result.append_row_result(outcome)
    return result


def _by_heading(problems: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for heading, message in problems:
        found.setdefault(heading or NON_FIELD_ERRORS, []).append(message)
    return found


def _import_type(row: Row) -> str:
    if row.problems:
        return RowResult.IMPORT_TYPE_INVALID
    if row.is_new:
        return RowResult.IMPORT_TYPE_NEW
    return RowResult.IMPORT_TYPE_UPDATE if row.changed else RowResult.IMPORT_TYPE_SKIP
