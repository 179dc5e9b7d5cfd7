"""Columns of money: amounts as people write them, and the currencies beside them."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from import_export.widgets import Widget

from nova_project.imports.columns import as_text
from nova_project.money import EXPONENTS, company_currency, quantize


class CurrencyWidget(Widget):
    """An ISO code, or the sign of one of the great currencies."""

    hint = "Three letters such as EUR."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> str:
        code = read_currency(as_text(value))
        if code is None:
            raise ValueError(
                f"“{as_text(value)}” is no currency that Nova knows. Use three letters such as EUR."
            )
        return code

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value or ""


_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY", "$": "USD", "₩": "KRW", "₹": "INR", "₺": "TRY"}
_DOLLARS = frozenset("USD CAD AUD NZD HKD SGD TWD MXN".split())


def read_currency(text: str) -> str | None:
    code = _SIGNS.get(text, text.upper())
    return code if code in EXPONENTS else None


class AmountWidget(Widget):
    """An amount of money, read in the currency that the row's own currency column names.

    A decimal point or comma, with or without separators of thousands. What can be read in two
    ways (1.234) is refused, unless the currency has three digits.
    """

    hint = "A number such as 1234.50 or 1.234,50; a currency sign may stand beside it."

    def __init__(self, currency_heading: str = "Currency") -> None:
        super().__init__()
        self.currency_heading = currency_heading

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> Decimal:
        if isinstance(value, bool):
            raise ValueError(f"“{value}” is no amount.")
        if isinstance(value, int | float | Decimal):
            return _within_reach(Decimal(str(round(value, 6))))
        text = value.strip()
        if _PLAIN.fullmatch(text):
            return _within_reach(Decimal(text))
        named = read_currency(as_text((row or {}).get(self.currency_heading) or ""))
        return _within_reach(read_amount(text, named))

    def render(self, value: Any, obj: Any = None, currency: str = "", **kwargs: Any) -> Any:
        if value is None:
            return ""
        rounded = quantize(value, currency)
        return rounded if rounded == value else value.normalize()


# The usual cell, read without further thought.
_PLAIN = re.compile(r"-?\d{1,11}(?:\.\d{1,2})?")
_AMOUNT = re.compile(r"(?P<before>[^\d.,]*)(?P<number>[\d.,'\s]*\d[\d.,'\s]*)(?P<after>[^\d.,]*)")
_ONE_SEPARATOR = re.compile(r"(\d+)([.,])(\d+)")
_LIKE = str.maketrans({"\u2212": "-", "\u2019": "'"})


def read_amount(text: str, currency: str | None) -> Decimal:
    """The amount in `text`; `currency` is what the row says, None where it says nothing.

    Raises ValueError: no number, two ways to read it, or the sign of another currency.
    """
    found = _AMOUNT.fullmatch(text.translate(_LIKE))
    if not found:
        raise ValueError(f"“{text}” is no amount.")
    before, after = found["before"].strip(), found["after"].strip()
    is_negative = "-" in before + after or (before[:1] == "(" and after[-1:] == ")")
    hint = _hinted(before, after, text)
    if hint and currency and hint != currency and not (hint == "USD" and currency in _DOLLARS):
        raise ValueError(f"“{text}” says {hint}, and the row is in {currency}.")
    number = re.sub(r"[\s']", "", found["number"])
    amount = _number(number, text, currency or hint or company_currency())
    return -amount if is_negative else amount


def amount_currency(text: Any) -> str | None:
    """The currency whose sign or code stands beside an amount, None where there is none."""
    if not isinstance(text, str) or _PLAIN.fullmatch(text.strip()):
        return None
    found = _AMOUNT.fullmatch(text.translate(_LIKE))
    return read_currency(_sign(found["before"]) or _sign(found["after"])) if found else None


def _sign(part: str) -> str:
    """What stands beside a number, less what makes it positive or negative."""
    return part.strip("+-() \t\u00a0\u202f")


def _hinted(before: str, after: str, text: str) -> str | None:
    codes = {read_currency(sign) for part in (before, after) if (sign := _sign(part))}
    if None in codes or len(codes) > 1:
        raise ValueError(f"“{text}” is no amount.")
    return codes.pop() if codes else None


def _number(number: str, text: str, currency: str) -> Decimal:
    if not any(sign in number for sign in ".,"):
        plain = number
    elif "." in number and "," in number:
        decimal = max(number.rfind("."), number.rfind(","))
        whole, part = number[:decimal], number[decimal + 1 :]
        plain = f"{_ungroup(whole, text)}.{part}"
    elif found := _ONE_SEPARATOR.fullmatch(number):
        whole, sign, part = found.groups()
        _refuse_two_readings(whole, sign, part, text, currency)
        plain = f"{whole}.{part}"
    else:
        plain = _ungroup(number, text)
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise ValueError(f"“{text}” is no amount.") from None


def _refuse_two_readings(whole: str, sign: str, part: str, text: str, currency: str) -> None:
    """1.234 may be a thousand and more, or one and a little. Only 0.234 cannot be a thousand."""
    if len(part) != 3 or len(whole) > 3 or whole.startswith("0"):
        return
    if EXPONENTS.get(currency) == 3 and sign == ".":
        return
    raise ValueError(
        f"“{text}” can be read in two ways. Write {whole}{part}.00 or {whole}.{part[:2]}, without "
        "a separator of thousands."
    )


def _ungroup(number: str, text: str) -> str:
    """Takes out separators of thousands, where they are exactly that."""
    if number.isdigit():
        return number
    if not re.fullmatch(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", number):
        raise ValueError(f"“{text}” is no amount.")
    return re.sub(r"[.,]", "", number)


def _within_reach(amount: Decimal) -> Decimal:
    if abs(amount) >= 10**11:
        raise ValueError("Is larger than Nova can keep.")
    return amount
