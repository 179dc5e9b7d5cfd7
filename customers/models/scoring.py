"""Who is likely to book next, and how good the model was that says so."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from customers.models.people import Customer
from nova_project.models import Timestamped, one_of


class LeadKind(models.TextChoices):
    LOGISTIC = "logistic", "Logistic regression"
    BOOSTING = "boosting", "Gradient boosting"
    POINTS = "points", "Recency and frequency points"


class LeadModelQuerySet(models.QuerySet["LeadModel"]):
    def latest_card(self) -> "LeadModel | None":
        """That by which people are scored now; None: nobody was scored yet."""
        return self.order_by("-as_of").first()


class LeadModel(Timestamped):
    """The card of a night's model: what it learned from, how well it did, by what it judges.

    The model itself is not kept; it is made anew every night. `card` is `customers.scoring.card` as
    JSON. With too little data the scores are points, and `why_points` says what is missing.
    """

    as_of = models.DateField("as of", unique=True, help_text="Known up to the start of this day.")
    kind = models.CharField(max_length=10, choices=LeadKind)
    why_points = models.CharField("why only points", max_length=300, blank=True)
    scored_count = models.PositiveIntegerField("people scored", default=0)
    auc = models.FloatField("AUC", null=True, blank=True)
    brier = models.FloatField("Brier score", null=True, blank=True)
    lift = models.FloatField("lift over “most recent first”", null=True, blank=True)
    card = models.JSONField(default=dict)

    objects = LeadModelQuerySet.as_manager()

    class Meta:
        verbose_name = "lead model"
        ordering = ["-as_of"]
        constraints = [one_of("kind", LeadKind)]

    def __str__(self) -> str:
        return f"Lead model of {self.as_of:%-d %b %Y}"

    @property
    def is_chance(self) -> bool:
        """Are its scores chances in percent, not points?"""
        return self.kind != LeadKind.POINTS


class LeadScore(Timestamped):
    """Why a customer has the score, to the digit; `Customer.lead_score` is its whole number.

    `chance` is the chance in percent that they book within 90 days, blank where the score is
    points. `reasons` are pairs of “+” or “-” and words. `expected_visits`, in the next 12 months,
    and `chance_active`, in percent, are known of people who booked two shows or more.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="lead")
    chance = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    reasons = models.JSONField(default=list)
    expected_visits = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    chance_active = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="customers_leadscore_chance_in_percent",
                condition=Q(chance=None) | Q(chance__gte=Decimal(0), chance__lte=Decimal(100)),
            )
        ]

    def __str__(self) -> str:
        return f"Score of {self.customer}"

    @property
    def words(self) -> list[str]:
        """The reasons as staff read them: what raises the score first."""
        return [text for _, text in sorted(self.reasons, key=lambda reason: reason[0] != "+")]
