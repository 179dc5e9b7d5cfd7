"""Tables as files: CSV streamed at any length, Excel up to a limit.

CSV is UTF-8 without a byte order mark, because programs take the mark for a part of the first
heading. Excel opens such a file by Data → From text/CSV; the .xlsx needs no such care.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from itertools import islice
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

XLSX_MAX_ROWS = 50_000
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FIRST_SIGNS = frozenset("=+-@\t\r'")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ROWS_PER_CHUNK = 500
_MAX_WIDTH = 48
# What XML, and with it Excel, cannot hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class TooManyRows(ValueError):
    """An Excel file would be longer than `XLSX_MAX_ROWS`. The message says what to do."""


def neutral_cell(text: str) -> str:
    """`text` so that no spreadsheet runs it: a leading `= + - @`, tab or CR gets an apostrophe.

    `plain_cell` takes it off again, for every text.
    """
    return f"'{text}" if text[:1] in _FIRST_SIGNS and _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """The inverse of `neutral_cell`, for imports."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


def stream_csv(
    headings: Sequence[str], rows: Iterable[Sequence[Any]], filename: str
) -> StreamingHttpResponse:
    """A CSV download that is written while `rows` is read, for example from `iterator()`.

    Texts are made harmless by `neutral_cell`, numbers stay plain with a dot, dates are ISO, None
    is blank. `filename` is without its suffix.
    """
    response = StreamingHttpResponse(_csv(headings, rows), content_type="text/csv; charset=utf-8")
    return _named(response, f"{filename}.csv")


class _Line:
    """A file for the csv writer that hands back each line at once."""

    def write(self, line: str) -> str:
        return line


def _csv(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    line = csv.writer(_Line()).writerow
    yield line([neutral_cell(heading) for heading in headings])
    remaining = iter(rows)
    while chunk := list(islice(remaining, _ROWS_PER_CHUNK)):
        yield "".join([line([_as_text(value) for value in row]) for row in chunk])


def _as_text(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return neutral_cell(value)
    if kind is int or value is None:
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return value if isinstance(value, int | float) else neutral_cell(str(value))


def xlsx_response(
    headings: Sequence[str], rows: Sequence[Sequence[Any]], filename: str
) -> HttpResponse:
    """An Excel download with real numbers and dates; texts are made harmless as in CSV.

    Decimals show as many digits as they have. Raises TooManyRows.
    """
    if len(rows) > XLSX_MAX_ROWS:
        raise TooManyRows(
            f"An Excel file holds {XLSX_MAX_ROWS:,} rows at most, and these are {len(rows):,}. "
            "Choose CSV, or a shorter period."
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Nova")
    sheet.freeze_panes = "A2"
    for place, width in enumerate(_widths(headings, rows), start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.append([_xlsx_cell(sheet, heading, font=Font(bold=True)) for heading in headings])
    for row in rows:
        sheet.append([_xlsx_cell(sheet, value) for value in row])
    file = BytesIO()
    book.save(file)
    return _named(HttpResponse(file.getvalue(), content_type=XLSX_TYPE), f"{filename}.xlsx")


def _widths(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """Wide enough for the heading and the first rows."""
    longest = [len(heading) for heading in headings]
    for row in rows[:200]:
        longest = [max(width, len(str(value))) for width, value in zip(longest, row, strict=True)]
    return [min(width + 2, _MAX_WIDTH) for width in longest]


def _xlsx_cell(sheet: Any, value: Any, *, font: Font | None = None) -> Any:
    if isinstance(value, str):
        value = _CONTROL.sub("", neutral_cell(value))
    elif isinstance(value, datetime) and value.tzinfo:
        value = value.replace(tzinfo=None)  # Excel knows no zones
    if isinstance(value, Decimal):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = _number_format(value)
    elif font:
        cell = WriteOnlyCell(sheet, value)
        cell.font = font
    else:
        return value
    return cell


def _number_format(value: Decimal) -> str:
    digits = -int(value.as_tuple().exponent)
    return "#,##0." + "0" * digits if digits > 0 else "#,##0"


def _named(response: Any, filename: str) -> Any:
    response["Content-Disposition"] = content_disposition_header(True, filename)
    response["Cache-Control"] = "no-store"
    return response
