"""The column that says which expense a credit note takes back."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from finance.models import Basis, Expense
from finance.models.creditnotes import NOT_CREDITABLE, is_creditable, too_much
from nova_project.imports.columns import TextWidget
from nova_project.imports.rows import Row
from nova_project.money import ZERO

CREDITS = "credits_id"


class CreditedWidget(TextWidget):
    """An expense by its reference; `CreditNotes` finds it, for many rows at once."""

    hint = "For a credit note: the reference of the expense that it takes back."

    def __init__(self) -> None:
        super().__init__(64)

    @cached_property
    def _references(self) -> dict[int, str]:
        credited = Expense.objects.filter(
            pk__in=Expense.objects.exclude(credits=None).values(CREDITS)
        )
        return dict(credited.values_list("pk", "reference"))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else self._references.get(value, "")


class CreditNotes:
    """What the expenses of a file may still be credited, as far as its rows have come by."""

    def __init__(self) -> None:
        self._originals: dict[int, tuple[Decimal, str, int | None, str]] = {}
        self._notes: dict[int, dict[str, Decimal]] = {}

    def find(self, rows: Sequence[Row], heading: str) -> None:
        """Puts the expense in place of the reference that a row gives. Two queries, or none."""
        given = [row for row in rows if isinstance(row.given.get(CREDITS), str)]
        if not given:
            return
        texts = list({row.given[CREDITS] for row in given})
        found = Expense.objects.filter(reference__among=texts)
        ids = dict(found.values_list("reference", "pk"))
        self.read(ids.values())
        for row in given:
            text = row.given.pop(CREDITS)
            if text in ids:
                row.given[CREDITS] = ids[text]
            else:
                row.refuse(heading, f"There is no expense “{text}” yet. Import it first.")

    def read(self, pks: Collection[int]) -> None:
        """Reads these expenses and their credit notes, unless it has. Two queries, or none."""
        unread = [pk for pk in pks if pk not in self._originals]
        if not unread:
            return
        facts = ("amount", "currency", CREDITS, "basis")
        for pk, *values in Expense.objects.filter(pk__among=unread).values_list("pk", *facts):
            self._originals[pk] = (values[0], values[1], values[2], values[3])
        self.read_notes(unread)

    def read_notes(self, pks: Collection[int]) -> None:
        """Reads the credit notes for these expenses. One query."""
        notes = Expense.objects.filter(credits__id__among=list(pks)).order_by()
        for pk, reference, amount in notes.values_list(CREDITS, "reference", "amount"):
            self._notes.setdefault(pk, {}).setdefault(reference, amount)

    def problem(self, row: Row) -> str:
        """What is wrong with a row as a credit note, or as a credited expense; "" if nothing is."""
        original = row.new[CREDITS]
        if original is None:
            return self._shrunk(row)
        amount, currency, credits_id, basis = self._originals[original]
        fits = is_creditable(amount, currency, credits_id, row.new["currency"])
        if not fits or basis != Basis.ACTUAL or original == row.pk:
            return NOT_CREDITABLE
        notes = self._notes.setdefault(original, {})
        before = notes.get(row.key)
        notes[row.key] = row.new["amount"]
        credited = sum(notes.values(), ZERO)
        if credited + amount >= 0:
            return ""
        notes.pop(row.key) if before is None else notes.update({row.key: before})
        return too_much(credited, amount, currency)

    def _shrunk(self, row: Row) -> str:
        notes = self._notes.get(row.pk) if row.pk else None
        credited = sum(notes.values(), ZERO) if notes else ZERO
        if credited + max(row.new["amount"], ZERO) >= 0:
            return ""
        return too_much(credited, row.new["amount"], row.new["currency"])
