import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from nova_project.exports import TooManyRows, neutral_cell, plain_cell, stream_csv, xlsx_response

HEADINGS = ["Name", "Day", "Amount", "Count", "Note"]
ROW = ["Zoë, “the” voice", date(2026, 3, 14), Decimal("-1234.50"), 7, None]


def content(response) -> bytes:
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(sign):
    assert neutral_cell(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("text", ["", "a=b", "'quoted'", "Show – matinée", " =1"])
def test_any_other_text_stays_as_it_is(text):
    assert neutral_cell(text) == text


@given(st.text(alphabet="=+-@\t\r'ab") | st.text())
def test_what_an_export_neutralised_an_import_takes_back(text):
    assert plain_cell(neutral_cell(text)) == text


def test_a_csv_has_plain_numbers_iso_dates_and_no_byte_order_mark():
    body = content(stream_csv(HEADINGS, [ROW], "shows"))

    assert body.decode() == (
        'Name,Day,Amount,Count,Note\r\n"Zoë, “the” voice",2026-03-14,-1234.50,7,\r\n'
    )


def test_a_csv_neutralises_texts_and_leaves_numbers_alone():
    rows = [["=1+1", Decimal("-5"), -5, -0.5, "-5"], ["'=x", Decimal("1E+3"), 0, None, "\rX"]]

    written = list(csv.reader(StringIO(content(stream_csv(HEADINGS, rows, "x")).decode())))

    assert written[1] == ["'=1+1", "-5", "-5", "-0.5", "'-5"]
    assert written[2][:3] == ["''=x", "1000", "0"]


def test_a_csv_is_a_download_that_is_never_stored():
    response = stream_csv(HEADINGS, [], "event-profit_2026")

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="event-profit_2026.csv"'
    assert response["Cache-Control"] == "no-store"


def test_a_csv_is_written_while_its_rows_are_read():
    read = []
    rows = (read.append(number) or [number] for number in range(2000))

    chunks = iter(stream_csv(["Number"], rows, "numbers").streaming_content)
    next(chunks), next(chunks)

    assert len(read) == 500


def test_excel_gets_real_numbers_and_dates():
    response = xlsx_response(HEADINGS, [ROW], "shows")

    sheet = load_workbook(BytesIO(response.content)).active
    assert [cell.value for cell in sheet[1]] == HEADINGS
    name, day, amount, count, note = sheet[2]
    assert (name.value, count.value, note.value) == (ROW[0], 7, None)
    assert (day.value.isoformat(), day.is_date) == ("2026-03-14T00:00:00", True)
    assert (amount.value, amount.number_format) == (-1234.5, "#,##0.00")


def test_excel_runs_no_text_and_takes_any():
    rows = [["=1+1", "\x00bell\x07", datetime(2026, 3, 14, 20, tzinfo=UTC), Decimal("5"), "@x"]]

    response = xlsx_response(HEADINGS, rows, "x")

    first, second, third, fourth, fifth = load_workbook(BytesIO(response.content)).active[2]
    assert (first.value, first.data_type) == ("'=1+1", "s")
    assert (second.value, fifth.value) == ("bell", "'@x")
    assert (third.value.isoformat(), fourth.number_format) == ("2026-03-14T20:00:00", "#,##0")


def test_an_excel_file_that_would_be_too_long_is_refused_in_words():
    with pytest.raises(TooManyRows, match=r"50,000 rows .* 50,001\. Choose CSV"):
        xlsx_response(["Number"], [[1]] * 50_001, "numbers")
