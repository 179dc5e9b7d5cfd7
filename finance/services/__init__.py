"""Writes about money that follow rules, a module per concept."""

from finance.services.checks import check_ledger
from finance.services.deposits import match_certain
from finance.services.doorsales import BY_HAND, Sale, settle_orders, write_sales
from finance.services.expenses import change_expense, record_expense
from finance.services.ledger import post_orders
from finance.services.recurring import plan_recurring_expenses
from finance.services.settlements import (
    close_settlement,
    compare_settlements,
    reopen_settlement,
    to_be_settled,
)
from finance.services.shares import share_expenses

__all__ = [
    "BY_HAND",
    "Sale",
    "change_expense",
    "check_ledger",
    "close_settlement",
    "compare_settlements",
    "match_certain",
    "plan_recurring_expenses",
    "post_orders",
    "record_expense",
    "reopen_settlement",
    "settle_orders",
    "share_expenses",
    "to_be_settled",
    "write_sales",
]
