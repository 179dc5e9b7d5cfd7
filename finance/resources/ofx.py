"""OFX files of banks, version 1 (SGML) and 2 (XML)."""

from collections.abc import Iterator
from typing import IO, Any

from django.core.exceptions import ValidationError
from ofxtools.header import OFXHeaderError
from ofxtools.Parser import OFXTree, ParseError

from finance.models import BankAccount
from finance.resources.statements import Parsed


def is_ofx(file: IO[bytes]) -> bool:
    """Does the file begin as OFX does? Leaves it at its start."""
    start = file.read(2_000).lstrip(b"\xef\xbb\xbf \r\n").upper()
    file.seek(0)
    return start.startswith(b"OFXHEADER") or b"<OFX>" in start or b"<?OFX" in start


def parse_ofx(file: IO[bytes], account: BankAccount) -> Iterator[Parsed]:
    """The transactions of `account`, numbered from 2 in the order of the file.

    Raises ValidationError: the file is damaged (`damaged`), or is of other accounts
    (`other_account`).
    """
    tree = OFXTree()
    try:
        tree.parse(file)
    except (ParseError, OFXHeaderError, ValueError, UnicodeDecodeError) as error:
        raise ValidationError(
            "The OFX file is damaged. Download it from your bank once more.", code="damaged"
        ) from error
    statement = _statement_of(tree, account)
    currency = _text(statement, "CURDEF")
    for number, entry in enumerate(statement.iter("STMTTRN"), start=2):
        yield Parsed(
            number=number,
            booked_on=_day(_text(entry, "DTPOSTED")),
            value_on=_day(_text(entry, "DTAVAIL")),
            amount=_text(entry, "TRNAMT").replace(",", "."),
            currency=currency,
            description=_text(entry, "MEMO")[:500],
            counterparty=(_text(entry, "NAME") or _text(entry, "PAYEE/NAME"))[:160],
            external_id=_text(entry, "FITID")[:80],
        )


def _statement_of(tree: OFXTree, account: BankAccount) -> Any:
    statements = [*tree.iter("STMTRS"), *tree.iter("CCSTMTRS")]
    if not statements:
        raise ValidationError("The OFX file holds no statement.", code="no_rows")
    ending = account.iban_ending
    if ending:
        named = {_number_of(statement): statement for statement in statements}
        fitting = [found for number, found in named.items() if number.endswith(ending)]
        if len(fitting) != 1:
            raise ValidationError(
                f"The file is of {_listed(named)}, and {account.name} ends in {ending}. Choose the "
                "right account, or correct its last digits.",
                code="other_account",
            )
        return fitting[0]
    if len(statements) > 1:
        raise ValidationError(
            "The file holds several accounts. Give the account its last digits, so that Nova "
            "takes the right one.",
            code="other_account",
        )
    return statements[0]


def _number_of(statement: Any) -> str:
    found = statement.find(".//ACCTID")
    return (found.text or "").strip() if found is not None else ""


def _listed(named: dict[str, Any]) -> str:
    return ", ".join(f"account …{number[-4:]}" for number in named) or "no account"


def _text(element: Any, path: str) -> str:
    found = element.find(path)
    return " ".join((found.text or "").split()) if found is not None else ""


def _day(text: str) -> str:
    """20260319120000[-5:EST] is 19 March, in the bank's own zone."""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if text[:8].isdecimal() else text
