"""The money in the admin, a module per concept.

Events, show types, orders, seats and follow-ups are registered here: what the lower apps know of
them, and their money.
"""

from finance.admin.agreements import PerformerAdmin, PerformerAgreementAdmin
from finance.admin.banking import (
    BankAccountAdmin,
    PayoutVarianceAdmin,
    StatementMappingAdmin,
)
from finance.admin.changes import ExpenseChangeAdmin
from finance.admin.checks import LedgerCheckAdmin, LedgerDifferenceAdmin
from finance.admin.deposits import DepositAdmin
from finance.admin.expenses import ExpenseAdmin
from finance.admin.followups import FollowUpWithResultsAdmin
from finance.admin.locks import LockedMonthAdmin
from finance.admin.matches import DepositMatchAdmin
from finance.admin.orders import LedgerLineAdmin, OrderWithLedgerAdmin
from finance.admin.programme import EventWithMoneyAdmin, SharingShowTypeAdmin
from finance.admin.receipts import ReceiptAdmin
from finance.admin.recurring import RecurringExpenseAdmin
from finance.admin.seats import AttendanceWithFilesAdmin
from finance.admin.settlements import SettlementAdmin
from finance.admin.vendors import VendorAdmin

__all__ = [
    "AttendanceWithFilesAdmin",
    "BankAccountAdmin",
    "DepositAdmin",
    "DepositMatchAdmin",
    "EventWithMoneyAdmin",
    "ExpenseAdmin",
    "ExpenseChangeAdmin",
    "FollowUpWithResultsAdmin",
    "LedgerCheckAdmin",
    "LedgerDifferenceAdmin",
    "LedgerLineAdmin",
    "LockedMonthAdmin",
    "OrderWithLedgerAdmin",
    "PayoutVarianceAdmin",
    "PerformerAdmin",
    "PerformerAgreementAdmin",
    "ReceiptAdmin",
    "RecurringExpenseAdmin",
    "SettlementAdmin",
    "SharingShowTypeAdmin",
    "StatementMappingAdmin",
    "VendorAdmin",
]
