"""What of Nova's groups and of what people did is in HubSpot: lists, and events that were sent."""

from django.db import models
from django.db.models import Q

from customers.models import Audience, Customer, Order
from events.models import Event
from nova_project.models import Timestamped, one_of


class ListState(models.TextChoices):
    IN_STEP = "in_step", "In step"
    WANTED = "wanted", "To be made"
    FOUND = "found", "Somebody else's list"
    GONE = "gone", "Deleted in HubSpot"


class AudienceLink(Timestamped):
    """The HubSpot list that mirrors an audience.

    Only lists that Nova made, or that staff handed to it, are ever changed. A list that somebody
    deletes in HubSpot is made again only when staff say so.
    """

    audience = models.OneToOneField(Audience, on_delete=models.CASCADE, related_name="list_link")
    list_id = models.CharField("HubSpot list id", max_length=32, blank=True)
    list_name = models.CharField("list in HubSpot", max_length=120, unique=True)
    state = models.CharField(max_length=8, choices=ListState, default=ListState.WANTED)
    member_count = models.PositiveIntegerField("members in HubSpot", null=True, blank=True)
    wanted_count = models.PositiveIntegerField("members that should be", null=True, blank=True)
    wanted_digest = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="Who should be on the list when it was last in step.",
    )
    compared_at = models.DateTimeField(
        "last compared", null=True, blank=True, help_text="When the list was last read in full."
    )

    class Meta:
        verbose_name = "HubSpot list"
        ordering = ["list_name"]
        constraints = [
            one_of("state", ListState),
            models.CheckConstraint(
                name="integrations_audiencelink_id_where_made",
                condition=~Q(list_id="") | Q(state=str(ListState.WANTED)),
            ),
        ]

    def __str__(self) -> str:
        return self.list_name


class OccurrenceKind(models.TextChoices):
    PURCHASED = "purchased", "Ticket purchased"
    ATTENDED = "attended", "Attended"


class Occurrence(models.Model):
    """A custom event that HubSpot took: a person bought tickets once, or attended a show once.

    It cannot be taken back, and is never sent again.
    """

    kind = models.CharField(max_length=10, choices=OccurrenceKind)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="occurrences")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="occurrences")
    order = models.ForeignKey(
        Order,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="occurrences",
        help_text="Of a purchase.",
    )
    uuid = models.UUIDField("id in HubSpot", unique=True)
    occurred_at = models.DateTimeField()
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "HubSpot event"
        ordering = ["-id"]
        constraints = [
            one_of("kind", OccurrenceKind),
            models.CheckConstraint(
                name="integrations_occurrence_order_of_purchase",
                condition=Q(kind=str(OccurrenceKind.PURCHASED), order__isnull=False)
                | Q(kind=str(OccurrenceKind.ATTENDED), order=None),
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(kind=str(OccurrenceKind.PURCHASED)),
                name="integrations_occurrence_purchase_once",
            ),
            models.UniqueConstraint(
                fields=["customer", "event"],
                condition=Q(kind=str(OccurrenceKind.ATTENDED)),
                name="integrations_occurrence_attended_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.event}"
