"""Files of banks and Eventbrite's payout exports, turned into the columns of deposits.

A bank writes its own headings, days and amounts: `StatementMapping` says which. A row keeps its
number, so that a problem is found in the bank's own file. What cannot be read stays in its cell
with a word of what was expected, and is refused by the import like any other bad cell.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from tempfile import TemporaryFile
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import File

from finance.models import (
    AmountStyle,
    BankAccount,
    DepositSource,
    StatementKind,
    StatementMapping,
)
from finance.resources.deposits import DepositResource
from nova_project.imports.reading import is_blank

Opener = Callable[[], IO[bytes]]
DATE_FORMATS = {
    "%Y-%m-%d": "2026-03-14",
    "%d.%m.%Y": "14.03.2026",
    "%d.%m.%y": "14.03.26",
    "%d/%m/%Y": "14/03/2026 (day first)",
    "%m/%d/%Y": "03/14/2026 (month first)",
    "%d-%m-%Y": "14-03-2026",
    "%Y/%m/%d": "2026/03/14",
    "%Y%m%d": "20260314",
    "%d %b %Y": "14 Mar 2026",
    "%b %d, %Y": "Mar 14, 2026",
}
FIELDS = {
    "booked_on": "Booked on",
    "value_on": "Value date",
    "amount": "Amount, or money in",
    "money_out": "Money out",
    "mark": "Debit or credit",
    "currency": "Currency",
    "description": "Reference",
    "description_2": "Reference, continued",
    "description_3": "Reference, continued again",
    "counterparty": "From or to",
    "external_id": "Id of the bank or payout",
}
"""What a heading of a statement may hold."""
PREVIEW = 20


@dataclass(frozen=True, slots=True)
class Parsed:
    """One line of a statement, as text for the columns of deposits. `problems` are in words."""

    number: int
    booked_on: str
    value_on: str
    amount: str
    currency: str
    description: str
    counterparty: str
    external_id: str
    problems: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        return f"{self.description} {self.counterparty} {self.external_id}".casefold()


def lines_of(mapping: StatementMapping, open_file: Opener) -> Iterator[tuple[int, list[str]]]:
    """The lines below the headings, with their numbers. Raises ValidationError: no such text."""
    try:
        with open_file() as file, io.TextIOWrapper(file, mapping.encoding, newline="") as text:
            reader = csv.reader(text, delimiter=mapping.delimiter)
            for number, cells in enumerate(reader, start=1):
                if number > mapping.heading_row and not all(map(is_blank, cells)):
                    yield number, cells
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValidationError(
            "The file cannot be read to its end with these settings. Choose another encoding or "
            "separator.",
            code="unreadable",
        ) from error


def parse(mapping: StatementMapping, open_file: Opener) -> Iterator[Parsed]:
    """Every line of a statement, read as the mapping says."""
    places = {
        name: mapping.headings.index(heading)
        for name, heading in mapping.fields.items()
        if heading in mapping.headings
    }
    for number, cells in lines_of(mapping, open_file):
        given = {
            name: cells[place].strip() if place < len(cells) else ""
            for name, place in places.items()
        }
        yield _parsed(mapping, number, given)


def _parsed(mapping: StatementMapping, number: int, given: dict[str, str]) -> Parsed:
    problems: list[str] = []

    def attempt(read: Callable[[], str]) -> str:
        try:
            return read()
        except ValueError as error:
            problems.append(str(error))
            return str(error)

    texts = (given.get(name, "") for name in ("description", "description_2", "description_3"))
    return Parsed(
        number=number,
        booked_on=attempt(lambda: read_day(given.get("booked_on", ""), mapping.date_format)),
        value_on=attempt(lambda: read_day(given.get("value_on", ""), mapping.date_format)),
        amount=attempt(lambda: _amount(mapping, given)),
        currency=given.get("currency", ""),
        description=" ".join(" ".join(text.split()) for text in texts if text)[:500],
        counterparty=" ".join(given.get("counterparty", "").split())[:160],
        external_id=given.get("external_id", "")[:80],
        problems=tuple(problems),
    )


@lru_cache(maxsize=4096)
def read_day(text: str, date_format: str) -> str:
    """The day as ISO; a time behind it is passed over. Raises ValueError: written otherwise."""
    if not text:
        return ""
    words = len(date_format.split())
    for part in (text, " ".join(text.replace("T", " ").split()[:words])):
        try:
            return datetime.strptime(part, date_format).date().isoformat()  # noqa: DTZ007
        except ValueError:
            continue
    raise ValueError(f"{text} (not like {DATE_FORMATS.get(date_format, date_format)})")


def _amount(mapping: StatementMapping, given: dict[str, str]) -> str:
    comma = mapping.has_decimal_comma
    first = read_number(given.get("amount", ""), comma)
    if mapping.amount_style == AmountStyle.TWO_COLUMNS:
        out = read_number(given.get("money_out", ""), comma)
        if first and out:
            raise ValueError("money in and money out in one line")
        return _shown(-abs(out) if out else first)
    if mapping.amount_style == AmountStyle.WITH_MARK and first is not None:
        words = {word.strip().casefold() for word in mapping.debit_words.split(",")}
        is_out = given.get("mark", "").strip().casefold() in words
        return _shown(-abs(first) if is_out else abs(first))
    return _shown(first)


def _shown(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount, "f")


_POINT = re.compile(r"\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_COMMA = re.compile(r"\d{1,3}(?:[.' ]\d{3})+(?:,\d+)?|\d+(?:,\d+)?|,\d+")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2212": "-", "’": "'"})
_BESIDE = re.compile(r"[A-Z]{3}|[€$£¥]")


def read_number(text: str, has_decimal_comma: bool) -> Decimal | None:
    """None for a blank cell. A currency may stand beside it. Raises ValueError."""
    bare = _BESIDE.sub("", text.translate(_SPACES)).strip()
    if not bare:
        return None
    is_negative = "-" in bare or (bare.startswith("(") and bare.endswith(")"))
    digits = bare.strip("-+() ")
    if not (_COMMA if has_decimal_comma else _POINT).fullmatch(digits):
        like = "1.234,56" if has_decimal_comma else "1,234.56"
        raise ValueError(f"{text} (not like {like})")
    plain = re.sub(r"[.' ]" if has_decimal_comma else r"[,' ]", "", digits).replace(",", ".")
    return -Decimal(plain) if is_negative else Decimal(plain)


@dataclass(frozen=True, slots=True)
class Converted:
    """A statement in the columns of deposits, and what to say of it."""

    file: "File[bytes]"
    taken: int = 0
    passed_over: int = 0


def convert(
    mapping: StatementMapping, account: BankAccount, open_file: Opener, name: str
) -> Converted:
    """A statement as a file of deposits; lines without the account's words stay blank in it."""
    is_export = mapping.kind == StatementKind.PAYOUT_EXPORT
    source = DepositSource.PAYOUT_EXPORT if is_export else DepositSource.STATEMENT
    words = [] if is_export else account.wanted_words
    lines = parse(mapping, open_file)
    return write_deposits(lines, account, source, words, name, mapping.heading_row)


def write_deposits(
    lines: Iterator[Parsed],
    account: BankAccount,
    source: DepositSource,
    words: Sequence[str],
    name: str,
    heading_row: int = 1,
) -> Converted:
    """Lines in Nova's columns, each in the row of its number."""
    file = TemporaryFile()  # noqa: SIM115  the caller closes it with the File around it
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    text.write("\r\n" * (heading_row - 1))
    writer.writerow(_HEADINGS)
    at, taken, passed_over = heading_row, 0, 0
    for line in lines:
        if words and not any(word in line.text for word in words):
            passed_over += 1
            continue
        text.write("\r\n" * (line.number - at - 1))
        at, taken = line.number, taken + 1
        writer.writerow(
            (account.name, line.booked_on, line.value_on, line.amount, line.currency,
             line.description, line.counterparty, source.label, line.external_id)
        )  # fmt: skip
    text.flush()
    text.detach()
    file.seek(0)
    return Converted(File(file, name=name), taken, passed_over)


_HEADINGS = [
    DepositResource().heading(name)
    for name in ("account_id", "booked_on", "value_on", "amount", "currency", "description",
                 "counterparty", "source", "external_id")
]  # fmt: skip


def preview(mapping: StatementMapping, open_file: Opener) -> list[Parsed]:
    """The first lines as they would be read."""
    return list(islice(parse(mapping, open_file), PREVIEW))
