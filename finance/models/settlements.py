"""Closed shows: their figures as they were, frozen version by version."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from events.models import Event
from nova_project.models import Timestamped
from nova_project.money import CurrencyField, MoneyField


class SettlementQuerySet(models.QuerySet["Settlement"]):
    def standing(self) -> "SettlementQuerySet":
        """Those that are closed and were not reopened: at most one version of a show."""
        return self.filter(reopening=None)


class Settlement(models.Model):
    """The result of closing a show. The database refuses to change one, whoever asks.

    `figures` holds amounts as texts of decimals, by the names that
    `finance.services.settlements` gives them.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="settlements")
    version = models.PositiveIntegerField()
    currency = CurrencyField()
    net_revenue = MoneyField()
    figures = models.JSONField()
    closed_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = SettlementQuerySet.as_manager()

    class Meta:
        ordering = ["-closed_at", "-id"]
        permissions = [
            ("close_settlement", "Can close the settlement of a show"),
            ("reopen_settlement", "Can reopen a closed settlement"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "version"], name="finance_settlement_version_once"
            ),
            models.CheckConstraint(
                name="finance_settlement_version_from_one", condition=Q(version__gte=1)
            ),
        ]
        indexes = [models.Index(fields=["-closed_at", "-id"], name="finance_settlement_time")]

    def __str__(self) -> str:
        return f"{self.event}, version {self.version}"


class SettlementReopening(models.Model):
    """Who opened a closed settlement again, and why. The figures of the version stay."""

    settlement = models.OneToOneField(
        Settlement, on_delete=models.PROTECT, related_name="reopening"
    )
    reason = models.CharField(max_length=250)
    reopened_at = models.DateTimeField(default=timezone.now, editable=False)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-reopened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="finance_reopening_has_reason",
                condition=~Q(reason=""),
                violation_error_message="Say why the settlement is opened again.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.settlement}, reopened"


class MovedSettlement(Timestamped):
    """A closed show whose figures are others by now.

    Derived: `finance.services.compare_settlements` keeps these rows.
    """

    settlement = models.OneToOneField(Settlement, on_delete=models.CASCADE, related_name="move")
    net_revenue = MoneyField("net revenue now")
    words = models.CharField("what moved", max_length=500)

    class Meta:
        ordering = ["-updated_at", "-id"]

    def __str__(self) -> str:
        return f"{self.settlement}: {self.words}"
