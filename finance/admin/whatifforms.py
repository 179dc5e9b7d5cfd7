"""The form of the what-if page: the terms of a show, filled in from the show as it is."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from finance.models import Category, DealBase, DealKind
from finance.models.agreements import ALLOWED_TERMS, REQUIRED_TERMS
from finance.services.breakeven import Mix
from finance.services.dues import Terms
from finance.services.figures import EventMoney, Figures
from finance.services.outlook import MOST_STEPS
from finance.services.whatif import Plan
from nova_project.money import ZERO, check_amount_fits, quantize

NO_DEAL, AS_AGREED = "none", "agreed"
_COSTS = {
    "room_rental": "Room rental",
    "marketing": "Marketing",
    "production": "Production",
    "staff": "Staff",
    "shared_costs": "Shares of common costs",
}
_TERMS = ("guarantee", "percentage", "split_point", "per_seat")


class Amount(forms.DecimalField):
    """An amount that is not negative; blank is zero, or nothing where `is_term`."""

    def __init__(self, label: str, help_text: str = "", is_term: bool = False) -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=False,
            min_value=0,
            max_digits=14,
            decimal_places=3,
            widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        )
        self.is_term = is_term

    def clean(self, value: Any) -> Decimal | None:
        found = super().clean(value)
        return found if found is not None or self.is_term else ZERO


class WhatIfForm(forms.Form):
    """Sent by GET, so the address holds what was typed. `agreed` are the deals of the show."""

    price = Amount("Price", "What a buyer pays for a ticket on the mean.")
    fee = Amount("Fees per ticket", "What Eventbrite keeps of it, with payment processing.")
    tax = forms.DecimalField(
        label="Tax %",
        help_text="The rate of the tax inside the price.",
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    capacity = forms.IntegerField(label="Capacity", min_value=1, max_value=MOST_STEPS)
    room_rental = Amount(_COSTS["room_rental"])
    marketing = Amount(_COSTS["marketing"])
    production = Amount(_COSTS["production"])
    staff = Amount(_COSTS["staff"])
    shared_costs = Amount(_COSTS["shared_costs"], "Not saved with the budget.")
    deal = forms.ChoiceField(label="Performers", required=False)
    guarantee = Amount("Fee or guarantee", is_term=True)
    percentage = forms.DecimalField(
        label="Share %",
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    base = forms.ChoiceField(
        label="Share of", required=False, choices=DealBase.choices, initial=DealBase.NET_SALES
    )
    split_point = Amount("Split point", is_term=True)
    per_seat = Amount("Amount per seat", is_term=True)

    def __init__(self, data: Any, currency: str, agreed: Sequence[Terms] = ()) -> None:
        super().__init__(data, label_suffix="")
        self.currency, self.agreed = currency, tuple(agreed)
        as_agreed = [(AS_AGREED, "As agreed for the show")] if agreed else []
        choices = [*as_agreed, (NO_DEAL, "Nothing"), *DealKind.choices]
        self.fields["deal"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if isinstance(field, Amount) and found.get(name):
                self._check_digits(name, found[name])
        for name in REQUIRED_TERMS.get(found.get("deal", ""), ()):
            if found.get(name) is None and name not in self.errors:
                self.add_error(name, "This kind of agreement needs it.")
        return found

    def _check_digits(self, name: str, amount: Decimal) -> None:
        try:
            check_amount_fits(amount, self.currency)
        except ValidationError as error:
            self.add_error(name, error)

    def typed(self) -> dict[str, str]:
        """What stands in each field, as an address or a hidden field holds it."""
        return {name: str(self.data.get(name, "")) for name in self.fields}

    def plan(self) -> Plan:
        """What is asked for; the form is valid."""
        found = self.cleaned_data
        costs: dict[str, Any] = {name: found[name] for name in _COSTS}
        return Plan(
            price=found["price"],
            fee=found["fee"],
            tax_percent=found["tax"] or ZERO,
            capacity=found["capacity"],
            costs=Figures(currency=self.currency, **costs),
            deals=self._deals(),
        )

    def _deals(self) -> tuple[Terms, ...]:
        found = self.cleaned_data
        kind = found["deal"] or NO_DEAL
        if kind == AS_AGREED:
            return self.agreed
        if kind == NO_DEAL:
            return ()
        terms: dict[str, Any] = {
            name: found[name] for name in _TERMS if name in ALLOWED_TERMS[kind]
        }
        base = found["base"] or DealBase.NET_SALES
        return (Terms(kind=kind, currency=self.currency, base=base, **terms),)

    def budget(self) -> dict[Category, Decimal]:
        """The costs that are saved, by category."""
        return {category: self.cleaned_data[category.value] for category in Category}


def as_it_is(
    row: EventMoney, mix: Mix | None, capacity: int | None, has_deals: bool
) -> dict[str, Any]:
    """The terms of a show as it is; prices and fees are means, rounded to whole cents."""
    costs = {name: quantize(getattr(row, name), row.currency) for name in _COSTS}
    start: dict[str, Any] = {
        "capacity": capacity or "",
        "deal": AS_AGREED if has_deals else NO_DEAL,
        "base": DealBase.NET_SALES.value,
        **costs,
    }
    if mix is None:
        return start
    fees, before_tax = mix.eventbrite_fees + mix.processing_fees, mix.gross - mix.tax
    tax = mix.tax * 100 / before_tax if before_tax > 0 else ZERO
    return start | {
        "price": quantize(mix.gross / mix.tickets, row.currency),
        "fee": quantize(fees / mix.tickets, row.currency),
        "tax": tax.quantize(Decimal("0.01")),
    }
