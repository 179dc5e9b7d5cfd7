"""How the database words what waits, and how many of it there are."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import TextField, Value
from django.db.models.functions import Concat, NullIf, Replace, Substr, Trim, Upper

from nova_project.money import format_money


def name_of(customer: str) -> NullIf:
    """The name of a customer, NULL where there is none."""
    return NullIf(
        Trim(words(f"{customer}__first_name", Value(" "), f"{customer}__last_name")), Value("")
    )


def words(*parts: Any) -> Concat:
    """Texts one after the other. PostgreSQL wants to be told of what type they are together."""
    return Concat(*parts, output_field=TextField())


def days_as_everywhere(text: str) -> str:
    """Days that the database wrote, as all pages write them: 22 Oct 2026."""
    return _DAY.sub(_in_words, text)


def as_everywhere(text: str) -> str:
    """The same of amounts, too: €5,419.30."""
    text = _AMOUNT.sub(lambda found: format_money(Decimal(found[1]), found[2]), text)
    return days_as_everywhere(text)


def _in_words(found: re.Match[str]) -> str:
    try:
        return f"{date.fromisoformat(found.group()):%-d %b %Y}"
    except ValueError:
        return found.group()  # no such day, so a part of somebody's text


_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3})\b")


def counted(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {many}"


def field_name() -> Concat:
    """The `field` of a row as staff know it: “First name” of first_name."""
    rest = Replace(Substr("field", 2), Value("_"), Value(" "))
    return words(Upper(Substr("field", 1, 1)), rest)
