"""Each message of a follow-up, and whether any are sent at all."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.models.followups import FollowUp
from customers.models.people import Customer
from events.models import Event
from nova_project.models import Timestamped, one_of


class MessageState(models.TextChoices):
    PLANNED = "planned", "Planned"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    HANDED_OVER = "handed", "Handed to HubSpot"
    HELD_OUT = "held_out", "Held out"
    SKIPPED = "skipped", "Left out"
    FAILED = "failed", "Failed"


REACHED = (MessageState.SENT, MessageState.HANDED_OVER)
_UNKNOWN_AFTER = timedelta(minutes=15)


class FollowUpMessageQuerySet(models.QuerySet["FollowUpMessage"]):
    def reached(self) -> "FollowUpMessageQuerySet":
        """Those that went out, by Nova or through HubSpot."""
        return self.filter(state__in=REACHED)

    def failed(self) -> "FollowUpMessageQuerySet":
        """Those that the mail server refused, and that nobody has dealt with."""
        return self.filter(state=MessageState.FAILED, seen_at=None)

    def unknown(self) -> "FollowUpMessageQuerySet":
        """Those of a run that ended while it sent them: they may have gone out or not."""
        limit = timezone.now() - _UNKNOWN_AFTER
        return self.filter(state=MessageState.SENDING, claimed_at__lt=limit, seen_at=None)


class FollowUpMessage(Timestamped):
    """One message to one person about one event: planned, sent, held out, or why not.

    What was written is not kept, nor to which address. `is_held_out` is settled when the row is
    made; `decided_at` is when it was sent, handed over, held out or left out, and the days in
    which a booking counts as won begin with it. `is_once` has the database refuse a second one.
    """

    follow_up = models.ForeignKey(
        FollowUp, on_delete=models.PROTECT, related_name="messages", verbose_name="follow-up"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="follow_up_messages"
    )
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="follow_up_messages")
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.PLANNED)
    reason = models.CharField("why not", max_length=200, blank=True)
    is_held_out = models.BooleanField("to be held out", default=False)
    is_once = models.BooleanField(default=False, editable=False)
    triggered_at = models.DateTimeField("happened")
    due_at = models.DateTimeField("due")
    claimed_at = models.DateTimeField("taken up", null=True, blank=True)
    decided_at = models.DateTimeField("done", null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField("dealt with", null=True, blank=True)

    objects = FollowUpMessageQuerySet.as_manager()

    class Meta:
        verbose_name = "follow-up message"
        ordering = ["-due_at", "-id"]
        constraints = [
            one_of("state", MessageState),
            models.UniqueConstraint(
                fields=["follow_up", "customer", "event"],
                name="customers_followupmessage_per_event",
            ),
            models.UniqueConstraint(
                fields=["follow_up", "customer"],
                condition=Q(is_once=True),
                name="customers_followupmessage_once",
            ),
            models.CheckConstraint(
                name="customers_followupmessage_holdout_gets_none",
                condition=~Q(is_held_out=True, state__in=["sending", *map(str, REACHED)]),
            ),
        ]
        indexes = [
            models.Index(fields=["follow_up", "state", "due_at"], name="customers_message_state"),
            models.Index(fields=["customer", "decided_at"], name="customers_message_person"),
        ]

    def __str__(self) -> str:
        return f"{self.follow_up}: {self.customer}"


class Outbox(Timestamped):
    """Are follow-ups sent at all, and how did the last run end? There is one row, or none yet."""

    is_paused = models.BooleanField("paused", default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ran_at = models.DateTimeField("last run", null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "outbox of follow-ups"
        verbose_name_plural = "outbox of follow-ups"
        constraints = [models.CheckConstraint(name="customers_outbox_one_row", condition=Q(pk=1))]

    def __str__(self) -> str:
        return "Sending of follow-ups"

    @classmethod
    def current(cls) -> "Outbox":
        """The row; an unsaved one that lets everything pass where there is none. One query."""
        return cls.objects.first() or cls(pk=1)
