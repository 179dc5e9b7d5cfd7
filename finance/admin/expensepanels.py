"""What stands around the list and the pages of expenses."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from events.models import Event
from finance.models import Basis, Category, Expense
from finance.services.budget import Budgeted, budget_totals, lines_of
from finance.services.shares import is_equal_for_want_of
from nova_project.admin import change_link, link, money, profit
from nova_project.money import ZERO
from nova_project.panels import Panel


def totals_panel(expenses: QuerySet[Expense]) -> Panel:
    """Sums by currency and category of the filtered list, budgets apart. One query."""
    keys = expenses.order_by().values_list("currency", "basis", "category")
    found: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    for currency, basis, category, total in keys.annotate(total=Sum("amount")):
        found[currency, basis][category] = total
    return Panel(
        "Totals of this list",
        columns=("Currency", *Category.labels, "Total"),
        numbers=(*Category.labels, "Total"),
        rows=[
            (
                f"{currency}, budgets" if basis == Basis.BUDGET else currency,
                *(money(by_category.get(name, ZERO), currency) for name in Category.values),
                money(sum(by_category.values(), ZERO), currency),
            )
            for (currency, basis), by_category in sorted(found.items())
        ],
        empty="There is nothing to add up.",
        note="As filtered: planned costs are in, unless you filter them out. Reclaimable tax is in "
        "the amounts.",
    )


def shares_panel(expense: Expense) -> Panel:
    """What each show bears of a shared cost. Up to three queries."""
    shares = expense.shares.select_related("event").order_by("event__starts_on", "event")
    note = "The cost less reclaimable tax, as the shows are today."
    if is_equal_for_want_of(expense):
        what = "seats" if expense.spread == "seats" else "gross"
        note = f"These shows have no {what} yet: until then they bear it equally."
    return Panel(
        "Borne by",
        columns=("Event", "Date", "Share"),
        numbers=("Share",),
        rows=[
            (change_link(share.event, share.event.name), share.event.starts_on,
             money(share.amount, share.currency))
            for share in shares
        ],
        empty="No show bears this cost yet: there is none of its type and days in "
        f"{expense.currency}, or the cost is only planned. It waits until there is one.",
        note=note,
        is_half=True,
    )  # fmt: skip


def receipts_panel(request: HttpRequest, expense: Expense) -> Panel:
    may_delete = request.user.has_perm("finance.delete_receipt")
    return Panel(
        "Receipts",
        columns=("File", "Kind", "Size", "Uploaded", ""),
        numbers=("Size",),
        rows=[
            (
                link(reverse("admin:finance_receipt_file", args=[receipt.pk]), receipt.name),
                receipt.get_kind_display(),
                f"{max(1, receipt.size // 1024):,} kB",
                date_format(localtime(receipt.uploaded_at), "j M Y, H:i"),
                link(reverse("admin:finance_receipt_delete", args=[receipt.pk]), "Remove")
                if may_delete
                else "",
            )
            for receipt in expense.receipts.all()
        ],
        empty="No receipt yet. Add one with “Add receipts” above.",
    )


def credit_panel(request: HttpRequest, expense: Expense) -> Panel:
    """The credit notes for an expense, and the way to another one. One query."""
    notes = list(expense.credit_notes.order_by("spent_on", "pk"))
    left = expense.amount + sum((note.amount for note in notes), ZERO)
    add = f"{reverse('admin:finance_expense_add')}?credits={expense.pk}"
    may_add = request.user.has_perm("finance.add_expense") and left > 0
    return Panel(
        "Credit notes",
        columns=("Reference", "Date", "Amount"),
        numbers=("Amount",),
        rows=[
            (change_link(note, note.reference), note.spent_on, money(note.amount, note.currency))
            for note in notes
        ],
        empty="None.",
        note=f"Left of this expense: {money(left, expense.currency)}" if notes else "",
        more=("Enter a credit note", add) if may_add else None,
        is_half=True,
    )


def budget_panel(event: Event) -> Panel:
    """Budget against actual of one event, by category. One query."""
    lines = lines_of(Expense.objects.filter(event=event))
    amounts = ("Budget", "Planned", "Actual", "Difference")
    rows = [(line.category_name, *_amounts(line), _used(line)) for line in lines]
    totals = [(f"Total {row.currency}", *_amounts(row), _used(row)) for row in budget_totals(lines)]
    days = f"?start={event.starts_on}&end={event.starts_on}"
    report = reverse("reports:report", args=["budget"]) + days
    return Panel(
        "Budget against actual",
        columns=("Category", *amounts, "% used"),
        numbers=(*amounts, "% used"),
        rows=rows + (totals if len(rows) > 1 else []),
        empty="No costs and no budget yet.",
        more=("All shows of this day", report),
        is_half=True,
    )


def _amounts(line: Budgeted) -> tuple[object, ...]:
    return (
        money(line.budget, line.currency),
        money(line.planned, line.currency),
        money(line.actual, line.currency),
        "–" if line.difference is None else profit(line.difference, line.currency),
    )


def _used(line: Budgeted) -> str:
    return "no budget" if line.used is None else f"{line.used:,.1f}"
