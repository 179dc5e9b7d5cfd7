"""Customers who became one, and what it takes to part them again."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from customers.models.people import Customer
from nova_project.models import Timestamped, one_of


class MergeState(models.TextChoices):
    STANDING = "standing", "Merged"
    UNDONE = "undone", "Undone"
    SEALED = "sealed", "Cannot be undone"


class CustomerMergeQuerySet(models.QuerySet["CustomerMerge"]):
    def standing(self) -> "CustomerMergeQuerySet":
        """Those that hold: the two are one customer."""
        return self.exclude(state=MergeState.UNDONE)


class CustomerMerge(Timestamped):
    """Two customers became one.

    `merged_id` is the number of the customer who is gone, `kept_id` of the one who stayed at the
    time; `survivor` follows later merges. `steps` are the rows that changed, with what they held
    before and after, in the order in which they changed; `conflicts` are the values that gave way.
    An erasure empties both, and seals the merge.
    """

    survivor = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="merges"
    )
    kept_id = models.PositiveBigIntegerField("customer who stayed")
    merged_id = models.PositiveBigIntegerField("customer who went", db_index=True)
    state = models.CharField(max_length=8, choices=MergeState, default=MergeState.STANDING)
    evidence = models.CharField("why", max_length=400, blank=True)
    conflicts = models.JSONField(default=list, blank=True)
    steps = models.JSONField(default=list, blank=True, editable=False)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    left_behind = models.JSONField(
        "what stayed", default=list, blank=True, help_text="What the undo could not move back."
    )

    objects = CustomerMergeQuerySet.as_manager()

    class Meta:
        verbose_name = "merge"
        verbose_name_plural = "merges"
        ordering = ["-id"]
        constraints = [
            one_of("state", MergeState),
            models.CheckConstraint(
                name="customers_customermerge_of_two", condition=~Q(kept_id=models.F("merged_id"))
            ),
        ]

    def __str__(self) -> str:
        return f"Customer {self.merged_id} into customer {self.kept_id}"
