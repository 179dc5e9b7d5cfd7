"""What performers are due: terms and figures in, an amount out, step by step. Plain Python.

`PerformerAgreement.objects.with_due()` says the same in SQL, for lists.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from finance.models import BonusStep, DealBase, DealKind, PerformerAgreement
from finance.services.figures import Figures
from nova_project.money import ZERO, format_money, quantize

_BASE_WORDS: dict[str, str] = {
    DealBase.GROSS: "gross less refunds",
    DealBase.GROSS_LESS_TAX: "gross less refunds and tax",
    DealBase.NET_SALES: "net sales",
    DealBase.NET_SALES_LESS_EXPENSES: "net sales less the show's own expenses",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bonus:
    """An amount on top, from a number of seats or from an amount of the base."""

    amount: Decimal
    from_seats: int | None = None
    from_base: Decimal | None = None

    def is_reached(self, seats: int, base: Decimal) -> bool:
        if self.from_seats is not None:
            return seats >= self.from_seats
        return self.from_base is not None and base >= self.from_base


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A deal. Which numbers a kind has is said in `finance.models.agreements.ALLOWED_TERMS`."""

    kind: str
    currency: str
    guarantee: Decimal | None = None
    percentage: Decimal | None = None
    base: str = DealBase.NET_SALES
    split_point: Decimal | None = None
    per_seat: Decimal | None = None
    above_seats: int | None = None
    bonuses: tuple[Bonus, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a calculation; `amount` is exact, in the deal's currency."""

    words: str
    amount: Decimal


def terms_of(agreement: PerformerAgreement) -> Terms:
    """The deal of an agreement. Its bonus steps are fetched, unless they are there already."""
    return Terms(
        kind=agreement.kind,
        currency=agreement.currency,
        guarantee=agreement.guarantee,
        percentage=agreement.percentage,
        base=agreement.base,
        split_point=agreement.split_point,
        per_seat=agreement.per_seat,
        above_seats=agreement.above_seats,
        bonuses=tuple(bonus_of(step) for step in agreement.bonus_steps.all()),
    )


def bonus_of(step: BonusStep) -> Bonus:
    return Bonus(amount=step.amount, from_seats=step.from_seats, from_base=step.from_base)


def base_of(base: str, figures: Figures) -> Decimal:
    """What a share is taken of. What performers are due is in none of the bases."""
    gross = figures.gross - figures.refunds
    if base == DealBase.GROSS:
        return gross
    if base == DealBase.GROSS_LESS_TAX:
        return gross - figures.tax
    if base == DealBase.NET_SALES:
        return figures.net_sales
    return figures.net_sales - figures.direct_expenses


def due(terms: Terms, figures: Figures) -> Decimal:
    """What the deal comes to: rounded once, half up, to the currency's digits; never negative.

    `figures` are those of the show in the currency of the deal.
    """
    return reckon(terms, figures)[-1].amount


def reckon(terms: Terms, figures: Figures) -> list[Step]:
    """The calculation line by line; the last line is what is due."""
    seats, base = figures.seats or 0, base_of(terms.base, figures)
    steps = list(_STEPS[terms.kind](terms, seats, base))
    total = steps[-1].amount
    for bonus in terms.bonuses:
        if bonus.is_reached(seats, base):
            steps.append(Step(f"Bonus: {_start_in_words(terms, bonus)} are reached", bonus.amount))
            total += bonus.amount
    return [*steps, Step("Due", quantize(max(total, ZERO), terms.currency))]


def _flat(terms: Terms, seats: int, base: Decimal) -> Iterator[Step]:
    yield Step("Flat fee", terms.guarantee or ZERO)


def _door_split(terms: Terms, seats: int, base: Decimal) -> Iterator[Step]:
    yield _base_step(terms, base)
    yield _share_step(terms, max(base, ZERO))


def _plus(terms: Terms, seats: int, base: Decimal) -> Iterator[Step]:
    split, guarantee = terms.split_point or ZERO, terms.guarantee or ZERO
    above = max(base - split, ZERO)
    yield _base_step(terms, base)
    yield Step(f"Above the split point of {format_money(split, terms.currency)}", above)
    share = _share_step(terms, above)
    yield share
    yield Step("Guarantee", guarantee)
    yield Step("Guarantee and share together", guarantee + share.amount)


def _versus(terms: Terms, seats: int, base: Decimal) -> Iterator[Step]:
    guarantee = terms.guarantee or ZERO
    yield _base_step(terms, base)
    share = _share_step(terms, max(base, ZERO))
    yield share
    yield Step("Guarantee", guarantee)
    yield Step("The greater of the two", max(guarantee, share.amount))


def _per_ticket(terms: Terms, seats: int, base: Decimal) -> Iterator[Step]:
    above = terms.above_seats or 0
    counted, each = max(seats - above, 0), terms.per_seat or ZERO
    words = (
        f"{counted:,} seats" if not above else f"{counted:,} of {seats:,} seats, above {above:,}"
    )
    yield Step(f"{words}, {format_money(each, terms.currency)} each", counted * each)


_STEPS: dict[str, Callable[[Terms, int, Decimal], Iterator[Step]]] = {
    DealKind.FLAT: _flat,
    DealKind.DOOR_SPLIT: _door_split,
    DealKind.PLUS: _plus,
    DealKind.VERSUS: _versus,
    DealKind.PER_TICKET: _per_ticket,
}


def _base_step(terms: Terms, base: Decimal) -> Step:
    words = _BASE_WORDS[terms.base]
    return Step(words[0].upper() + words[1:], base)


def _share_step(terms: Terms, base: Decimal) -> Step:
    return Step(f"{_percent(terms)} of it", base * (terms.percentage or ZERO) / 100)


def in_words(terms: Terms) -> str:
    """The deal as a sentence for people, without its full stop."""
    fixed = format_money(terms.guarantee, terms.currency)
    base = _BASE_WORDS[terms.base]
    if terms.kind == DealKind.FLAT:
        words = f"a flat fee of {fixed}"
    elif terms.kind == DealKind.DOOR_SPLIT:
        words = f"{_percent(terms)} of {base}"
    elif terms.kind == DealKind.PLUS:
        split = format_money(terms.split_point, terms.currency)
        words = f"{fixed}, plus {_percent(terms)} of {base} above {split}"
    elif terms.kind == DealKind.VERSUS:
        words = f"{fixed} or {_percent(terms)} of {base}, whichever is more"
    else:
        above = f" above {terms.above_seats:,} seats" if terms.above_seats else ""
        words = f"{format_money(terms.per_seat, terms.currency)} per seat{above}"
    bonuses = [
        f"{format_money(bonus.amount, terms.currency)} more from {_start_in_words(terms, bonus)}"
        for bonus in terms.bonuses
    ]
    return "; ".join([words, *bonuses])


def _start_in_words(terms: Terms, bonus: Bonus) -> str:
    if bonus.from_seats is not None:
        return f"{bonus.from_seats:,} seats"
    return f"{format_money(bonus.from_base, terms.currency)} of {_BASE_WORDS[terms.base]}"


def _percent(terms: Terms) -> str:
    return f"{(terms.percentage or ZERO).normalize():f} %"
