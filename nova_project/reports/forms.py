"""The filters of a report: always a period and a currency; reports add their own."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from nova_project.money import EXPONENTS
from nova_project.periods import Period

EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)


class DayField(forms.DateField):
    """A day as ISO writes it, in the browser's own date field. Raises ValidationError in words."""

    def __init__(self, label: str) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={
                "invalid": f"{label}: write a day that exists as year-month-day, like 2026-03-31."
            },
        )

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not EARLIEST <= value <= LATEST:
            raise ValidationError(
                f"{self.label}: choose a day from {EARLIEST.year} to {LATEST.year}.",
                code="far_away",
            )


class CurrencyChoiceField(forms.CharField):
    """A currency code, or nothing for all. Offers those of `currencies`; takes any that exists."""

    widget = forms.Select

    def __init__(self) -> None:
        super().__init__(label="Currency", required=False)

    def offer(self, currencies: Iterable[str]) -> None:
        self.widget.choices = [("", "All"), *((code, code) for code in currencies)]

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").upper()

    def validate(self, value: str) -> None:
        if value and value not in EXPONENTS:
            raise ValidationError(
                f"Currency: “{value}” is not a currency code. Use one such as EUR.",
                code="unknown_currency",
            )


class PeriodForm(forms.Form):
    """Start and end, both included. Without them, the twelve months to the end of this one.

    `clean` returns exactly the arguments of the report's `rows`.
    """

    start = DayField("Start")
    end = DayField("End")
    currency = CurrencyChoiceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currencies = self.currencies()
        asked = str(self.data.get("currency", "")).upper()
        if asked in EXPONENTS and asked not in currencies:
            currencies.append(asked)
        if "currency" in self.fields:  # a report without money leaves it out
            self.fields["currency"].offer(currencies)  # type: ignore[attr-defined]
        self.label_suffix = ""

    def currencies(self) -> list[str]:
        """Those to choose from."""
        return []

    def usual_period(self, last: date) -> Period:
        """What is shown up to the day `last` where no start was asked for."""
        return Period.twelve_months_to(last)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if "start" not in found or "end" not in found:
            return found
        default = self.usual_period(timezone.localdate())
        first, last = found.pop("start"), found.pop("end")
        if first and not last:
            last = max(default.last, first)
        elif last and not first:
            first = self.usual_period(last).start
        if first and first > last:
            self.add_error("end", "End: choose a day that is not before the start.")
            return found
        period = Period.inclusive(first, last) if first else default
        return {"period": period, **found}

    def show(self, period: Period) -> None:
        """Fills in the days of `period` where nothing was asked for."""
        days = {"start": period.start.isoformat(), "end": period.last.isoformat()}
        self.data = days | {name: value for name, value in self.data.items() if value}

    def usable(self) -> dict[str, Any]:
        """The arguments, with the default in place of whatever is wrong."""
        if self.is_valid():
            return self.cleaned_data
        wrong = set(self.errors)
        if wrong & {"start", "end"}:
            wrong |= {"start", "end"}
        right = {name: value for name, value in self.data.items() if name not in wrong}
        form = type(self)(right)
        form.full_clean()
        return form.cleaned_data


def quick_periods(today: date, span: Period | None) -> list[tuple[str, Period]]:
    """The periods that one click chooses; `span` is all there is."""
    month = Period.month_of(today)
    year = Period(date(today.year, 1, 1), date(today.year + 1, 1, 1))
    periods = [
        ("This month", month),
        ("Last month", Period.month_of(month.start - timedelta(days=1))),
        ("This year", year),
        ("Last 12 months", Period.twelve_months_to(today)),
    ]
    return [*periods, ("Everything", span)] if span else periods
