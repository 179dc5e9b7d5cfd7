"""What shows cost, as staff enter it."""

import uuid
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from customers.models import Campaign
from events.models import Event, ShowType
from finance.models.categories import Category
from finance.models.creditnotes import check_credit_notes
from finance.models.payouts import refuse_locked
from finance.models.vendors import Vendor
from nova_project.models import Timestamped, one_of
from nova_project.money import (
    ZERO,
    CurrencyField,
    MoneyField,
    check_amount_fits,
    company_currency,
)
from nova_project.periods import Period


class ExpenseStatus(models.TextChoices):
    PLANNED = "planned", "Planned"
    COMMITTED = "committed", "Committed"
    PAID = "paid", "Paid"


class Basis(models.TextChoices):
    ACTUAL = "actual", "Actual"
    BUDGET = "budget", "Budget"


class Spread(models.TextChoices):
    """By what a shared cost is divided."""

    EQUAL = "equal", "Equally"
    SEATS = "seats", "By seats"
    GROSS = "gross", "By gross"


def new_reference() -> str:
    """A short key that no other expense has, for expenses entered by hand."""
    return f"E-{uuid.uuid4().hex[:10]}"


IS_COUNTED = Q(basis=Basis.ACTUAL, status__in=[ExpenseStatus.COMMITTED, ExpenseStatus.PAID])
"""The costs that reduce profit, among expenses and among their earlier versions."""

COST = models.ExpressionWrapper(
    models.F("amount") - models.F("tax_amount"), output_field=MoneyField()
)
"""What an expense takes from profit: its amount less the tax that comes back."""


def tax_within(name: str) -> models.CheckConstraint:
    """Reclaimable tax is a part of the amount, and has its sign."""
    amount = models.F("amount")
    return models.CheckConstraint(
        name=name,
        condition=Q(tax_amount=0)
        | Q(tax_amount__gt=0, tax_amount__lte=amount)
        | Q(tax_amount__lt=0, tax_amount__gte=amount),
        violation_error_message="The reclaimable tax is a part of the amount: it cannot be "
        "larger, and a credit note has a negative one.",
    )


class ExpenseQuerySet(models.QuerySet["Expense"]):
    def counted(self) -> "ExpenseQuerySet":
        """Actual costs that are committed or paid: those that reduce profit."""
        return self.filter(IS_COUNTED)

    def direct(self) -> "ExpenseQuerySet":
        """Those of one event."""
        return self.exclude(event=None)

    def shared(self) -> "ExpenseQuerySet":
        """Those that several events share: of a show type, a period or both."""
        return self.filter(event=None)

    def unplaced(self) -> "ExpenseQuerySet":
        """Shared ones that count, and that no show can bear yet."""
        return self.counted().shared().filter(shares=None).exclude(amount=models.F("tax_amount"))


class Expense(Timestamped):
    """A cost: of one event, or shared by the events of a show type and period.

    A shared cost without show type falls on all shows; without dates, on those of the month of
    `spent_on`. Only events in the expense's own currency take a share.
    """

    reference = models.CharField(
        max_length=64,
        unique=True,
        default=new_reference,
        help_text="Your invoice number, or leave what is there. CSV imports find expenses by it.",
    )
    category = models.CharField(max_length=12, choices=Category)
    amount = MoneyField(help_text="Negative for a credit note.")
    currency = CurrencyField(default=company_currency)
    tax_amount = MoneyField(
        "reclaimable tax",
        default=ZERO,
        help_text="The part of the amount that the tax office pays back. It does not reduce "
        "profit. Leave 0 if you do not reclaim tax.",
    )
    vendor = models.ForeignKey(
        Vendor, on_delete=models.PROTECT, null=True, blank=True, related_name="expenses"
    )
    spent_on = models.DateField("date", default=timezone.localdate)
    status = models.CharField(
        max_length=10,
        choices=ExpenseStatus,
        default=ExpenseStatus.PAID,
        help_text="Planned costs do not reduce profit yet; committed and paid ones do.",
    )
    basis = models.CharField("budget or actual", max_length=6, choices=Basis, default=Basis.ACTUAL)
    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="expenses",
        help_text="Leave blank for a cost that several events share.",
    )
    show_type = models.ForeignKey(
        ShowType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="expenses",
        verbose_name="shared by show type",
    )
    shared_from = models.DateField(null=True, blank=True)
    shared_until = models.DateField(null=True, blank=True, help_text="This day is included.")
    spread = models.CharField(
        "spread over shows",
        max_length=6,
        choices=Spread,
        default=Spread.EQUAL,
        help_text="Equally, by the seats or by the gross of each show.",
    )
    credits = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_notes",
        verbose_name="credit note for",
        help_text="The expense that this credit note takes back, in part or whole.",
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.SET_NULL, null=True, blank=True, related_name="expenses"
    )
    note = models.CharField(max_length=250, blank=True)
    history = HistoricalRecords(
        verbose_name="change of an expense", verbose_name_plural="changes of expenses"
    )

    objects = ExpenseQuerySet.as_manager()

    class Meta:
        ordering = ["-spent_on", "-id"]
        permissions = [("plan_expense", "Can plan expenses: planned ones and budgets")]
        constraints = [
            one_of("category", Category),
            one_of("status", ExpenseStatus),
            one_of("basis", Basis),
            one_of("spread", Spread),
            tax_within("finance_expense_tax_within"),
            models.CheckConstraint(
                name="finance_expense_credit_is_negative",
                condition=Q(credits=None) | Q(amount__lt=0, basis=Basis.ACTUAL),
                violation_error_message="A credit note has a negative amount and is an actual "
                "cost, not a budget.",
            ),
            models.CheckConstraint(
                name="finance_expense_not_zero",
                condition=~Q(amount=0),
                violation_error_message="An expense of nothing is not an expense.",
            ),
            models.CheckConstraint(
                name="finance_expense_one_event_or_shared",
                condition=Q(event=None) | Q(show_type=None, shared_from=None, shared_until=None),
                violation_error_message="Choose an event, or what the cost is shared by; not both.",
            ),
            models.CheckConstraint(
                name="finance_expense_shared_period_whole",
                condition=Q(shared_from=None, shared_until=None)
                | Q(
                    shared_from__isnull=False,
                    shared_until__isnull=False,
                    shared_until__gte=models.F("shared_from"),
                ),
                violation_error_message="Give both days of the shared period, the first one first.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["event", "currency", "category"],
                include=["amount", "tax_amount"],
                name="finance_expense_event_cost",
            ),
            models.Index(fields=["-spent_on", "-id"], name="finance_expense_day"),
            models.Index(fields=["campaign"], name="finance_expense_campaign"),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}, {self.vendor_name or self.reference}"

    def clean(self) -> None:
        for name in ("amount", "tax_amount"):
            amount = getattr(self, name)
            if amount is None:
                continue
            try:
                check_amount_fits(amount, self.currency)
            except ValidationError as error:
                raise ValidationError({name: error}) from error
        check_credit_notes(self)
        before = Expense.objects.filter(pk=self.pk).values_list("spent_on", flat=True)
        refuse_locked([self.spent_on, *(before if self.pk else ())], what="expenses")

    @property
    def vendor_name(self) -> str:
        """Who is paid, "" where nobody is named."""
        return self.vendor.name if self.vendor else ""

    @property
    def cost(self) -> Decimal:
        """What it takes from profit. The same rule as `COST`."""
        return self.amount - self.tax_amount

    @property
    def is_shared(self) -> bool:
        return self.event_id is None

    @property
    def is_counted(self) -> bool:
        """Does it reduce profit? The same rule as `ExpenseQuerySet.counted`."""
        return self.basis == Basis.ACTUAL and self.status != ExpenseStatus.PLANNED

    @property
    def shared_period(self) -> Period:
        """The days whose events share the cost."""
        return shared_period(self.spent_on, self.shared_from, self.shared_until)


def shared_period(spent_on: date, first: date | None, last: date | None) -> Period:
    """The days from `first` through `last`; where they are not given, the month of `spent_on`."""
    return Period.inclusive(first, last) if first and last else Period.month_of(spent_on)


class ExpenseShare(models.Model):
    """What one event bears of a shared expense. Σ shares of an expense = its cost: the amount less
    reclaimable tax.

    Derived: `finance.services.share_expenses` rewrites them.
    """

    expense = models.ForeignKey(Expense, on_delete=models.CASCADE, related_name="shares")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="expense_shares")
    amount = MoneyField()
    currency = CurrencyField()

    class Meta:
        ordering = ["expense", "event"]
        constraints = [
            models.UniqueConstraint(fields=["expense", "event"], name="finance_share_once")
        ]
        indexes = [
            models.Index(
                fields=["event", "currency"], include=["amount"], name="finance_share_event"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} of {self.expense}"
