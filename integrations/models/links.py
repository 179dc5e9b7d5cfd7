"""Which remote record is which row."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from customers.models import Customer
from nova_project.models import Timestamped, one_of


class MatchRule(models.TextChoices):
    PRIMARY_ADDRESS = "primary", "Same address"
    SECONDARY_ADDRESS = "secondary", "One of the other addresses"
    CREATED_HERE = "created", "Created in HubSpot by Nova"
    NEW_PERSON = "new", "New person, first seen in HubSpot"
    BY_HAND = "hand", "Linked by hand"
    NONE = "none", "No match"


class LinkState(models.TextChoices):
    AUTO = "auto", "Linked by rule"
    SUGGESTED = "suggested", "Suggested"
    CONFIRMED = "confirmed", "Confirmed"
    REJECTED = "rejected", "Rejected"
    UNMATCHED = "unmatched", "Not linked"


ERASED = "This person was erased. Nothing of the contact is kept."
"""What the links of erased people say."""

LINKED = (LinkState.AUTO, LinkState.CONFIRMED)


class ContactLinkQuerySet(models.QuerySet["ContactLink"]):
    def live(self) -> "ContactLinkQuerySet":
        """Those whose contact is in HubSpot still, as far as Nova knows."""
        return self.filter(archived_at=None)

    def linked(self) -> "ContactLinkQuerySet":
        """Those that stand for their customer: linked by rule or confirmed, not archived."""
        return self.live().filter(state__in=LINKED)

    def erased(self) -> "ContactLinkQuerySet":
        """Those whose person asked to be forgotten."""
        return self.filter(erased_at__isnull=False)

    def suggested(self) -> "ContactLinkQuerySet":
        """Second contacts of a person who is linked already: for staff to judge."""
        return self.live().filter(state=LinkState.SUGGESTED)

    def doubled(self) -> "ContactLinkQuerySet":
        """One contact, two customers, who may be one person: for staff to judge."""
        return self.linked().filter(also__isnull=False, is_also_other=False)

    def due_for_push(self, since: datetime | None) -> "ContactLinkQuerySet":
        """Links in force whose contact or customer changed since Nova compared them last.

        `since` is when that was; None stands for never.
        """
        if since is None:
            return self.linked()
        # Each half has an index; joined by OR, the whole table would be read.
        links = ContactLink.objects.order_by().values("pk")
        flagged = links.filter(is_push_due=True)
        moved = links.filter(customer__updated_at__gte=since)
        return self.linked().filter(pk__in=flagged.union(moved))


class ContactLink(Timestamped):
    """A HubSpot contact, and the customer whom it stands for.

    `seen` holds the contact's properties as last read. `agreed` is the base of the three-way merge:
    by field of `integrations.hubspot.policy.SHARED`, what Nova and what HubSpot held when the two
    were last in step; None until they first met. It moves only when a value has arrived on the
    other side, so whatever is found later, in any order and after any crash, the side that moved
    since is known by comparing it with its own half.

    At most one link of a customer is in force; a second contact is a suggestion. `also` is the
    other way round: a second customer whom the contact seems to be, by an address of his or by a
    merge in HubSpot.
    """

    hubspot_id = models.CharField("HubSpot id", max_length=32, unique=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="contact_links"
    )
    state = models.CharField(max_length=10, choices=LinkState, default=LinkState.UNMATCHED)
    rule = models.CharField(max_length=10, choices=MatchRule, default=MatchRule.NONE)
    evidence = models.CharField(max_length=250, blank=True, help_text="What speaks for the match.")
    email = models.CharField("address in HubSpot", max_length=254, blank=True)
    other_emails = models.TextField(
        "other addresses in HubSpot", blank=True, help_text="Separated by semicolons."
    )
    seen = models.JSONField(default=dict, help_text="The contact's properties as last read.")
    agreed = models.JSONField(
        null=True,
        editable=False,
        help_text="What Nova and HubSpot held of each shared field when last in step.",
    )
    also = models.ForeignKey(
        Customer,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="perhaps also",
        help_text="Another customer who may be the same person.",
    )
    is_also_other = models.BooleanField(
        "two people",
        default=False,
        help_text="Staff looked: the two customers are not one person.",
    )
    remote_changed_at = models.DateTimeField("changed in HubSpot", null=True, blank=True)
    pushed_at = models.DateTimeField("last written by Nova", null=True, blank=True)
    is_push_due = models.BooleanField(
        default=True,
        editable=False,
        help_text="The contact changed since Nova last compared it, or a write is outstanding.",
    )
    archived_at = models.DateTimeField("gone from HubSpot", null=True, blank=True)
    erased_at = models.DateTimeField(
        "person erased",
        null=True,
        blank=True,
        editable=False,
        help_text="The person asked to be forgotten: nothing of this contact is read any more.",
    )
    history = HistoricalRecords(
        excluded_fields=[
            "seen",
            "agreed",
            "other_emails",
            "remote_changed_at",
            "is_push_due",
            "erased_at",
        ]
    )

    objects = ContactLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "HubSpot link"
        ordering = ["id"]
        constraints = [
            one_of("state", LinkState),
            one_of("rule", MatchRule),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=[str(s) for s in LINKED], archived_at=None),
                name="integrations_contactlink_one_in_force",
                violation_error_message="This customer is linked to another contact already.",
            ),
            models.CheckConstraint(
                name="integrations_contactlink_customer_where_linked",
                condition=Q(customer__isnull=False)
                | Q(state__in=[str(LinkState.UNMATCHED), str(LinkState.REJECTED)]),
                violation_error_message="A link needs a customer.",
            ),
        ]
        indexes = [
            models.Index(fields=["email"], name="integrations_link_email"),
            models.Index(fields=["updated_at"], name="integrations_link_changed"),
            # Two, because SQLite finds an index by “is one of” only where the query says the same.
            models.Index(
                fields=["id"], name="integrations_link_suggested", condition=Q(state="suggested")
            ),
            models.Index(
                fields=["id"], name="integrations_link_unmatched", condition=Q(state="unmatched")
            ),
            models.Index(
                fields=["id"], name="integrations_link_due", condition=Q(is_push_due=True)
            ),
            models.Index(
                fields=["id"],
                name="integrations_link_doubled",
                condition=Q(also__isnull=False, is_also_other=False),
            ),
            models.Index(
                fields=["id"], name="integrations_link_others", condition=~Q(other_emails="")
            ),
            models.Index(
                fields=["hubspot_id"],
                name="integrations_link_erased",
                condition=Q(erased_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"HubSpot contact {self.hubspot_id}"
