"""What people bought: orders and the seats in them."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from customers.models.people import Customer
from events.models import Event, TicketClass
from nova_project.models import Timestamped, one_of
from nova_project.money import ZERO, CurrencyField, MoneyField


class OrderStatus(models.TextChoices):
    STARTED = "started", "Started"
    PENDING = "pending", "Pending"
    UNPAID = "unpaid", "Unpaid"
    PLACED = "placed", "Placed"
    REFUNDED = "refunded", "Refunded"
    CANCELLED = "cancelled", "Cancelled"
    DELETED = "deleted", "Deleted"
    TRANSFERRED = "transferred", "Transferred"
    ABANDONED = "abandoned", "Abandoned"
    UNKNOWN = "unknown", "Unknown"


PAID_STATUSES = (OrderStatus.PLACED, OrderStatus.REFUNDED, OrderStatus.CANCELLED)
"""Orders that were paid once, so their money counts; the later two with their refund."""


class PaidThrough(models.TextChoices):
    EVENTBRITE = "eventbrite", "Eventbrite"
    ELSEWHERE = "elsewhere", "Elsewhere: PayPal, invoice, cash"


def processed_by_eventbrite(order: str = "") -> Q:
    """The orders whose money Eventbrite collects and pays out; `order` is the way to them.

    Not those that were sold by hand, and not those that are marked as paid elsewhere. Eventbrite
    names no way of payment: without a mark, an order that bears Eventbrite's fee and no processing
    fee counts as paid elsewhere.
    """
    way = f"{order}__" if order else ""
    looks_elsewhere = Q(
        **{f"{way}gross_paid__gt": 0, f"{way}eventbrite_fee__gt": 0, f"{way}payment_fee": 0}
    )
    is_marked = Q(**{f"{way}paid_through": PaidThrough.EVENTBRITE})
    is_unmarked = Q(**{f"{way}paid_through": ""})
    is_of_eventbrite = Q(**{f"{way}eventbrite_id__isnull": False})
    return is_of_eventbrite & (is_marked | is_unmarked & ~looks_elsewhere)


def refund_of(
    status: str, *, gross: Decimal, gross_paid: Decimal, requested: Decimal, imported: Decimal
) -> tuple[Decimal, bool]:
    """What of an order was given back, and whether that is only assumed.

    The greatest of the three things that tell of a refund (the fall of its gross, processed
    requests, an import), never their sum, and never more than was paid. An order whose status says
    refunded or cancelled, with none of the three known, counts as refunded in full.
    """
    known = max(gross_paid - gross, requested, imported, ZERO)
    if known:
        return min(known, gross_paid), False
    is_assumed = status in (OrderStatus.REFUNDED, OrderStatus.CANCELLED) and gross_paid > 0
    return (gross_paid if is_assumed else ZERO), is_assumed


class OrderQuerySet(models.QuerySet["Order"]):
    def placed(self) -> "OrderQuerySet":
        """Bought and neither refunded in full nor cancelled."""
        return self.filter(status=OrderStatus.PLACED)

    def processed_by_eventbrite(self) -> "OrderQuerySet":
        """Those whose money Eventbrite collects and pays out."""
        return self.filter(processed_by_eventbrite())

    def paid(self) -> "OrderQuerySet":
        """Those whose money counts: placed, refunded and cancelled ones."""
        return self.filter(status__in=PAID_STATUSES)


class Order(Timestamped):
    """One purchase. Amounts are the order's currency; Eventbrite owns every field.

    `gross` is what Eventbrite says now, `gross_paid` the most it ever said: what the buyer paid.
    `refund` is the greatest of the three things that tell of a refund, never their sum.
    """

    eventbrite_id = models.CharField(
        "Eventbrite id", max_length=32, unique=True, null=True, blank=True
    )
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="orders")
    buyer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="orders"
    )
    buyer_name = models.CharField(max_length=250, blank=True)
    is_buyer_erased = models.BooleanField(
        "buyer erased",
        default=False,
        editable=False,
        help_text="The buyer was forgotten: no name of this order is kept.",
    )
    status = models.CharField(max_length=12, choices=OrderStatus)
    remote_status = models.CharField("status on Eventbrite", max_length=40, blank=True)
    ordered_at = models.DateTimeField()
    changed_at = models.DateTimeField("changed on Eventbrite")
    currency = CurrencyField()
    gross = MoneyField("gross now", default=ZERO)
    gross_paid = MoneyField("gross paid", default=ZERO)
    tax = MoneyField(default=ZERO)
    eventbrite_fee = MoneyField("Eventbrite fee", default=ZERO)
    payment_fee = MoneyField("processing fee", default=ZERO)
    refund_requested = MoneyField("refunds processed on request", default=ZERO)
    refund_imported = MoneyField("refund by import", default=ZERO)
    refund = MoneyField(default=ZERO)
    is_refund_provisional = models.BooleanField(
        "refund assumed",
        default=False,
        help_text="The status says refunded, no amount is known: counted as refunded in full.",
    )
    paid_through = models.CharField(
        max_length=10,
        choices=PaidThrough,
        blank=True,
        help_text="Blank: as the fees tell. What is paid elsewhere is in no payout of Eventbrite.",
    )
    promo_code = models.CharField(max_length=120, blank=True)
    affiliate_code = models.CharField(max_length=120, blank=True)
    missing_since = models.DateTimeField(
        "not on Eventbrite since",
        null=True,
        blank=True,
        editable=False,
        help_text="Eventbrite shows this order no more. It is kept, with its money, as last seen.",
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-ordered_at", "id"]
        constraints = [
            one_of("status", OrderStatus),
            models.CheckConstraint(
                name="customers_order_paid_through_known",
                condition=Q(paid_through__in=["", *PaidThrough.values]),
            ),
            models.CheckConstraint(
                name="customers_order_refund_within_paid",
                condition=Q(refund__gte=0, refund__lte=models.F("gross_paid")),
            ),
        ]
        indexes = [
            models.Index(fields=["event", "status"], name="customers_order_event"),
            models.Index(fields=["buyer", "status"], name="customers_order_buyer"),
            models.Index(fields=["-ordered_at", "id"], name="customers_order_time"),
            models.Index(fields=["updated_at"], name="customers_order_changed"),
        ]

    def __str__(self) -> str:
        return f"Order {self.eventbrite_id or self.pk}"

    @property
    def is_valid(self) -> bool:
        return self.status == OrderStatus.PLACED


class AttendanceStatus(models.TextChoices):
    ATTENDING = "attending", "Attending"
    CHECKED_IN = "checked_in", "Checked in"
    UNPAID = "unpaid", "Unpaid"
    CANCELLED = "cancelled", "Cancelled"
    REFUNDED = "refunded", "Refunded"
    DELETED = "deleted", "Deleted"
    TRANSFERRED = "transferred", "Transferred away"
    UNKNOWN = "unknown", "Unknown"


SEATED = (AttendanceStatus.ATTENDING, AttendanceStatus.CHECKED_IN)


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def valid(self) -> "AttendanceQuerySet":
        """Not cancelled, refunded, deleted or transferred away, and of a placed order."""
        return self.filter(status__in=SEATED, order__status=OrderStatus.PLACED)


class Attendance(Timestamped):
    """One seat of an order.

    `holder` is the person whose address the seat bears. Without one it is a guest of the buyer:
    counted, and never sent to the CRM.
    """

    eventbrite_id = models.CharField(
        "Eventbrite id", max_length=64, unique=True, null=True, blank=True
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="seats")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="seats")
    ticket_class = models.ForeignKey(
        TicketClass, on_delete=models.SET_NULL, null=True, blank=True, related_name="seats"
    )
    ticket_name = models.CharField("ticket", max_length=200, blank=True)
    holder = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="seats"
    )
    guest_name = models.CharField(
        max_length=250, blank=True, help_text="The name on a seat that has no holder."
    )
    status = models.CharField(
        max_length=12, choices=AttendanceStatus, default=AttendanceStatus.ATTENDING
    )
    checked_in_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField("changed on Eventbrite")
    currency = CurrencyField()
    price = MoneyField("price paid", default=ZERO)
    affiliate_code = models.CharField(max_length=120, blank=True)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = "seat"
        ordering = ["-id"]
        constraints = [one_of("status", AttendanceStatus)]
        indexes = [
            models.Index(fields=["event", "status"], name="customers_attendance_event"),
            models.Index(fields=["holder", "status"], name="customers_attendance_holder"),
        ]

    def __str__(self) -> str:
        return f"Seat {self.eventbrite_id or self.pk}"
