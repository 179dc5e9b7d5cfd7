"""What a credit note may take back of the expense that it credits."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Sum

from nova_project.money import ZERO, format_money

if TYPE_CHECKING:
    from finance.models.expenses import Expense

NOT_CREDITABLE = (
    "Only an actual expense above zero in the same currency can be credited, and no credit note."
)


def too_much(credited: Decimal, amount: Decimal, currency: str) -> str:
    """The sentence for credit notes of `credited`, a negative sum, for an expense of `amount`."""
    return (
        f"The credit notes for this expense would come to {format_money(-credited, currency)}, "
        f"and it is only {format_money(amount, currency)}."
    )


def check_credit_notes(expense: "Expense") -> None:
    """A credit note takes back no more than is left of its expense; nor does an expense shrink
    below what was credited.

    Holds the credited expense until the transaction ends, so that two notes arriving together
    cannot exceed it. Up to two queries. Raises ValidationError.
    """
    if expense.credits_id is not None:
        _check_note(expense, expense.credits_id)
    elif expense.pk and expense.amount is not None:
        credited = _credited(expense, expense.pk)
        if credited + max(expense.amount, ZERO) < 0:
            message = too_much(credited, expense.amount, expense.currency)
            raise ValidationError({"amount": ValidationError(message, code="credited")})


def _check_note(note: "Expense", original_id: int) -> None:
    originals = type(note).objects.all()
    if connection.in_atomic_block:
        originals = originals.select_for_update(of=("self",))
    original = originals.get(pk=original_id)
    if not is_creditable(original.amount, original.currency, original.credits_id, note.currency):
        raise ValidationError({"credits": ValidationError(NOT_CREDITABLE, code="not_creditable")})
    if original.pk == note.pk or original.basis != note.basis:
        raise ValidationError({"credits": ValidationError(NOT_CREDITABLE, code="not_creditable")})
    credited = _credited(note, original.pk) + (note.amount or ZERO)
    if credited + original.amount < 0:
        message = too_much(credited, original.amount, original.currency)
        raise ValidationError({"amount": ValidationError(message, code="credited")})


def is_creditable(amount: Decimal, currency: str, credits_id: int | None, note_in: str) -> bool:
    return amount > 0 and credits_id is None and currency == note_in


def _credited(but: "Expense", original: int) -> Decimal:
    """Σ of the credit notes for `original`, a negative amount, without the row `but`."""
    notes = type(but).objects.filter(credits=original).exclude(pk=but.pk)
    return notes.aggregate(total=Sum("amount"))["total"] or ZERO
