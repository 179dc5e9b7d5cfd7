"""How people become customers: their first two shows, and when their type changed.

All of it is computed from orders and seats; `customers.services.refresh_rollups` alone writes it.
"""

from django.db import models
from django.db.models import F, Q

from customers.models.people import Customer, CustomerType
from customers.models.ticketing import Order
from events.models import Event
from nova_project.models import one_of


class FirstVisits(models.Model):
    """When a customer booked a first and a second show, and which shows came first and second.

    `booked_at` and `returned_at` are when the order was placed that made it one, and two, booked
    events. The events are the first and the second by their own date, which need not be the first
    that was booked. Who booked nothing has no row.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.CASCADE, primary_key=True, related_name="first_visits"
    )
    booked_at = models.DateTimeField("first ticket")
    returned_at = models.DateTimeField("second event booked", null=True)
    first_event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    second_event = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name_plural = "first visits"
        constraints = [
            models.CheckConstraint(
                name="customers_firstvisits_in_order",
                condition=Q(returned_at=None) | Q(returned_at__gte=F("booked_at")),
            )
        ]

    def __str__(self) -> str:
        return f"First visits of customer {self.customer_id}"


class TypeChange(models.Model):
    """The order with which a customer became new, returning or VIP.

    As orders and seats stand now: a change that a refund or a cancellation took back is gone. So
    nobody becomes the same type twice.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="type_changes")
    from_type = models.CharField("from", max_length=12, choices=CustomerType)
    to_type = models.CharField("to", max_length=12, choices=CustomerType)
    changed_at = models.DateTimeField("when")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "change of type"
        verbose_name_plural = "changes of type"
        ordering = ["changed_at", "id"]
        constraints = [
            one_of("from_type", CustomerType),
            one_of("to_type", CustomerType),
            models.UniqueConstraint(
                fields=["customer", "to_type"], name="customers_typechange_once"
            ),
            models.CheckConstraint(
                name="customers_typechange_differs", condition=~Q(from_type=F("to_type"))
            ),
        ]
        indexes = [models.Index(fields=["changed_at"], name="customers_typechange_time")]

    def __str__(self) -> str:
        return f"{self.get_from_type_display()} → {self.get_to_type_display()}"
