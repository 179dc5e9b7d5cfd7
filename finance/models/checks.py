"""What checking the ledger found: each check, and each difference by its record."""

from datetime import timedelta

from django.db import models

from nova_project.models import one_of


class CheckRule(models.TextChoices):
    """What is compared with what."""

    ORDER = "order", "Orders against their ledger lines"
    STRAY = "stray", "Ledger lines against the show and currency of their order"
    ORPHAN = "orphan", "Ledger lines without an order or a show"
    REFUND = "refund", "Refunds against what tells of them"
    CUSTOMER = "customer", "Customers against their orders and seats"
    SHARE = "share", "Shared costs against the parts that shows bear"
    PROFIT = "profit", "The profit report against the ledger and the expenses"


ADVICE: dict[str, str] = {
    CheckRule.ORDER: "Run check_ledger --repair: it adds the missing lines. If the difference "
    "comes back, read the order again with sync_eventbrite.",
    CheckRule.STRAY: "Run check_ledger --repair: it takes the lines back and adds them where the "
    "order is.",
    CheckRule.ORPHAN: "Bring the order or show back from a backup, or ask whoever looks after "
    "Nova's database.",
    CheckRule.REFUND: "Read the order again with sync_eventbrite, or import its refund again.",
    CheckRule.CUSTOMER: "Run check_ledger --repair, or refresh_customers: both compute the "
    "customer's figures anew.",
    CheckRule.SHARE: "Run check_ledger --repair: it spreads the cost anew.",
    CheckRule.PROFIT: "Do not rely on the profit reports, and ask whoever looks after Nova: two "
    "ways to add up the same money differ.",
}
"""What to do about a difference, by rule."""


class LedgerCheckQuerySet(models.QuerySet["LedgerCheck"]):
    def finished(self) -> "LedgerCheckQuerySet":
        """Those that came to their end, the latest first."""
        return self.exclude(finished_at=None).order_by("-pk")

    def differing(self) -> "LedgerCheckQuerySet":
        """The latest finished one, if it found a difference."""
        latest = self.model.objects.finished().values("pk")[:1]
        return self.filter(pk__in=latest, difference_count__gt=0)


class LedgerCheck(models.Model):
    """One check of the ledger: every total computed again from what it is made of."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    difference_count = models.PositiveIntegerField("differences", default=0)
    repaired_count = models.PositiveIntegerField(
        "repaired", default=0, help_text="Differences that the check found and put right first."
    )

    objects = LedgerCheckQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"Ledger check {self.pk}"

    @property
    def took(self) -> timedelta | None:
        return self.finished_at - self.started_at if self.finished_at else None


class LedgerDifference(models.Model):
    """A figure that is not what its sources add up to."""

    check_run = models.ForeignKey(
        LedgerCheck, on_delete=models.CASCADE, related_name="differences", verbose_name="check"
    )
    rule = models.CharField("compared", max_length=8, choices=CheckRule)
    record = models.CharField(max_length=200, help_text="What the figure belongs to.")
    record_model = models.CharField(max_length=60, blank=True, editable=False)
    record_id = models.BigIntegerField(null=True, blank=True, editable=False)
    figure = models.CharField(max_length=60)
    kept = models.CharField(max_length=60, help_text="What Nova keeps or reports.")
    computed = models.CharField(
        "computed again", max_length=60, help_text="What the sources add up to."
    )
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = "difference in the ledger"
        verbose_name_plural = "differences in the ledger"
        constraints = [one_of("rule", CheckRule)]

    def __str__(self) -> str:
        amount = f" {self.currency}" if self.currency else ""
        return (
            f"{self.record}, {self.figure}: {self.kept}{amount} kept, {self.computed}{amount} "
            "computed again"
        )

    @property
    def advice(self) -> str:
        return ADVICE[self.rule]
