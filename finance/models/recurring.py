"""Costs that come again and again."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from events.models import ShowType
from finance.models.categories import Category
from finance.models.expenses import Expense, Spread, tax_within
from finance.models.vendors import Vendor
from nova_project.models import Timestamped, one_of
from nova_project.money import (
    ZERO,
    CurrencyField,
    MoneyField,
    check_amount_fits,
    company_currency,
)


class Schedule(models.TextChoices):
    MONTHLY = "monthly", "Every month"
    WEEKLY = "weekly", "Every week"
    PER_SHOW = "per_show", "Every show"


class RecurringExpenseQuerySet(models.QuerySet["RecurringExpense"]):
    def running(self, today: date) -> "RecurringExpenseQuerySet":
        """Switched on, and not at their end yet."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=today), is_on=True)


class RecurringExpense(Timestamped):
    """A rule that makes planned expenses ahead: a rent every month, a fee at every show.

    A change of the rule reaches the expenses that it makes from then on. Those that it has made
    are staff's to change or delete: the rule makes none of them twice.
    """

    name = models.CharField(max_length=120, unique=True)
    schedule = models.CharField(max_length=8, choices=Schedule, default=Schedule.MONTHLY)
    starts_on = models.DateField(
        "first date",
        default=timezone.localdate,
        help_text="Every month on this day of the month, or every week on this weekday. Of shows: "
        "those from this day on.",
    )
    ends_on = models.DateField(
        "last date", null=True, blank=True, help_text="Leave blank for no end."
    )
    is_on = models.BooleanField("on", default=True)
    category = models.CharField(max_length=12, choices=Category)
    amount = MoneyField()
    tax_amount = MoneyField("reclaimable tax", default=ZERO)
    currency = CurrencyField(default=company_currency)
    vendor = models.ForeignKey(
        Vendor, on_delete=models.PROTECT, null=True, blank=True, related_name="recurring_expenses"
    )
    show_type = models.ForeignKey(
        ShowType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="recurring_expenses",
        help_text="Only shows of this type bear it; leave blank for all shows.",
    )
    spread = models.CharField(
        "spread over shows",
        max_length=6,
        choices=Spread,
        default=Spread.EQUAL,
        help_text="How a monthly or weekly cost is shared by the shows of its month.",
    )
    note = models.CharField(max_length=250, blank=True)
    history = HistoricalRecords()

    objects = RecurringExpenseQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            one_of("schedule", Schedule),
            one_of("category", Category),
            one_of("spread", Spread),
            models.CheckConstraint(
                name="finance_recurring_amount_positive",
                condition=Q(amount__gt=0),
                violation_error_message="A recurring expense has an amount above zero.",
            ),
            tax_within("finance_recurring_tax_within"),
            models.CheckConstraint(
                name="finance_recurring_ends_after_start",
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message="The last date cannot be before the first one.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        for name in ("amount", "tax_amount"):
            amount = getattr(self, name)
            if amount is None:
                continue
            try:
                check_amount_fits(amount, self.currency)
            except ValidationError as error:
                raise ValidationError({name: error}) from error


class RecurringEntry(models.Model):
    """One time that a rule came round. `period` is its date, or the show that it is for.

    The row stays when its expense is deleted, so that the rule does not make it again.
    """

    rule = models.ForeignKey(RecurringExpense, on_delete=models.CASCADE, related_name="entries")
    period = models.CharField(max_length=32)
    expense = models.OneToOneField(
        Expense,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="recurring_entry",
    )

    class Meta:
        ordering = ["rule", "period"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "period"], name="finance_recurring_once")
        ]

    def __str__(self) -> str:
        return f"{self.rule}, {self.period}"
