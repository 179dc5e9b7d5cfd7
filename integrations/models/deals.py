"""Which HubSpot deal is which row, and what deals there are besides."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from customers.models import Order
from finance.models import Expense
from integrations.models.links import ContactLink
from nova_project.models import Timestamped, one_of
from nova_project.money import MoneyField


class DealKind(models.TextChoices):
    EXPENSE = "expense", "Expense"
    ORDER = "order", "Order"


class DealState(models.TextChoices):
    LINKED = "linked", "In step"
    WAITING = "waiting", "Waits for data"
    CANCELLED = "cancelled", "Cancelled"


class DealLinkQuerySet(models.QuerySet["DealLink"]):
    def live(self) -> "DealLinkQuerySet":
        """Those whose deal is in HubSpot still, as far as Nova knows."""
        return self.filter(archived_at=None)

    def linked(self) -> "DealLinkQuerySet":
        """Those that Nova keeps in step: complete, and neither archived nor cancelled."""
        return self.live().filter(state=DealState.LINKED)

    def waiting(self) -> "DealLinkQuerySet":
        """Deals that lack something, for a person to complete in HubSpot."""
        return self.live().filter(state=DealState.WAITING)

    def due_for_push(self, since: datetime | None, changed: str) -> "DealLinkQuerySet":
        """Those in step whose deal, or row at the end of `changed`, changed since Nova compared.

        `since` is when that was; None stands for never.
        """
        if since is None:
            return self.linked()
        # Each half has an index; joined by OR, the whole table would be read.
        links = DealLink.objects.order_by().values("pk")
        flagged = links.filter(is_push_due=True)
        moved = links.filter(**{f"{changed}__gte": since})
        return self.linked().filter(pk__in=flagged.union(moved))

    def bereft(self) -> "DealLinkQuerySet":
        """Those whose expense staff deleted, and whose deal is not cancelled yet."""
        alone = self.live().filter(kind=DealKind.EXPENSE, expense=None)
        return alone.exclude(agreed=None).exclude(state=DealState.CANCELLED)


class DealLink(Timestamped):
    """A HubSpot deal of one of Nova's two pipelines, and the expense or order that it stands for.

    `seen` holds the deal's properties as last read. `agreed` is the base of the three-way merge of
    an expense: by field, what Nova and what HubSpot held when the two were last in step.
    A deal whose expense was deleted in Nova has none any more, and is cancelled by the next write.
    """

    hubspot_id = models.CharField("HubSpot id", max_length=32, unique=True)
    kind = models.CharField(max_length=8, choices=DealKind)
    name = models.CharField(max_length=250, blank=True)
    expense = models.OneToOneField(
        Expense, on_delete=models.SET_NULL, null=True, blank=True, related_name="deal_link"
    )
    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="deal_link"
    )
    state = models.CharField(max_length=10, choices=DealState, default=DealState.LINKED)
    reason = models.CharField(max_length=250, blank=True, help_text="What the deal lacks.")
    seen = models.JSONField(default=dict, help_text="The deal's properties as last read.")
    agreed = models.JSONField(
        null=True,
        editable=False,
        help_text="What Nova and HubSpot held of each shared field when last in step.",
    )
    contact_id = models.CharField(
        "associated contact",
        max_length=32,
        blank=True,
        help_text="HubSpot id of the buyer's contact, once Nova associated the deal with it.",
    )
    remote_changed_at = models.DateTimeField("changed in HubSpot", null=True, blank=True)
    pushed_at = models.DateTimeField("last written by Nova", null=True, blank=True)
    is_push_due = models.BooleanField(
        default=True,
        editable=False,
        help_text="The deal changed since Nova last compared it, or a write is outstanding.",
    )
    archived_at = models.DateTimeField("gone from HubSpot", null=True, blank=True)

    objects = DealLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "HubSpot deal"
        ordering = ["-id"]
        constraints = [
            one_of("kind", DealKind),
            one_of("state", DealState),
            models.CheckConstraint(
                name="integrations_deallink_one_kind",
                condition=Q(kind=str(DealKind.EXPENSE), order=None)
                | Q(kind=str(DealKind.ORDER), expense=None),
                violation_error_message="A deal stands for an expense or for an order.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="integrations_deallink_due", condition=Q(is_push_due=True)
            ),
            models.Index(
                fields=["id"], name="integrations_deallink_waiting", condition=Q(state="waiting")
            ),
            models.Index(
                fields=["id"],
                name="integrations_deallink_bereft",
                condition=Q(kind="expense", expense__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"HubSpot deal {self.hubspot_id}"


class HubSpotDeal(Timestamped):
    """A deal of another pipeline, as last read. Nova never writes it."""

    hubspot_id = models.CharField("HubSpot id", max_length=32, unique=True)
    name = models.CharField(max_length=250, blank=True)
    pipeline = models.CharField(max_length=120, blank=True)
    stage = models.CharField(max_length=120, blank=True)
    is_closed = models.BooleanField("closed", default=False)
    is_won = models.BooleanField("won", default=False)
    amount = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    closes_on = models.DateField("close date", null=True, blank=True)
    owner = models.CharField(max_length=160, blank=True)
    remote_created_at = models.DateTimeField("created in HubSpot", null=True, blank=True)
    remote_changed_at = models.DateTimeField("changed in HubSpot", null=True, blank=True)
    archived_at = models.DateTimeField("gone from HubSpot", null=True, blank=True)
    contacts = models.ManyToManyField(
        ContactLink, through="HubSpotDealContact", related_name="hubspot_deals"
    )

    class Meta:
        verbose_name = "other deal"
        ordering = ["-closes_on", "-id"]
        indexes = [
            models.Index(fields=["-closes_on", "-id"], name="integrations_hubspotdeal_day"),
        ]

    def __str__(self) -> str:
        return self.name or f"HubSpot deal {self.hubspot_id}"


class HubSpotDealContact(models.Model):
    """A contact that a deal of another pipeline is associated with."""

    deal = models.ForeignKey(HubSpotDeal, on_delete=models.CASCADE, related_name="ties")
    link = models.ForeignKey(ContactLink, on_delete=models.CASCADE, related_name="deal_ties")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "link"], name="integrations_dealcontact_once")
        ]

    def __str__(self) -> str:
        return f"{self.deal} of {self.link}"
