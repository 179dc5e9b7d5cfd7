"""Which bank wrote a file: found by its headings, or guessed for a person to correct."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.core.exceptions import ValidationError

from finance.models import AmountStyle, StatementKind, StatementMapping
from finance.resources.statements import DATE_FORMATS, Opener, lines_of, read_number
from nova_project.imports.reading import normal

ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "cp1252": "Western (Windows, Latin-1)",
    "utf-16": "UTF-16",
}
DELIMITERS = {";": "Semicolon", ",": "Comma", "\t": "Tab", "|": "Bar"}
OF_BANKS = (StatementKind.STATEMENT, StatementKind.PAYOUT_EXPORT)
_SAMPLE = 64 * 1024
_ROWS = 40
_WORDS: dict[str, tuple[str, ...]] = {
    "booked_on": ("bookedon", "buchungstag", "buchungsdatum", "bookingdate", "transactiondate",
                  "payoutdate", "datepaid", "posteddate", "datum", "date", "day", "tag",
                  "reportingstarts"),
    "value_on": ("valuedate", "valuta", "valutadatum", "wertstellung", "wertstellungstag"),
    "amount": ("amount", "betrag", "umsatz", "payoutamount", "netamount", "credit", "haben",
               "moneyin", "paidin", "gutschrift", "cost", "spend", "kosten"),
    "money_out": ("debit", "soll", "moneyout", "paidout", "belastung", "withdrawal"),
    "mark": ("debitcredit", "creditdebit", "sollhaben", "afbij", "dc", "drcr"),
    "currency": ("currency", "währung", "waehrung"),
    "description": ("description", "verwendungszweck", "reference", "details", "memo", "text",
                    "narrative", "eventname", "campaign", "campaignname", "kampagne"),
    "description_2": ("eventid", "eventnumber"),
    "counterparty": ("counterparty", "name", "payee", "beguenstigterzahlungspflichtiger",
                     "auftraggeberempfänger", "auftraggeber", "namezahlungsbeteiligter", "from",
                     "payer"),
    "external_id": ("transactionid", "payoutid", "id", "referencenumber", "umsatzid"),
}  # fmt: skip
"""Headings as banks write them, without case and signs; the first that a file has is taken."""


def signature_of(headings: Sequence[str]) -> str:
    """What a file is recognised by: its headings in their order, without case and spaces."""
    text = "\x1f".join(normal(heading) for heading in headings)
    return hashlib.sha256(text.encode()).hexdigest()


def recognise(
    open_file: Opener, kinds: Sequence[StatementKind] = OF_BANKS
) -> StatementMapping | None:
    """The mapping of these kinds that fits the headings of this file, with its encoding as here."""
    found = StatementMapping.objects.filter(kind__in=kinds)
    known = {mapping.signature: mapping for mapping in found}
    if not known:
        return None
    for encoding, delimiter, number, cells in _candidates(open_file):
        if mapping := known.get(signature_of(cells)):
            mapping.encoding, mapping.delimiter = encoding, delimiter
            mapping.heading_row, mapping.headings = number, cells
            return mapping
    return None


def _candidates(open_file: Opener) -> Iterator[tuple[str, str, int, list[str]]]:
    encoding, sample = _sample(open_file)
    for delimiter in DELIMITERS:
        for number, cells in _records(sample, delimiter):
            if len(cells) > 1:
                yield encoding, delimiter, number, cells


def _records(sample: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(islice(reader, _ROWS), start=1):
            yield number, [cell.strip() for cell in cells]
    except csv.Error:
        return


def _sample(open_file: Opener) -> tuple[str, str]:
    """The encoding and the beginning of a file. Raises ValidationError: it is no text."""
    with open_file() as file:
        start = file.read(_SAMPLE)
        rest = file.read()
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", start.decode("utf-16", "ignore")
    if b"\0" in start or start[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise ValidationError(
            "This is no CSV and no OFX file. Download the statement from your bank as CSV or OFX.",
            code="no_table",
        )
    try:
        (start + rest).decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252", start.decode("cp1252", "replace")
    return "utf-8-sig", start.decode("utf-8-sig", "ignore")


def guess(open_file: Opener) -> StatementMapping:
    """A first idea of how the file is written, not saved. Raises ValidationError: no table."""
    candidates = list(_candidates(open_file))
    if not candidates:
        raise ValidationError("The file has no columns. Is it a CSV?", code="no_table")
    encoding, delimiter, number, headings = max(candidates, key=_likeness)
    mapping = StatementMapping(encoding=encoding, delimiter=delimiter)
    set_headings(mapping, number, headings)
    mapping.fields = guess_fields(headings)
    _guess_values(mapping, open_file)
    return mapping


def _likeness(candidate: tuple[str, str, int, list[str]]) -> tuple[int, int, int]:
    _, _, number, cells = candidate
    return len(guess_fields(cells)), sum(bool(cell) for cell in cells), -number


def set_headings(mapping: StatementMapping, number: int, headings: list[str]) -> None:
    mapping.heading_row, mapping.headings = number, headings
    mapping.signature = signature_of(headings)


def headings_at(open_file: Opener, mapping: StatementMapping) -> list[str]:
    """The cells of the row that `mapping` takes for the headings; empty where there is none."""
    _, sample = _sample(open_file)
    records = dict(_records(sample, mapping.delimiter))
    return records.get(mapping.heading_row, [])


def guess_fields(headings: Sequence[str]) -> dict[str, str]:
    by_name = {normal(heading): heading for heading in reversed(headings) if heading}
    found: dict[str, str] = {}
    for name, words in _WORDS.items():
        heading = next((by_name[word] for word in words if word in by_name), None)
        if heading is None:
            heading = next((h for n, h in by_name.items() if words[0] in n), None)
        if heading and heading not in found.values():
            found[name] = heading
    return found


def _guess_values(mapping: StatementMapping, open_file: Opener) -> None:
    """How days and amounts are written, by the first lines; what payouts are called."""
    lines = [cells for _, cells in islice(lines_of(mapping, open_file), 200)]
    column = {
        name: [
            cells[place].strip()
            for cells in lines
            if (place := mapping.headings.index(heading)) < len(cells) and cells[place].strip()
        ]
        for name, heading in mapping.fields.items()
    }
    days = column.get("booked_on", [])
    mapping.date_format = max(DATE_FORMATS, key=lambda style: sum(_is_day(d, style) for d in days))
    amounts = column.get("amount", []) + column.get("money_out", [])
    mapping.has_decimal_comma = not _reads(amounts, False) and _reads(amounts, True)
    if "money_out" in mapping.fields:
        mapping.amount_style = AmountStyle.TWO_COLUMNS
    elif "mark" in mapping.fields:
        mapping.amount_style = AmountStyle.WITH_MARK
    if any("payout" in normal(heading) for heading in mapping.headings):
        mapping.kind = StatementKind.PAYOUT_EXPORT
        mapping.name = "Eventbrite payouts"


def _is_day(text: str, style: str) -> bool:
    part = " ".join(text.replace("T", " ").split()[: len(style.split())])
    try:
        datetime.strptime(part, style)  # noqa: DTZ007
    except ValueError:
        return False
    return True


def _reads(amounts: Sequence[str], has_decimal_comma: bool) -> bool:
    try:
        for amount in amounts:
            read_number(amount, has_decimal_comma)
    except ValueError:
        return False
    return True
