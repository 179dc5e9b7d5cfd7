"""Who may be whom: what the finders suggest, and what staff said of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from customers.models import Customer
from integrations.models.links import ContactLink
from nova_project.models import Timestamped, one_of

STRONG = 90
"""From here on staff may confirm many at once."""
LIKELY = 60


class SuggestionRule(models.TextChoices):
    SECONDARY = "secondary", "One of the contact's other addresses"
    MAILBOX = "mailbox", "Same mailbox, spelt in another way"
    MISTYPED = "mistyped", "Typing error in the domain"
    NAME_PHONE = "phone", "Same name and phone"


class SuggestionState(models.TextChoices):
    OPEN = "open", "To be looked at"
    CONFIRMED = "confirmed", "Confirmed"
    REJECTED = "rejected", "Two people"


class MatchSuggestionQuerySet(models.QuerySet["MatchSuggestion"]):
    def open(self) -> "MatchSuggestionQuerySet":
        """Those that wait for a person, the strongest first."""
        return self.filter(state=SuggestionState.OPEN).order_by("-strength", "pk")

    def of_customers(self) -> "MatchSuggestionQuerySet":
        """Two customers who may be one person."""
        return self.filter(other__isnull=False)

    def of_contacts(self) -> "MatchSuggestionQuerySet":
        """A contact without a customer, and who it may be."""
        return self.filter(link__isnull=False)

    def strong(self) -> "MatchSuggestionQuerySet":
        return self.filter(strength__gte=STRONG)


class MatchSuggestion(Timestamped):
    """Two rows that may be one person: two customers, or a HubSpot contact and a customer.

    There is one row for a pair, whatever speaks for it, so a pair that staff rejected is never
    suggested again. `pair` names the two; `rule` is what speaks most for it.
    """

    pair = models.CharField(max_length=60, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="match_suggestions"
    )
    other = models.ForeignKey(
        Customer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="match_suggestions_as_other",
    )
    link = models.ForeignKey(
        ContactLink,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="match_suggestions",
    )
    rule = models.CharField(max_length=10, choices=SuggestionRule)
    evidence = models.CharField(max_length=400)
    strength = models.PositiveSmallIntegerField(help_text="From 0 to 100.")
    state = models.CharField(max_length=10, choices=SuggestionState, default=SuggestionState.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = MatchSuggestionQuerySet.as_manager()

    class Meta:
        verbose_name = "suggested match"
        verbose_name_plural = "suggested matches"
        ordering = ["-strength", "id"]
        constraints = [
            one_of("state", SuggestionState),
            one_of("rule", SuggestionRule),
            models.CheckConstraint(
                name="integrations_suggestion_of_two",
                condition=Q(other__isnull=False, link=None) | Q(other=None, link__isnull=False),
            ),
            models.CheckConstraint(
                name="integrations_suggestion_in_order",
                condition=Q(other=None) | Q(other__gt=models.F("customer")),
            ),
            models.CheckConstraint(
                name="integrations_suggestion_strength", condition=Q(strength__lte=100)
            ),
        ]
        indexes = [
            models.Index(
                fields=["-strength", "id"],
                name="integrations_suggestion_open",
                condition=Q(state=str(SuggestionState.OPEN)),
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer} and {self.other or self.link}"

    @property
    def is_strong(self) -> bool:
        return self.strength >= STRONG

    @property
    def strength_in_words(self) -> str:
        if self.is_strong:
            return "Strong"
        return "Likely" if self.strength >= LIKELY else "Weak"


def pair_of_customers(one: int, two: int) -> str:
    """How a pair of customers is named, in whichever order they come."""
    return f"customers {min(one, two)} {max(one, two)}"


def pair_of_contact(link_id: int, customer_id: int) -> str:
    return f"contact {link_id} customer {customer_id}"
