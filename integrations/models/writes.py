"""Every write to HubSpot, before it happens and after, and what staff decided about it."""

from django.conf import settings
from django.db import models

from customers.models import Customer
from integrations.models.links import ContactLink
from integrations.models.runs import SyncRun
from nova_project.models import Timestamped, one_of


class Operation(models.TextChoices):
    CREATE = "create", "Create"
    UPDATE = "update", "Update"


class WriteState(models.TextChoices):
    PLANNED = "planned", "Planned"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    HELD = "held", "Held back"
    APPLIED = "applied", "Applied"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"
    UNDONE = "undone", "Undone"


OPEN = (WriteState.PLANNED, WriteState.APPROVED, WriteState.REJECTED, WriteState.HELD)
"""The states of the plan that stands; all others are the past."""


class RemoteWriteQuerySet(models.QuerySet["RemoteWrite"]):
    def planned(self) -> "RemoteWriteQuerySet":
        """Not yet decided on."""
        return self.filter(state=WriteState.PLANNED)

    def approved(self) -> "RemoteWriteQuerySet":
        """Staff said yes, and it is not written yet."""
        return self.filter(state=WriteState.APPROVED)

    def pending(self) -> "RemoteWriteQuerySet":
        """What a run that writes by itself would write: planned or approved."""
        return self.filter(state__in=[WriteState.PLANNED, WriteState.APPROVED])

    def open(self) -> "RemoteWriteQuerySet":
        """The plan that stands, with what staff rejected in it and what is held back."""
        return self.filter(state__in=OPEN)

    def refused(self) -> "RemoteWriteQuerySet":
        """Failed, not tried again since with other values, and not dismissed by staff."""
        later = RemoteWrite.objects.filter(
            object_type=models.OuterRef("object_type"),
            subject=models.OuterRef("subject"),
            pk__gt=models.OuterRef("pk"),
        ).exclude(subject="")
        failed = self.filter(state=WriteState.FAILED, dismissed_at=None)
        return failed.filter(~models.Exists(later))


class RemoteWrite(Timestamped):
    """One record that a run means to write to HubSpot: the fields, before and after, and why.

    Decisions are kept by `subject`, Nova's side of the record: a new plan that comes to the same
    values finds what staff said of them.
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="remote_writes")
    object_type = models.CharField(max_length=20, default="contacts")
    operation = models.CharField(max_length=8, choices=Operation)
    link = models.ForeignKey(
        ContactLink, on_delete=models.SET_NULL, null=True, blank=True, related_name="writes"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="remote_writes"
    )
    subject = models.CharField(
        max_length=60, blank=True, help_text="What of Nova's it is about, such as customer 12."
    )
    remote_id = models.CharField("HubSpot id", max_length=32, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    replaced = models.JSONField(
        default=dict,
        help_text="Values that were written over, where HubSpot spells them in another way.",
    )
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=WriteState, default=WriteState.PLANNED)
    error = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When it last went out, noted before HubSpot answers.",
    )
    applied_at = models.DateTimeField(null=True, blank=True)
    undoes = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="undone_by",
        help_text="The write that this one took back.",
    )
    is_held = models.BooleanField(
        default=False, help_text="Undone, and not to be written again with the same values."
    )
    dismissed_at = models.DateTimeField(null=True, blank=True)

    objects = RemoteWriteQuerySet.as_manager()

    class Meta:
        verbose_name = "HubSpot write"
        ordering = ["-id"]
        permissions = [("apply_remotewrite", "Can decide on and apply writes to HubSpot")]
        constraints = [one_of("operation", Operation), one_of("state", WriteState)]
        indexes = [
            models.Index(fields=["run", "state"], name="integrations_write_run"),
            models.Index(fields=["state", "id"], name="integrations_write_state"),
            models.Index(fields=["object_type", "subject"], name="integrations_write_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} {self.object_type} {self.remote_id}".strip()


class WriteExclusion(Timestamped):
    """What Nova never writes to HubSpot, because staff said so: a record, or one field of it."""

    object_type = models.CharField(max_length=20, default="contacts")
    subject = models.CharField(max_length=60, help_text="Such as customer 12.")
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="write_exclusions"
    )
    field = models.CharField(
        max_length=100, blank=True, help_text="A property; blank for the whole record."
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = "never written"
        verbose_name_plural = "never written"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["object_type", "subject", "field"], name="integrations_exclusion_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.field or 'everything'} of {self.subject}"
