"""What the systems told by webhook, and what came of it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.runs import System
from nova_project.models import Timestamped, one_of

WEBHOOKS = "webhooks"
"""The command of runs that read what webhooks told of, and nothing else."""


class DeliveryState(models.TextChoices):
    RECEIVED = "received", "Waiting"
    PROCESSED = "processed", "Processed"
    FAILED = "failed", "Failed"
    IGNORED = "ignored", "Left aside"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> "DeliveryQuerySet":
        """Not yet processed, now or at a later attempt."""
        return self.filter(state=DeliveryState.RECEIVED)

    def due(self, system: System) -> "DeliveryQuerySet":
        """Those of a system that wait, and whose next attempt is due."""
        return self.waiting().filter(system=system, due_at__lte=timezone.now())

    def failed(self) -> "DeliveryQuerySet":
        """Given up. Staff may replay them; a sync that has read since what they tell of ends it."""
        return self.filter(state=DeliveryState.FAILED)

    def settled(self) -> "DeliveryQuerySet":
        """Done with: processed, or left aside."""
        return self.filter(state__in=[DeliveryState.PROCESSED, DeliveryState.IGNORED])

    def about(
        self, system: System, object_type: str, object_ids: Iterable[str]
    ) -> "DeliveryQuerySet":
        """All that was ever told of some objects, such as the contacts of a person."""
        ids = list(object_ids)
        return self.filter(system=system, object_type=object_type, object_id__in=ids)

    def unmasked(self, before: datetime) -> "DeliveryQuerySet":
        """Received before then, and their bodies are still as received."""
        return self.filter(masked_at=None, received_at__lt=before)


class Delivery(Timestamped):
    """One object of which a webhook told: a hint, for the object is read again before anything.

    `key` is the same for each repeat of a notice, which is therefore stored once; blank where the
    system gives nothing to tell repeats by, and a repeat is read once more.
    """

    system = models.CharField(max_length=12, choices=System)
    action = models.CharField(max_length=60, blank=True, help_text="What happened, they say.")
    object_type = models.CharField("kind", max_length=60, blank=True)
    object_id = models.CharField(
        "id", max_length=80, blank=True, help_text="For a seat: of its event, a stroke, its own."
    )
    key = models.CharField(max_length=200, blank=True, editable=False)
    body = models.TextField(blank=True, help_text="As received; personal data goes with time.")
    received_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(
        "happened", null=True, blank=True, help_text="By the clock of the system that told of it."
    )
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(
        "next attempt",
        null=True,
        blank=True,
        default=timezone.now,
        help_text="Kept as it was when nothing waits any more.",
    )
    message = models.TextField(blank=True, help_text="What came of it, in plain words.")
    processed_at = models.DateTimeField(null=True, blank=True)
    masked_at = models.DateTimeField("personal data removed", null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook"
        ordering = ["-id"]
        constraints = [
            one_of("system", System),
            one_of("state", DeliveryState),
            models.UniqueConstraint(
                fields=["system", "key"],
                condition=~Q(key=""),
                name="integrations_delivery_once",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "system", "due_at"], name="integrations_delivery_due"),
            models.Index(
                fields=["system", "object_type", "object_id"], name="integrations_delivery_object"
            ),
            models.Index(fields=["received_at"], name="integrations_delivery_day"),
            models.Index(
                fields=["received_at"],
                name="integrations_delivery_body",
                condition=Q(masked_at=None),
            ),
            models.Index(fields=["received_at", "state"], name="integrations_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_system_display()} {self.action or 'webhook'} {self.object_id}".strip()
