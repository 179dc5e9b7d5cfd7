"""One field that was changed on both sides, and waits for a person to choose."""

from decimal import Decimal
from functools import reduce
from operator import or_

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import Q

from integrations.models.deals import DealLink
from integrations.models.links import ContactLink
from nova_project.models import Timestamped, one_of
from nova_project.money import company_currency, format_money

Person = User | AnonymousUser


class ConflictState(models.TextChoices):
    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"


class Resolution(models.TextChoices):
    NOVA = "nova", "Nova's value"
    HUBSPOT = "hubspot", "HubSpot's value"
    TYPED = "typed", "Another value"
    SETTLED = "settled", "Settled by itself"


class ConflictQuerySet(models.QuerySet["Conflict"]):
    def open(self) -> "ConflictQuerySet":
        """Those that wait for a person."""
        return self.filter(state=ConflictState.OPEN)

    def about(self, *, people: bool, expenses: bool) -> "ConflictQuerySet":
        """Those about people, those about expenses, both or none."""
        kinds = [Q(link__isnull=False)] * people + [Q(deal__isnull=False)] * expenses
        return self.filter(reduce(or_, kinds)) if kinds else self.none()

    def seen_by(self, user: Person) -> "ConflictQuerySet":
        """Those whose values this person may see elsewhere, too."""
        people = user.has_perm("customers.view_customer")
        return self.about(people=people, expenses=user.has_perm("finance.view_expense"))


class Conflict(Timestamped):
    """A field of a person, or of an expense and its deal, with different news on both sides.

    Neither side is touched while it is open. There is one open row per link and field; it follows
    both sides as they move on, and settles by itself once they agree or one of them goes back.
    Times are UTC: `local_changed_at` is when Nova's value was entered, `remote_changed_at` when the
    record was last changed in HubSpot.
    """

    link = models.ForeignKey(
        ContactLink, on_delete=models.CASCADE, null=True, blank=True, related_name="conflicts"
    )
    deal = models.ForeignKey(
        DealLink, on_delete=models.CASCADE, null=True, blank=True, related_name="conflicts"
    )
    field = models.CharField(max_length=40, help_text="The customer's field, such as phone.")
    local_value = models.TextField("in Nova", blank=True)
    remote_value = models.TextField("in HubSpot", blank=True)
    base_value = models.TextField("before", blank=True, help_text="What HubSpot held before.")
    local_changed_at = models.DateTimeField("changed in Nova", null=True, blank=True)
    remote_changed_at = models.DateTimeField("changed in HubSpot", null=True, blank=True)
    state = models.CharField(max_length=8, choices=ConflictState, default=ConflictState.OPEN)
    resolution = models.CharField(max_length=8, choices=Resolution, blank=True)
    chosen_value = models.TextField(blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = ConflictQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            one_of("state", ConflictState),
            models.CheckConstraint(
                name="integrations_conflict_resolution_known",
                condition=Q(state=str(ConflictState.OPEN), resolution="")
                | Q(state=str(ConflictState.RESOLVED), resolution__in=list(Resolution.values)),
            ),
            models.UniqueConstraint(
                fields=["link", "field"],
                condition=Q(state=str(ConflictState.OPEN)),
                name="integrations_conflict_open_once",
            ),
            models.UniqueConstraint(
                fields=["deal", "field"],
                condition=Q(state=str(ConflictState.OPEN)),
                name="integrations_conflict_of_deal_open_once",
            ),
            models.CheckConstraint(
                name="integrations_conflict_of_one",
                condition=Q(link__isnull=False, deal=None) | Q(link=None, deal__isnull=False),
            ),
        ]

    def is_decided_by(self, user: Person) -> bool:
        """May this person choose? Whoever may enter the value by hand may."""
        subject = "finance.change_expense" if self.deal_id else "customers.change_customer"
        return user.has_perms(["integrations.change_conflict", subject])

    def __str__(self) -> str:
        return f"{self.field_name} of {self.subject}"

    @property
    def field_name(self) -> str:
        return self.field.replace("_", " ").capitalize()

    @property
    def subject(self) -> object:
        """The person, or the expense by the name of its deal; the contact where nobody is known."""
        customer = self.link.customer if self.link else None
        return customer or self.link or self.deal

    def spelt(self, value: str) -> str:
        """A value as staff read it: an amount with its currency."""
        if self.field != "amount" or not value or self.deal is None:
            return value
        expense = self.deal.expense
        return format_money(Decimal(value), expense.currency if expense else company_currency())
