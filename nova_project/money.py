"""Money: a `Decimal` beside an ISO 4217 currency. Amounts of two currencies are never added."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from nova_project.currencies import EXPONENTS as EXPONENTS
from nova_project.currencies import UnknownCurrency as UnknownCurrency
from nova_project.currencies import exponent as exponent
from nova_project.currencies import from_minor as from_minor
from nova_project.currencies import to_minor as to_minor

ZERO = Decimal("0.000")
_STORED = Decimal("0.001")

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}


def quantize(amount: Decimal, currency: str) -> Decimal:
    """`amount` with exactly as many digits as `currency` has, rounded half up."""
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS.get(currency, 2)), ROUND_HALF_UP)


def format_money(amount: Decimal | None, currency: str) -> str:
    """For people: `€1,234.50`, `-¥1,234`, `CHF 12.00`; an undefined amount is an en dash."""
    if amount is None:
        return "–"
    rounded = quantize(amount, currency)
    sign = "-" if rounded < 0 else ""
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(rounded):,}"


def company_currency() -> str:
    return str(settings.NOVA_CURRENCY)


def validate_currency(value: str) -> None:
    if value not in EXPONENTS:
        raise ValidationError(
            "“%(value)s” is not a currency code. Use three capital letters such as EUR.",
            code="unknown_currency",
            params={"value": value},
        )


def check_amount_fits(amount: Decimal, currency: str) -> None:
    """Raises ValidationError (`too_precise`): more digits after the point than the currency has."""
    if currency in EXPONENTS and amount != quantize(amount, currency):
        raise ValidationError(
            "%(currency)s has %(digits)d digits after the point.",
            code="too_precise",
            params={"currency": currency, "digits": exponent(currency)},
        )


class MoneyField(models.DecimalField):
    """An amount: up to 99,999,999,999.999, three digits after the point (Kuwait needs them).

    Sums come back rounded to the stored precision, so SQLite's binary arithmetic never shows.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 3)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, *args: Any) -> Decimal | None:
        return None if value is None else Decimal(value).quantize(_STORED)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)


class CurrencyField(models.CharField):
    """An ISO 4217 code such as EUR."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 3)
        kwargs.setdefault(
            "validators",
            [RegexValidator(r"^[A-Z]{3}$", "Use three capital letters such as EUR.")],
        )
        super().__init__(*args, **kwargs)
        self.validators.append(validate_currency)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("validators", None)
        return name, path, args, kwargs
