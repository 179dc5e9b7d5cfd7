"""Lists about the bank as files: accounts to bring in, the others to take along."""

from typing import Any

from finance.models import (
    BankAccount,
    DepositMatch,
    LockedMonth,
    MatchOrigin,
    PayoutVariance,
    StatementKind,
    StatementMapping,
    VarianceKind,
)
from finance.resources.events import EventWidget
from nova_project.imports.amounts import AmountWidget, CurrencyWidget
from nova_project.imports.columns import (
    ChoiceWidget,
    Column,
    DayWidget,
    MomentWidget,
    ShownWidget,
    TextWidget,
)
from nova_project.imports.resource import BulkResource


def _shown(attribute: str, heading: str, widget: Any = None) -> Column:
    return Column(attribute, widget or ShownWidget(), heading=heading, readonly=True)


class BankAccountResource(BulkResource):
    """Accounts by their names."""

    key = "name"
    noun = "bank account"
    key_words = "A bank account is found by its name."

    name = Column("name", TextWidget(80), is_required=True, example="Sparkasse")
    iban_ending = Column("iban_ending", TextWidget(6), example="4711")
    currency = Column("currency", CurrencyWidget(), example="EUR")
    payout_words = Column("payout_words", TextWidget(200), example="Eventbrite")

    class Meta:
        model = BankAccount


class DepositMatchResource(BulkResource):
    """Which deposit pays for which event."""

    noun = "match"

    booked_on = _shown("deposit__booked_on", "Booked on", DayWidget())
    deposit = _shown("deposit__fingerprint", "Deposit ID")
    text = _shown("deposit__description", "Reference")
    event = _shown("event_id", "Event", EventWidget())
    amount = _shown("amount", "Amount", AmountWidget())
    currency = _shown("currency", "Currency")
    origin = _shown("origin", "Matched", ChoiceWidget(MatchOrigin))
    evidence = _shown("evidence", "Evidence")

    class Meta:
        model = DepositMatch


class PayoutVarianceResource(BulkResource):
    """Differences between what was expected and what arrived, explained."""

    noun = "explained difference"

    event = _shown("event_id", "Event", EventWidget())
    kind = _shown("kind", "Kind", ChoiceWidget(VarianceKind))
    amount = _shown("amount", "Amount", AmountWidget())
    currency = _shown("currency", "Currency")
    note = _shown("note", "Note")
    entered_by = _shown("entered_by__username", "Entered by", TextWidget())
    created_at = _shown("created_at", "Entered", MomentWidget())

    class Meta:
        model = PayoutVariance


class LockedMonthResource(BulkResource):
    """Months whose books are closed, or were."""

    noun = "locked month"

    month = _shown("month", "Month", DayWidget())
    locked_by = _shown("locked_by__username", "Locked by", TextWidget())
    created_at = _shown("created_at", "Locked", MomentWidget())
    note = _shown("note", "Note")
    unlocked_at = _shown("unlocked_at", "Unlocked", MomentWidget())
    unlocked_by = _shown("unlocked_by__username", "Unlocked by", TextWidget())
    reason = _shown("unlock_reason", "Reason for unlocking", TextWidget())

    class Meta:
        model = LockedMonth


class StatementMappingResource(BulkResource):
    """How banks write their statements."""

    noun = "statement mapping"

    name = _shown("name", "Name")
    kind = _shown("kind", "Kind", ChoiceWidget(StatementKind))
    delimiter = _shown("delimiter", "Delimiter")
    encoding = _shown("encoding", "Encoding")
    date_format = _shown("date_format", "Date format")

    class Meta:
        model = StatementMapping
