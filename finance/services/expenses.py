"""Entering and changing costs from elsewhere than a form."""

from typing import Any

from django.db import transaction

from finance.models import Expense
from finance.services.vendors import vendor_named


@transaction.atomic
def record_expense(**values: Any) -> Expense:
    """Enters a cost. The caller shares common costs anew (`share_expenses`) after the last one.

    `vendor` may be a name; a new one is added.
    Raises ValidationError: a value is missing or not allowed, such as an amount of zero.
    """
    expense = Expense(**_with_vendor(values))
    expense.full_clean()
    expense.save()
    return expense


@transaction.atomic
def change_expense(*, expense: Expense, **values: Any) -> Expense:
    """Changes these fields of a cost and leaves the others as they are by now.

    `vendor` may be a name; a new one is added.
    Raises ValidationError: a value is not allowed. Raises Expense.DoesNotExist: it was deleted.
    """
    current = Expense.objects.select_for_update().get(pk=expense.pk)
    for name, value in _with_vendor(values).items():
        setattr(current, name, value)
    current.full_clean()
    current.save()
    return current


def _with_vendor(values: dict[str, Any]) -> dict[str, Any]:
    name = values.get("vendor")
    return values | {"vendor": vendor_named(name)} if isinstance(name, str) else values
