"""What the deal of an expense or of an order should hold, whether or not there is one yet."""

from collections.abc import Mapping

from finance.models import Expense
from integrations.hubspot.deals.account import CANCELLED, EXPENSES, Account
from integrations.hubspot.deals.expenses import merged, values_of
from integrations.hubspot.deals.mapping import (
    EXPENSE_ID,
    NAME,
    PIPELINE,
    STAGE,
    Deal,
    Sale,
    Values,
    expense_to_api,
)
from integrations.models import DealLink


def new_expense(expense: Expense, account: Account, event_text: str) -> dict[str, str]:
    """The properties of the deal that an expense becomes."""
    pipeline = account.pipeline(EXPENSES)
    named = [expense.get_category_display(), expense.vendor_name or expense.reference]
    if expense.event:
        named.append(str(expense.event))
    return {
        NAME: ", ".join(named),
        PIPELINE: pipeline.id if pipeline else "",
        **_filled(expense_to_api(values_of(expense), account, event_text)),
        EXPENSE_ID: str(expense.pk),
    }


def expense_changes(
    link: DealLink, deal: Deal, account: Account, remote: Values, texts: Mapping[str, str]
) -> dict[str, str]:
    """What must be written to the deal of an expense; {} for nothing."""
    expense = link.expense
    if expense is None:
        pipeline = account.pipeline(EXPENSES)
        stage = pipeline.stage(CANCELLED) if pipeline else ""
        return {STAGE: stage} if stage and deal.values.get(STAGE) != stage else {}
    send = merged(link.agreed, expense, remote).send
    found = expense_to_api(send, account, texts.get(values_of(expense)["event"], ""))
    if deal.values.get(EXPENSE_ID) != str(expense.pk):
        found[EXPENSE_ID] = str(expense.pk)
    return found


def new_sale(sale: Sale, account: Account) -> dict[str, str]:
    """The properties of the deal that an order becomes."""
    return {NAME: f"{sale.event}, order {sale.key}"} | sale.to_api(account)


def sale_changes(sale: Sale, deal: Deal, account: Account) -> dict[str, str]:
    """What must be written to the deal of an order; {} for nothing."""
    wanted = sale.to_api(account)
    return {name: v for name, v in wanted.items() if v != deal.values.get(name, "")}


def _filled(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
