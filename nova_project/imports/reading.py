"""Opening what staff upload: CSV as any spreadsheet writes it, and XLSX.

Nothing here knows what a row means. Every refusal is a ValidationError in words for staff.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Protocol

from django.core.exceptions import ValidationError
from openpyxl import load_workbook

from nova_project.exports import plain_cell

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
_MAX_UNPACKED = 400 * 1024 * 1024
_BLOCK = 1024 * 1024
_SAMPLE = 64 * 1024
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

Opener = Callable[[], IO[bytes]]
Numbered = tuple[int, list[Any]]
"""A row's number as a spreadsheet counts (headings are 1) and its cells."""


class Table(Protocol):
    """A file's headings and rows. `rows` may be walked again and again."""

    headings: list[str]
    heading_number: int
    notices: list[str]

    def rows(self) -> Iterator[Numbered]: ...

    def count(self) -> int: ...


def open_table(open_file: Opener, known: Collection[str]) -> Table:
    """The table in a file. `known` headings, normalised, tell which separator a CSV uses.

    Raises ValidationError: the file is no table, is damaged, or is larger than Nova takes.
    """
    with open_file() as file:
        start = file.read(4)
    if not start:
        raise ValidationError("The file is empty.", code="empty")
    if start.startswith(_OLD_EXCEL):
        raise ValidationError(
            "This is an old Excel file (.xls). Save it as .xlsx or as CSV.", code="old_excel"
        )
    table = _open_xlsx(open_file) if start == _ZIP else _open_csv(open_file, known)
    if not any(table.headings):
        raise ValidationError("The file has no headings.", code="no_headings")
    return table


def check_size(size: int) -> None:
    """Raises ValidationError: nothing in it (`empty`), or more than 20 MB (`too_large`)."""
    if not size:
        raise ValidationError("The file is empty.", code="empty")
    if size > MAX_BYTES:
        raise ValidationError(
            "The file has %(size)d MB; up to 20 MB can be imported. Split it in two.",
            code="too_large",
            params={"size": size // (1024 * 1024)},
        )


def normal(heading: object) -> str:
    """A heading without case, spaces, dashes and underscores: how headings are compared."""
    return "".join(sign for sign in str(heading).casefold() if sign.isalnum())


def is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


@dataclass(slots=True)
class _Csv:
    open_file: Opener
    encoding: str
    separator: str
    skipped: int
    headings: list[str]
    heading_number: int
    notices: list[str]

    def rows(self) -> Iterator[Numbered]:
        with _text(self.open_file, self.encoding) as text:
            for _ in range(self.skipped):
                text.readline()
            for number, cells in _numbered(csv.reader(text, delimiter=self.separator, strict=True)):
                if number > self.heading_number:
                    yield number, [plain_cell(cell) for cell in cells]

    def count(self) -> int:
        return sum(1 for _ in self.rows())


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold something. Raises ValidationError: quotation marks that do not match."""
    number = kept = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValidationError(
                "Row %(row)d cannot be read: a quotation mark is opened and not closed, or the "
                "other way round.",
                code="quotes",
                params={"row": number},
            ) from error
        if any(cell and not cell.isspace() for cell in cells):
            kept += 1
            if kept > MAX_ROWS + 1:  # the headings are one of them
                raise _too_many()
            yield number, cells


def _too_many() -> ValidationError:
    return ValidationError(
        f"The file has more than {MAX_ROWS:,} rows. Split it in two.", code="too_many_rows"
    )


@contextmanager
def _text(open_file: Opener, encoding: str) -> Iterator[io.TextIOWrapper]:
    with open_file() as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        yield text


def _open_csv(open_file: Opener, known: Collection[str]) -> _Csv:
    encoding = _encoding(open_file)
    with _text(open_file, encoding) as text:
        sample = text.read(_SAMPLE)
    skipped, separator = 0, ""
    if sample[:4].lower() == "sep=":  # Excel's own way of naming the separator
        skipped, separator = 1, sample[4:5]
        sample = sample.partition("\n")[2]
    separator = separator or max(",;\t", key=lambda sign: _fit(sample, sign, known))
    number, headings = next(_records(sample, separator), (1, []))
    headings = [plain_cell(heading).strip() for heading in headings]
    return _Csv(open_file, encoding, separator, skipped, headings, number, [])


def _records(sample: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The complete records of the sample; not strict, because it may end within one."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    return _numbered(reader)


def _fit(sample: str, separator: str, known: Collection[str]) -> tuple[int, int]:
    """How well a separator fits the first record: known headings, then columns."""
    headings = next(_records(sample, separator), (1, []))[1]
    return sum(normal(plain_cell(h)) in known for h in headings), len(headings)


def _encoding(open_file: Opener) -> str:
    """UTF-8 or UTF-16 by its mark, UTF-8 where every byte fits, else Windows' Western one."""
    with open_file() as file:
        start = file.read(4)
        for mark, encoding in _MARKS.items():
            if start.startswith(mark):
                return encoding if _decodes(file, encoding) else _no_text()
        if _decodes(file, "utf-8"):
            return "utf-8"
        return "cp1252" if _decodes(file, "cp1252") else _no_text()


def _decodes(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while block := file.read(_BLOCK):
            if "\0" in decoder.decode(block):
                _no_text()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _no_text() -> str:
    raise ValidationError(
        "This is neither a CSV nor an XLSX file. In your spreadsheet choose “Save as” and "
        "“CSV UTF-8” or “Excel workbook (.xlsx)”.",
        code="no_table",
    )


@dataclass(slots=True)
class _Xlsx:
    open_file: Opener
    headings: list[str]
    heading_number: int
    notices: list[str]
    expected: int

    def rows(self) -> Iterator[Numbered]:
        with self.open_file() as file:
            for number, cells in _sheet_rows(file):
                if number > self.heading_number:
                    yield number, cells

    def count(self) -> int:
        """As the sheet itself says, unless it says nothing, or counts a million blank rows."""
        return self.expected if 0 < self.expected <= MAX_ROWS else sum(1 for _ in self.rows())


def _open_xlsx(open_file: Opener) -> _Xlsx:
    with open_file() as file:
        _refuse_bomb(file)
        number, headings = next(_sheet_rows(file), (1, []))
    with open_file() as file, _workbook(file) as book:
        sheet = book.worksheets[0]
        expected = max((sheet.max_row or 0) - number, 0)
        others = len(book.worksheets) - 1
    notices = [f"Only the first sheet, “{sheet.title}”, is read."] if others else []
    texts = ["" if is_blank(heading) else str(heading).strip() for heading in headings]
    return _Xlsx(open_file, texts, number, notices, expected)


def _refuse_bomb(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ValidationError(
            "The file is damaged. Save it again in your spreadsheet.", code="damaged"
        ) from error
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        _no_text()
    if sum(entry.file_size for entry in entries) > _MAX_UNPACKED:
        raise ValidationError(
            "The workbook is too large once unpacked. Copy the rows to a new one, or use CSV.",
            code="too_large",
        )


_BROKEN = (ValueError, KeyError, OSError, zipfile.BadZipFile, SyntaxError)
"""What openpyxl raises on a damaged file; SyntaxError is XML's."""


def _damaged() -> ValidationError:
    return ValidationError(
        "The workbook cannot be opened. Save it again as .xlsx, or as CSV.", code="damaged"
    )


@contextmanager
def _workbook(file: IO[bytes]) -> Iterator[Any]:
    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except _BROKEN as error:
        raise _damaged() from error
    try:
        if not book.worksheets:
            raise ValidationError("The workbook has no sheet.", code="empty")
        yield book
    finally:
        book.close()


def _sheet_rows(file: IO[bytes]) -> Iterator[Numbered]:
    with _workbook(file) as book:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        kept = 0
        try:
            for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                if all(is_blank(cell) for cell in cells):
                    continue
                kept += 1
                if kept > MAX_ROWS + 1:  # the headings are one of them
                    raise _too_many()
                yield number, [plain_cell(c) if isinstance(c, str) else c for c in cells]
        except _BROKEN as error:
            raise _damaged() from error
