"""Opening files of every make, and refusing those that are none."""

import io
import zipfile
from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from openpyxl import Workbook

from nova_project.imports.reading import MAX_ROWS, check_size, normal, open_table

KNOWN = {"name", "amount"}


def table_of(content):
    data = content if isinstance(content, bytes) else content.encode()
    return open_table(lambda: io.BytesIO(data), KNOWN)


def xlsx_of(*rows, sheets=1):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for _ in range(sheets - 1):
        book.create_sheet()
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        "Name,Amount\nZoë,5\n",
        "Name;Amount\r\nZoë;5\r\n",
        "Name\tAmount\nZoë\t5",
        "\ufeffName,Amount\nZoë,5\n",
        "sep=;\nName;Amount\nZoë;5\n",
        "\n  \nName,Amount\nZoë,5\n",
        '"Name","Amount"\n"Zoë","5"\n',
        "Name;Amount\nZoë;5\n".encode("cp1252"),
        "Name\tAmount\nZoë\t5\n".encode("utf-16"),
    ],
)
def test_a_csv_of_any_make_is_the_same_table(content):
    table = table_of(content)

    assert table.headings == ["Name", "Amount"]
    assert [cells for _, cells in table.rows()] == [["Zoë", "5"]]


def test_the_separator_is_the_one_that_finds_known_headings():
    table = table_of("Name;Amount;a,b,c,d\nZoë;1,50;x\n")

    assert table.headings == ["Name", "Amount", "a,b,c,d"]


def test_rows_are_numbered_as_a_spreadsheet_counts():
    table = table_of('Name,Amount\n\n"two\nlines",1\n,\nlast,2\n')

    assert [number for number, _ in table.rows()] == [3, 5]
    assert table.count() == 2


def test_an_escaped_formula_comes_in_as_it_was():
    table = table_of("Name,Amount\n'=1+1,'-5\n''=x,it's\n")

    assert [cells for _, cells in table.rows()] == [["=1+1", "-5"], ["'=x", "it's"]]


def test_a_workbook_keeps_numbers_and_days():
    table = table_of(xlsx_of(["Name", "Amount"], [], ["Zoë", 5.25], [datetime(2026, 3, 4), 1]))  # noqa: DTZ001

    assert table.headings == ["Name", "Amount"]
    assert list(table.rows()) == [(3, ["Zoë", 5.25]), (4, [datetime(2026, 3, 4), 1])]  # noqa: DTZ001


def test_only_the_first_sheet_is_read_and_said_so():
    table = table_of(xlsx_of(["Name"], ["a"], sheets=2))

    assert table.notices == ["Only the first sheet, “Sheet”, is read."]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \n \n", "no_headings"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old_excel"),
        (b"Name,Amount\nA\0B,5\n", "no_table"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x81\x8d", "no_table"),
        (b"PK\x03\x04 and then nothing", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content, code):
    with pytest.raises(ValidationError) as refusal:
        table_of(content)

    assert refusal.value.code == code


def test_a_zip_that_is_no_workbook_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")

    with pytest.raises(ValidationError, match="neither a CSV nor an XLSX"):
        table_of(file.getvalue())


def test_a_workbook_that_unpacks_beyond_measure_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as entry:
            for _ in range(401):
                entry.write(bytes(1024 * 1024))

    with pytest.raises(ValidationError, match="too large once unpacked"):
        table_of(file.getvalue())


def test_a_quotation_mark_that_never_closes_names_its_row():
    table = table_of('Name,Amount\na,1\n"b,2\nc,3\n')

    with pytest.raises(ValidationError, match="Row 3 cannot be read: a quotation mark"):
        list(table.rows())


def test_more_rows_than_nova_takes_are_refused():
    table = table_of("Name\n" + "1\n" * (MAX_ROWS + 1))

    with pytest.raises(ValidationError, match="more than 200,000 rows"):
        table.count()


def test_blank_rows_do_not_count():
    table = table_of("Name\n" + "\n" * (MAX_ROWS + 1) + "1\n")

    assert table.count() == 1


def test_a_workbook_that_breaks_off_is_refused():
    whole = io.BytesIO(xlsx_of(["Name"], ["a"]))
    broken = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for entry in source.namelist():
            content = source.read(entry)
            target.writestr(entry, content[:-40] if "sheet1" in entry else content)

    with pytest.raises(ValidationError, match="cannot be opened"):
        list(table_of(broken.getvalue()).rows())


@pytest.mark.parametrize(("size", "code"), [(0, "empty"), (21 * 1024 * 1024, "too_large")])
def test_a_file_of_the_wrong_size_is_refused(size, code):
    with pytest.raises(ValidationError) as refusal:
        check_size(size)

    assert refusal.value.code == code


def test_headings_are_compared_without_case_and_spaces():
    assert len({normal(h) for h in ("E-mail", "email", "E mail", " E_MAIL ")}) == 1
