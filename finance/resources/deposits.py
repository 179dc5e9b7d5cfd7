"""Deposits in Nova's own columns: what exports write, and what every statement is turned into."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from finance.models import BankAccount, Deposit, DepositSource
from finance.models.banking import deposit_key
from finance.models.payouts import LockedMonth, locked_words
from finance.services.deposits import match_certain
from nova_project.imports.amounts import AmountWidget, CurrencyWidget
from nova_project.imports.columns import ChoiceWidget, Column, DayWidget, NameWidget, TextWidget
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import Row
from nova_project.imports.rules import violated
from nova_project.money import check_amount_fits


class DepositResource(BulkResource):
    """A deposit is found by its deposit ID, else by what its line says.

    Two truly equal lines of one day are two deposits, counted in the order of the file; so the same
    file again, or one that overlaps it, changes nothing.
    """

    key = "fingerprint"
    noun = "deposit"
    key_words = (
        "A line that Nova knows already, from this file or another that overlaps it, is counted "
        "as unchanged. Two equal lines of one day are two deposits."
    )

    account = Column(
        "account_id",
        NameWidget(BankAccount.objects.all(), noun="bank account"),
        is_required=True,
        example="Sparkasse",
    )
    booked_on = Column("booked_on", DayWidget(), is_required=True, example="2026-03-19")
    value_on = Column("value_on", DayWidget(), example="2026-03-19")
    amount = Column("amount", AmountWidget(), is_required=True, example="512.40")
    currency = Column(
        "currency", CurrencyWidget(), example="EUR", help="The account's where it is blank."
    )
    description = Column("description", TextWidget(500), example="EVENTBRITE PAYOUT 1996456922398")
    counterparty = Column("counterparty", TextWidget(160), example="Eventbrite")
    source = Column("source", ChoiceWidget(DepositSource), example="Bank statement")
    external_id = Column("external_id", TextWidget(80), example="P-20391")
    fingerprint = Column(
        "fingerprint", TextWidget(40), heading="Deposit ID", help="Leave blank for new deposits."
    )

    class Meta:
        model = Deposit

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._alike: Counter[str] = Counter()
        self._accounts: dict[int, str] | None = None
        self._locked: set[date] | None = None

    @property
    def accounts(self) -> dict[int, str]:
        """The currency of each account. One query a run."""
        if self._accounts is None:
            self._accounts = dict(BankAccount.objects.values_list("pk", "currency"))
        return self._accounts

    @property
    def locked(self) -> set[date]:
        """The locked months. One query a run."""
        if self._locked is None:
            self._locked = LockedMonth.objects.months()
        return self._locked

    def identify(self, rows: Sequence[Row]) -> None:
        for row in rows:
            given = row.given
            given.setdefault("source", DepositSource.STATEMENT.value)
            if given.get("account_id"):
                given.setdefault("currency", self.accounts[given["account_id"]])
            row.key = given.get("fingerprint") or self._key_of(row)
            if row.key is not None:
                given["fingerprint"] = row.key

    def _key_of(self, row: Row) -> str | None:
        given = row.given
        if row.problems or not {"account_id", "booked_on", "amount"} <= given.keys():
            return None
        external_id = given.get("external_id", "")
        has_own_id = given["source"] == DepositSource.OFX and external_id
        about: dict[str, Any] = {
            "account_id": given["account_id"],
            "booked_on": given["booked_on"],
            "amount": given["amount"],
            "description": "" if has_own_id else given.get("description", ""),
            "counterparty": "" if has_own_id else given.get("counterparty", ""),
            "external_id": external_id,
        }
        # As the key compares texts, so that lines that differ in spaces only are counted as one.
        alike = deposit_key(**about, occurrence=0)
        self._alike[alike] += 1
        return deposit_key(**about, occurrence=self._alike[alike])

    def _refuse_no_key(self, row: Row) -> None:
        for name in ("account_id", "booked_on", "amount"):
            heading = self.heading(name)
            if name not in row.given and not row.is_refused_in(heading):
                row.refuse(heading, "Is missing.")

    def check(self, row: Row) -> None:
        new = row.new
        self._check_amount(row)
        account = new["account_id"]
        if account and new["currency"] != self.accounts[account]:
            row.refuse(self.heading("currency"), f"The account is in {self.accounts[account]}.")
        for day in {row.old["booked_on"], new["booked_on"]} - {None}:
            if day.replace(day=1) in self.locked:
                words = locked_words(day.replace(day=1), what="deposits")
                row.refuse(self.heading("booked_on"), words)

    def _check_amount(self, row: Row) -> None:
        heading, amount = self.heading("amount"), row.new["amount"]
        if amount is None or row.is_refused_in(heading):
            return
        if amount == 0:
            row.refuse(heading, violated(Deposit, "finance_deposit_not_zero"))
        try:
            check_amount_fits(amount, row.new["currency"])
        except ValidationError as error:
            row.refuse(heading, " ".join(error.messages))

    def finish(self) -> None:
        match_certain()

    def title(self, row: Row) -> str:
        return f"{row.new['booked_on']}, {row.new.get('description') or ''}".strip(", ")
