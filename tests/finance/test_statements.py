"""Files of banks: recognised, explained once, read line by line."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from finance.models import (
    AmountStyle,
    Deposit,
    DepositMatch,
    DepositSource,
    StatementKind,
    StatementMapping,
)
from finance.resources import DepositResource
from finance.resources.ofx import is_ofx, parse_ofx
from finance.resources.recognising import guess, recognise, signature_of
from finance.resources.statements import convert, preview, read_day, read_number, write_deposits
from finance.services.locks import lock_month
from nova_project.imports import jobs
from tests.factories import make_account, make_paid_event

pytestmark = pytest.mark.django_db

GERMAN = (
    "Kontoumsätze;4711\r\n\r\n"
    "Buchungstag;Wertstellung;Auftraggeber / Empfänger;Verwendungszweck;Betrag;Währung\r\n"
    "19.03.2026;20.03.2026;Eventbrite;EB PAYOUT 1;1.234,50;EUR\r\n"
    "20.03.2026;;Vermieter;Miete März;-900,00;EUR\r\n"
    "31.02.2026;;Eventbrite;EB PAYOUT 2;5;EUR\r\n"
)
OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260401
<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS>
<STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>1<ACCTID>DE02120300000000204711<ACCTTYPE>CHECKING
</BANKACCTFROM><BANKTRANLIST><DTSTART>20260301<DTEND>20260331
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260319120000[-5:EST]<TRNAMT>512.40<FITID>F1<NAME>Eventbrite
<MEMO>PAYOUT 1996456922398</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260320<TRNAMT>-20.00<FITID>F2<NAME>Eventbrite<MEMO>CHARGEBACK
</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1<DTASOF>20260331</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1>
</OFX>"""


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def opener(text, encoding="utf-8"):
    return lambda: io.BytesIO(text.encode(encoding))


def bring_in(upload):
    user, _ = User.objects.get_or_create(username="bookkeeper")
    job = jobs.open_job(upload=upload, resource=DepositResource, user=user)
    job = jobs.work(job.pk)
    if job.good_count:
        jobs.confirm(job)
        job = jobs.work(job.pk)
    return job


def counts(job):
    return job.created_count, job.updated_count, job.unchanged_count, job.failed_count


def test_a_german_statement_is_guessed_with_its_headings_days_and_decimal_commas():
    mapping = guess(opener(GERMAN, "cp1252"))

    assert (mapping.encoding, mapping.delimiter, mapping.heading_row) == ("cp1252", ";", 3)
    assert (mapping.date_format, mapping.has_decimal_comma) == ("%d.%m.%Y", True)
    assert mapping.fields == {
        "booked_on": "Buchungstag",
        "value_on": "Wertstellung",
        "amount": "Betrag",
        "currency": "Währung",
        "description": "Verwendungszweck",
        "counterparty": "Auftraggeber / Empfänger",
    }


def test_a_statement_keeps_the_numbers_of_its_rows_and_refuses_what_it_cannot_read():
    account = make_account(payout_words="Eventbrite")
    open_file = opener(GERMAN, "cp1252")
    mapping = guess(open_file)

    converted = convert(mapping, account, open_file, "march.csv")
    job = bring_in(converted.file)

    assert converted.passed_over == 1
    assert counts(job) == (1, 0, 0, 1)
    problem = job.problems.get()
    assert problem.row_number == 6
    assert "31.02.2026 (not like 14.03.2026)" in problem.text
    deposit = Deposit.objects.get()
    assert (deposit.booked_on, deposit.value_on) == (date(2026, 3, 19), date(2026, 3, 20))
    assert (deposit.amount, deposit.description) == (Decimal("1234.50"), "EB PAYOUT 1")
    assert (deposit.source, deposit.history.count()) == (DepositSource.STATEMENT, 1)


def test_a_saved_mapping_is_found_by_its_headings_wherever_they_stand():
    mapping = guess(opener(GERMAN))
    mapping.name = "Sparkasse"
    mapping.save()
    later = GERMAN.replace("Kontoumsätze;4711\r\n\r\n", "").replace(";", ",")

    found = recognise(opener(later))

    assert found == mapping
    assert (found.delimiter, found.heading_row) == (",", 1)
    assert recognise(opener("Date,Amount\n1,2\n")) is None
    assert signature_of(["Date ", "amount"]) == signature_of(["DATE", "Amount"])


@pytest.mark.parametrize(
    ("style", "line", "amount"),
    [
        (AmountStyle.TWO_COLUMNS, "2026-03-01,12.50,,", "12.50"),
        (AmountStyle.TWO_COLUMNS, "2026-03-01,,12.50,", "-12.50"),
        (AmountStyle.TWO_COLUMNS, "2026-03-01,,-12.50,", "-12.50"),
        (AmountStyle.TWO_COLUMNS, "2026-03-01,1,2,", "money in and money out in one line"),
        (AmountStyle.WITH_MARK, "2026-03-01,12.50,,Debit", "-12.50"),
        (AmountStyle.WITH_MARK, "2026-03-01,12.50,,CR", "12.50"),
        (AmountStyle.SIGNED, "2026-03-01,(12.50),,", "-12.50"),
    ],
)
def test_amounts_are_read_as_the_bank_writes_money_that_left(style, line, amount):
    open_file = opener(f"Date,In,Out,DC\n{line}\n")
    mapping = guess(open_file)
    mapping.amount_style = style
    mapping.fields = {"booked_on": "Date", "amount": "In", "money_out": "Out", "mark": "DC"}

    (parsed,) = preview(mapping, open_file)

    assert parsed.amount == amount


@pytest.mark.parametrize(
    ("text", "comma", "number"),
    [
        ("1.234,56", True, "1234.56"),
        ("1,234.56", False, "1234.56"),
        ("€ 12.00", False, "12.00"),
        ("12,00-", True, "-12.00"),
        ("1’234.50", False, "1234.50"),
        ("−7", False, "-7"),
    ],
)
def test_numbers_of_banks_are_read(text, comma, number):
    assert read_number(text, comma) == Decimal(number)


@pytest.mark.parametrize(("text", "comma"), [("1.234,56", False), ("1,234.56", True), ("x", True)])
def test_a_number_in_the_other_spelling_is_refused_and_not_guessed(text, comma):
    with pytest.raises(ValueError, match="not like"):
        read_number(text, comma)


def test_a_day_in_the_other_order_is_refused():
    assert read_day("03/14/2026", "%m/%d/%Y") == "2026-03-14"
    assert read_day("2026-03-14 10:30:00", "%Y-%m-%d") == "2026-03-14"
    with pytest.raises(ValueError, match="month first"):
        read_day("14/03/2026", "%m/%d/%Y")


def test_a_payout_export_pays_show_by_show():
    event = make_paid_event("512.40", eventbrite_id="1996456922398")
    export = "Payout date,Payout ID,Event ID,Event name,Net amount\n"
    export += "2026-03-19,PO-1,1996456922398,Comedy Night,512.40\n"
    open_file = opener(export)
    mapping = guess(open_file)
    assert mapping.kind == StatementKind.PAYOUT_EXPORT

    bring_in(convert(mapping, make_account(), open_file, "payouts.csv").file)

    deposit = Deposit.objects.get()
    assert (deposit.external_id, deposit.source) == ("PO-1", DepositSource.PAYOUT_EXPORT)
    assert DepositMatch.objects.get().event == event


def test_an_ofx_file_is_read_and_its_certain_deposits_are_matched():
    event = make_paid_event("512.40", eventbrite_id="1996456922398")
    account = make_account(iban_ending="4711")
    assert is_ofx(io.BytesIO(OFX.encode()))

    jobs_done = [
        bring_in(
            write_deposits(
                parse_ofx(io.BytesIO(OFX.encode()), account),
                account,
                DepositSource.OFX,
                [],
                "a.ofx",
            ).file
        )
        for _ in range(2)
    ]

    assert [counts(job) for job in jobs_done] == [(2, 0, 0, 0), (0, 0, 2, 0)]
    assert [d.amount for d in Deposit.objects.order_by("booked_on")] == [Decimal("512.40"), -20]
    assert DepositMatch.objects.get().event == event


def test_an_ofx_file_of_another_account_is_refused():
    with pytest.raises(ValidationError, match=r"account …4711, and .* ends in 9999"):
        list(parse_ofx(io.BytesIO(OFX.encode()), make_account(iban_ending="9999")))
    with pytest.raises(ValidationError, match="damaged"):
        list(parse_ofx(io.BytesIO(b"OFXHEADER:100\n<OFX><STMTRS>"), make_account()))


def own_file(account, lines):
    text = "Account,Booked on,Amount,Reference\n"
    text += "".join(f"{account.name},{day},{amount},{words}\n" for day, amount, words in lines)
    return SimpleUploadedFile("own.csv", text.encode())


def test_two_truly_equal_lines_are_two_deposits_and_an_overlapping_file_adds_the_rest():
    account = make_account()
    line = ("2026-03-19", "20.00", "PAYOUT")

    first = bring_in(own_file(account, [line]))
    second = bring_in(own_file(account, [line, line, ("2026-03-20", "5.00", "PAYOUT")]))

    assert counts(first) == (1, 0, 0, 0)
    assert counts(second) == (2, 0, 1, 0)
    assert Deposit.objects.count() == 3


def test_an_export_can_be_imported_again_and_changes_nothing():
    account = make_account()
    bring_in(own_file(account, [("2026-03-19", "20.00", "=PAYOUT"), ("2026-03-19", "-1.00", "x")]))
    resource = DepositResource()
    rows = [resource.headings(), *resource.export_rows(Deposit.objects.order_by("pk"))]
    text = "\n".join(",".join(map(str, row)) for row in rows)

    job = bring_in(SimpleUploadedFile("export.csv", text.encode()))

    assert counts(job) == (0, 0, 2, 0)


def test_lines_of_a_locked_month_of_another_currency_and_of_nothing_are_refused():
    lock_month(month=date(2026, 2, 1))
    account = make_account()
    text = "Account,Booked on,Amount,Currency\n"
    for day, amount, code in (
        ("2026-02-28", "5", "EUR"), ("2026-03-01", "5", "USD"), ("2026-03-01", "0", "EUR"),
        ("2026-03-01", "1.234", "EUR"), ("2026-03-02", "5", "EUR"),
    ):  # fmt: skip
        text += f"{account.name},{day},{amount},{code}\n"

    job = bring_in(SimpleUploadedFile("own.csv", text.encode()))

    told = {problem.row_number: problem.text for problem in job.problems.all()}
    assert counts(job) == (1, 0, 0, 4)
    assert "February 2026 is locked" in told[2]
    assert "The account is in EUR" in told[3]
    assert "A deposit of nothing" in told[4]


LINES = st.lists(
    st.tuples(
        st.sampled_from(["2026-03-01", "2026-03-02"]),
        st.sampled_from(["1.00", "-1.00", "2.50"]),
        st.sampled_from(["A", "B"]),
    ),
    min_size=1,
    max_size=6,
)


class TestAgain(TestCase):
    @settings(max_examples=8)
    @given(LINES, st.data())
    def test_the_same_lines_in_any_order_change_nothing(self, lines, data):
        account = make_account()
        first = bring_in(own_file(account, lines))

        second = bring_in(own_file(account, data.draw(st.permutations(lines))))

        assert counts(first) == (len(lines), 0, 0, 0)
        assert counts(second) == (0, 0, len(lines), 0)


def test_a_file_that_is_no_table_is_refused_in_words():
    with pytest.raises(ValidationError, match="no CSV and no OFX"):
        guess(lambda: io.BytesIO(b"%PDF\0"))
    with pytest.raises(ValidationError, match="no columns"):
        guess(opener("just a text\n"))
    assert not StatementMapping.objects.exists()
