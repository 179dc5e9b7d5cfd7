"""Expenses as a bookkeeper keeps them in a spreadsheet."""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError

from customers.models import Campaign
from events.models import ShowType
from finance.models import (
    Basis,
    Category,
    Expense,
    ExpenseStatus,
    LockedMonth,
    Spread,
    Vendor,
)
from finance.models.payouts import locked_words
from finance.resources.creditnotes import CREDITS, CreditedWidget, CreditNotes
from finance.resources.events import EventWidget
from finance.resources.vendors import VendorWidget, will_be_added
from finance.services import share_expenses
from finance.services.vendors import add_vendors
from nova_project.imports.amounts import AmountWidget, CurrencyWidget, amount_currency
from nova_project.imports.columns import (
    ChoiceWidget,
    Column,
    DayWidget,
    NameWidget,
    TextWidget,
    as_text,
)
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import Row
from nova_project.imports.rules import violated
from nova_project.money import check_amount_fits

# What makes two rows without a reference the same cost. Status, note and campaign are left out,
# so that a cost that was planned and is now paid is found again.
_IDENTITY = (
    "spent_on",
    "category",
    "vendor",
    "amount",
    "currency",
    "basis",
    "event_id",
    "show_type_id",
    "shared_from",
    "shared_until",
)


class ExpenseResource(BulkResource):
    """An expense is found by its reference, else by what it is.

    A row without reference gets one made of its content and of how many such rows came before it
    in the file; so two equal costs stay two, and the same file again changes nothing.
    """

    key = "reference"
    noun = "expense"
    key_words = (
        "An expense is found by its reference. Without one it is found by its date, category, "
        "vendor, amount, currency, event and sharing."
    )

    reference = Column(
        "reference", TextWidget(64), example="R-2026-017", help="Your invoice number, or blank."
    )
    spent_on = Column("spent_on", DayWidget(), is_required=True, example="2026-03-14")
    category = Column("category", ChoiceWidget(Category), is_required=True, example="Room rental")
    amount = Column("amount", AmountWidget(), is_required=True, example="1250.00")
    currency = Column("currency", CurrencyWidget(), example="EUR")
    tax_amount = Column(
        "tax_amount",
        AmountWidget(),
        example="199.58",
        help="The part of the amount that the tax office pays back; blank where you reclaim none.",
    )
    vendor = Column("vendor_id", VendorWidget(), example="The House")
    status = Column("status", ChoiceWidget(ExpenseStatus), example="Paid")
    basis = Column("basis", ChoiceWidget(Basis), example="Actual")
    event = Column("event_id", EventWidget(), example="")
    show_type = Column(
        "show_type_id",
        NameWidget(ShowType.objects.all(), noun="show type"),
        help="For a cost that several events share: the name of the show type.",
    )
    shared_from = Column("shared_from", DayWidget(), example="2026-03-01")
    shared_until = Column("shared_until", DayWidget(), example="2026-03-31")
    spread = Column("spread", ChoiceWidget(Spread), example="Equally")
    credited = Column(CREDITS, CreditedWidget(), example="")
    campaign = Column(
        "campaign_id", NameWidget(Campaign.objects.all(), noun="campaign"), example=""
    )
    note = Column("note", TextWidget(250), example="Deposit came back")

    class Meta:
        model = Expense

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._alike: Counter[str] = Counter()
        self._credit_notes = CreditNotes()
        self._new_vendors: set[str] = set()

    def identify(self, rows: Sequence[Row]) -> None:
        self._credit_notes.find(rows, self.heading(CREDITS))
        self._take_category_of_vendor(rows)
        for row in rows:
            self._take_currency_of_amount(row)
            row.key = row.given.get("reference")
            if row.key is None and not row.problems:
                row.key = self._reference_of(row)
            if row.key is not None:
                row.given["reference"] = row.key

    def _take_currency_of_amount(self, row: Row) -> None:
        """“€ 12” in a row without currency is in euros."""
        if "currency" not in row.given and (code := amount_currency(self._cell(row, "amount"))):
            row.given["currency"] = code

    def _take_category_of_vendor(self, rows: Sequence[Row]) -> None:
        """A row without category has the one that its vendor usually has. One query, or none."""
        bare = [row for row in rows if "category" not in row.given and "vendor_id" in row.given]
        bare = [row for row in bare if not row.is_refused_in(self.heading("category"))]
        if not bare:
            return
        usual = Vendor.objects.exclude(default_category="").values_list("pk", "default_category")
        known = dict(usual)
        for row in bare:
            if category := known.get(row.given["vendor_id"]):
                row.given["category"] = category

    def _cell(self, row: Row, attribute: str) -> Any:
        """The cell of a column as the file gives it, None where it has no such column."""
        place = self.layout.places.get(attribute) if self.layout else None
        return row.cells[place] if place is not None and place < len(row.cells) else None

    def _reference_of(self, row: Row) -> str:
        # The vendor counts as the file spells it: that stays when a vendor is renamed.
        vendor = as_text(self._cell(row, "vendor_id") or "")
        whole = {**self.defaults, **row.given, "vendor": vendor}
        amount = whole["amount"]
        whole["amount"] = format(amount.normalize(), "f") if amount is not None else ""
        content = "\x1f".join(str(whole[name]) for name in _IDENTITY)
        self._alike[content] += 1
        text = f"{content}\x1f{self._alike[content]}"
        return f"C-{hashlib.sha256(text.encode()).hexdigest()[:20]}"

    def check(self, row: Row) -> None:
        for name in ("amount", "tax_amount"):
            self._check_digits(row, name)
        self._check_amount(row)
        self._check_sharing(row)
        self._check_month(row)
        if isinstance(row.new["vendor_id"], str) and not row.problems:
            self._new_vendors.add(row.new["vendor_id"])

    @cached_property
    def _locked(self) -> set[date]:
        return LockedMonth.objects.months()

    def _check_month(self, row: Row) -> None:
        heading = self.heading("spent_on")
        days = [values["spent_on"] for values in (row.old, row.new) if values.get("spent_on")]
        months = {day.replace(day=1) for day in days} & self._locked
        if months and not row.is_refused_in(heading):
            row.refuse(heading, locked_words(min(months), what="expenses"))

    def _check_digits(self, row: Row, name: str) -> None:
        heading = self.heading(name)
        if row.new[name] is None or row.is_refused_in(heading):
            return
        try:
            check_amount_fits(row.new[name], row.new["currency"])
        except ValidationError as error:
            row.refuse(heading, " ".join(error.messages))

    def _check_amount(self, row: Row) -> None:
        amount, tax = row.new["amount"], row.new["tax_amount"]
        heading = self.heading("amount")
        if amount is None or row.is_refused_in(heading):
            return
        if amount == 0:
            row.refuse(heading, violated(Expense, "finance_expense_not_zero"))
        if abs(tax) > abs(amount) or tax * amount < 0:
            row.refuse(self.heading("tax_amount"), violated(Expense, "finance_expense_tax_within"))
        self._check_credit(row, amount)

    def _check_credit(self, row: Row, amount: Decimal) -> None:
        is_note = row.new[CREDITS] is not None
        if is_note and (amount >= 0 or row.new["basis"] != Basis.ACTUAL):
            message = violated(Expense, "finance_expense_credit_is_negative")
            row.refuse(self.heading(CREDITS), message)
        elif problem := self._credit_notes.problem(row):
            row.refuse(self.heading(CREDITS if is_note else "amount"), problem)

    def _check_sharing(self, row: Row) -> None:
        new = row.new
        first, last = new["shared_from"], new["shared_until"]
        if new["event_id"] and (new["show_type_id"] or first or last):
            message = violated(Expense, "finance_expense_one_event_or_shared")
            row.refuse(self.heading("event_id"), message)
        if any(row.is_refused_in(self.heading(n)) for n in ("shared_from", "shared_until")):
            return
        is_half = (first is None) != (last is None)
        if is_half or (first and last and last < first):
            message = violated(Expense, "finance_expense_shared_period_whole")
            row.refuse(self.heading("shared_until" if first else "shared_from"), message)

    def existing(
        self, keys: Collection[Any], *, lock: bool
    ) -> dict[Any, tuple[int, dict[str, Any]]]:
        found = super().existing(keys, lock=lock)
        if found:
            self._credit_notes.read_notes([pk for pk, _ in found.values()])
            noted = {old[CREDITS] for _, old in found.values()} - {None}
            self._credit_notes.read(noted)
        return found

    def write(self, rows: Sequence[Row]) -> None:
        """Adds the new vendors of these rows first."""
        named = [row for row in rows if isinstance(row.given.get("vendor_id"), str)]
        if named:
            ids, new = add_vendors({row.given["vendor_id"] for row in named})
            self.record(new, is_new=True, model=Vendor)
            for row in named:
                row.new["vendor_id"] = ids[row.given["vendor_id"]]
        super().write(rows)

    def findings(self) -> list[str]:
        return will_be_added(self._new_vendors)

    def finish(self) -> None:
        share_expenses()

    def title(self, row: Row) -> str:
        vendor = self.shown("vendor_id", row.new) if row.new else ""
        return f"{vendor} {row.key}".strip()
