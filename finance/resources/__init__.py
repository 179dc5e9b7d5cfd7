"""CSV and XLSX in and out of what has to do with money, a module per kind of row."""

from finance.resources.agreements import (
    AgreementResource,
)
from finance.resources.bank import (
    BankAccountResource,
    DepositMatchResource,
    LockedMonthResource,
    PayoutVarianceResource,
    StatementMappingResource,
)
from finance.resources.deposits import (
    DepositResource,
)
from finance.resources.expenses import (
    ExpenseResource,
)
from finance.resources.performers import (
    PerformerResource,
)
from finance.resources.seats import (
    AttendanceResource,
)
from finance.resources.settlements import (
    SettlementResource,
)

__all__ = [
    "AgreementResource",
    "AttendanceResource",
    "BankAccountResource",
    "DepositMatchResource",
    "DepositResource",
    "ExpenseResource",
    "LockedMonthResource",
    "PayoutVarianceResource",
    "PerformerResource",
    "SettlementResource",
    "StatementMappingResource",
]
