"""The money, a module per concept."""

from finance.models.agreements import (
    AgreementStatus,
    BonusStep,
    DealBase,
    DealKind,
    PerformerAgreement,
)
from finance.models.banking import (
    AmountStyle,
    BankAccount,
    Deposit,
    DepositMatch,
    DepositSource,
    MatchOrigin,
    StatementKind,
    StatementMapping,
)
from finance.models.categories import CATEGORIES, Category
from finance.models.checks import ADVICE, CheckRule, LedgerCheck, LedgerDifference
from finance.models.expenses import COST, Basis, Expense, ExpenseShare, ExpenseStatus, Spread
from finance.models.ledger import LedgerKind, LedgerLine
from finance.models.payouts import LockedMonth, PayoutVariance, VarianceKind
from finance.models.performers import Performer
from finance.models.receipts import Receipt, ReceiptKind
from finance.models.recurring import RecurringEntry, RecurringExpense, Schedule
from finance.models.settlements import MovedSettlement, Settlement, SettlementReopening
from finance.models.vendors import Vendor

__all__ = [
    "ADVICE",
    "CATEGORIES",
    "COST",
    "AgreementStatus",
    "AmountStyle",
    "BankAccount",
    "Basis",
    "BonusStep",
    "Category",
    "CheckRule",
    "DealBase",
    "DealKind",
    "Deposit",
    "DepositMatch",
    "DepositSource",
    "Expense",
    "ExpenseShare",
    "ExpenseStatus",
    "LedgerCheck",
    "LedgerDifference",
    "LedgerKind",
    "LedgerLine",
    "LockedMonth",
    "MatchOrigin",
    "MovedSettlement",
    "PayoutVariance",
    "Performer",
    "PerformerAgreement",
    "Receipt",
    "ReceiptKind",
    "RecurringEntry",
    "RecurringExpense",
    "Schedule",
    "Settlement",
    "SettlementReopening",
    "Spread",
    "StatementKind",
    "StatementMapping",
    "VarianceKind",
    "Vendor",
]
