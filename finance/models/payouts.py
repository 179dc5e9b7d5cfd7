"""Why less, or more, than expected was paid out; and months whose books are closed."""

from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from events.models import Event
from nova_project.models import Timestamped, one_of
from nova_project.money import (
    CurrencyField,
    MoneyField,
    check_amount_fits,
    company_currency,
    format_money,
)


class VarianceKind(models.TextChoices):
    RESERVE = "reserve", "Reserve"
    CHARGEBACK = "chargeback", "Chargeback"
    CREDIT = "credit", "Credit"
    INVOICE = "invoice", "Invoice"
    WRITE_OFF = "write_off", "Written off"
    OTHER = "other", "Other"


class PayoutVariance(Timestamped):
    """Explains a difference between what was expected for an event and what arrived.

    `amount` is signed like the variance: negative where less arrived. Once all explanations of an
    event add up to its variance, nothing is left open.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="payout_variances")
    kind = models.CharField(max_length=10, choices=VarianceKind)
    amount = MoneyField(help_text="Negative where less arrived than expected.")
    currency = CurrencyField(default=company_currency)
    note = models.CharField(max_length=250, help_text="What happened, for those who read it later.")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="payout_variances",
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        verbose_name = "explained difference"
        constraints = [
            one_of("kind", VarianceKind),
            models.CheckConstraint(
                name="finance_variance_not_zero",
                condition=~Q(amount=0),
                violation_error_message="A difference of nothing needs no explanation.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["event", "currency"], include=["amount"], name="finance_variance_event"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {format_money(self.amount, self.currency)}"

    def clean(self) -> None:
        if self.amount is not None:
            try:
                check_amount_fits(self.amount, self.currency)
            except ValidationError as error:
                raise ValidationError({"amount": error}) from error


class LockedMonthQuerySet(models.QuerySet["LockedMonth"]):
    def in_force(self) -> "LockedMonthQuerySet":
        """Locked, and not unlocked since."""
        return self.filter(unlocked_at=None)

    def months(self) -> set[date]:
        """The first days of the months that are locked. One query."""
        return set(self.in_force().values_list("month", flat=True))


class LockedMonth(Timestamped):
    """A month whose books are closed: nobody changes deposits, matches or expenses dated in it.

    The database refuses such changes itself. Unlocking needs a permission and a reason; both stay
    here to read.
    """

    month = models.DateField(help_text="Any day of the month.")
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    note = models.CharField(max_length=200, blank=True)
    unlocked_at = models.DateTimeField(null=True, blank=True, editable=False)
    unlocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    unlock_reason = models.CharField("reason for unlocking", max_length=200, blank=True)
    history = HistoricalRecords()

    objects = LockedMonthQuerySet.as_manager()

    class Meta:
        ordering = ["-month", "-id"]
        verbose_name = "locked month"
        permissions = [("unlock_lockedmonth", "Can unlock months")]
        constraints = [
            models.UniqueConstraint(
                fields=["month"],
                condition=Q(unlocked_at=None),
                name="finance_lockedmonth_once",
                violation_error_message="This month is locked already.",
            ),
            models.CheckConstraint(
                name="finance_lockedmonth_reason",
                condition=Q(unlocked_at=None) | ~Q(unlock_reason=""),
                violation_error_message="Say why the month is unlocked.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}"

    def clean(self) -> None:
        if self.month:
            self.month = self.month.replace(day=1)


def refuse_locked(days: Iterable[date | None], *, what: str) -> None:
    """Raises ValidationError (`locked`) where a day is in a locked month. One query."""
    months = {day.replace(day=1) for day in days if day}
    locked = LockedMonth.objects.in_force().filter(month__in=months).order_by("month").first()
    if locked:
        raise ValidationError(locked_words(locked.month, what=what), code="locked")


def locked_words(month: date, *, what: str) -> str:
    return (
        f"{month:%B %Y} is locked: its {what} stay as they are. Date it in an open month, or ask "
        "somebody who may unlock it."
    )
