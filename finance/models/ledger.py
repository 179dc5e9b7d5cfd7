"""The ledger: what happened to the money of orders, line by line, never edited."""

from django.db import models
from django.db.models import Q

from customers.models import Order
from events.models import Event
from nova_project.models import one_of
from nova_project.money import CurrencyField, MoneyField


class LedgerKind(models.TextChoices):
    SALE = "sale", "Sale"
    TAX = "tax", "Tax"
    EVENTBRITE_FEE = "eventbrite_fee", "Eventbrite fee"
    PROCESSING_FEE = "processing_fee", "Processing fee"
    REFUND = "refund", "Refund"


class LedgerLine(models.Model):
    """One money fact of an order, append-only; the database refuses to change a line.

    `amount` is signed from the organiser's side: a sale adds, tax, fees and refunds take away. So
    the lines of an order add up to its net sales. A changed order adds lines for the difference.
    `occurred_at` is when it happened, `known_at` when Nova learned of it; both UTC.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="ledger_lines")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="ledger_lines")
    kind = models.CharField(max_length=16, choices=LedgerKind)
    amount = MoneyField()
    currency = CurrencyField()
    occurred_at = models.DateTimeField()
    known_at = models.DateTimeField()

    class Meta:
        ordering = ["-known_at", "-id"]
        constraints = [
            one_of("kind", LedgerKind),
            models.CheckConstraint(name="finance_ledgerline_not_zero", condition=~Q(amount=0)),
        ]
        indexes = [
            models.Index(
                fields=["event", "currency", "kind"],
                include=["amount"],
                name="finance_ledger_event",
            ),
            models.Index(fields=["order", "kind"], name="finance_ledger_order"),
            models.Index(fields=["-known_at", "-id"], name="finance_ledger_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount} {self.currency}"
