"""Marketing efforts, the codes that point to them, and whom they reached."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Max, Q, QuerySet
from simple_history.models import HistoricalRecords

from customers.models.people import Customer
from customers.models.ticketing import Order
from nova_project.models import Timestamped, one_of
from nova_project.money import CurrencyField, MoneyField, check_amount_fits, company_currency


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SOCIAL = "social", "Social media"
    SEARCH = "search", "Search ads"
    PARTNER = "partner", "Partner"
    PRINT = "print", "Print"
    OTHER = "other", "Other"


class Campaign(Timestamped):
    """A marketing effort with its dates and budget."""

    name = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.OTHER)
    start_on = models.DateField("from", null=True, blank=True)
    end_on = models.DateField("until", null=True, blank=True)
    budget = MoneyField(null=True, blank=True)
    currency = CurrencyField(default=company_currency)
    note = models.TextField(blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["-start_on", "name"]
        constraints = [
            one_of("channel", Channel),
            models.CheckConstraint(
                name="customers_campaign_ends_after_start",
                condition=Q(start_on=None) | Q(end_on=None) | Q(end_on__gte=models.F("start_on")),
                violation_error_message="A campaign cannot end before it starts.",
            ),
            models.CheckConstraint(
                name="customers_campaign_budget_not_negative",
                condition=Q(budget=None) | Q(budget__gte=0),
                violation_error_message="A budget cannot be negative.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.budget is not None:
            try:
                check_amount_fits(self.budget, self.currency)
            except ValidationError as error:
                raise ValidationError({"budget": error}) from error


class CodeKind(models.TextChoices):
    AFFILIATE = "affiliate", "Eventbrite affiliate code"
    PROMO = "promo", "Promo code"
    UTM = "utm", "UTM campaign"
    CRM = "crm", "CRM campaign or source"


class CampaignCode(Timestamped):
    """A code that says “this sale came from that campaign”. Case does not matter."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="codes")
    kind = models.CharField(max_length=10, choices=CodeKind, default=CodeKind.AFFILIATE)
    code = models.CharField(max_length=200)
    history = HistoricalRecords()

    class Meta:
        ordering = ["campaign", "kind", "code"]
        constraints = [
            one_of("kind", CodeKind),
            models.UniqueConstraint(
                "kind",
                models.functions.Lower("code"),
                name="customers_code_once",
                violation_error_message="This code already points to a campaign.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.code}"


class TouchKind(models.TextChoices):
    TRACKING_LINK = "tracking", "Tracking link"
    PROMO_CODE = "promo", "Promo code"
    CLICK = "click", "Click in an e-mail"
    OPEN = "open", "E-mail opened"
    FIRST_SOURCE = "first", "First source in the CRM"
    LATEST_SOURCE = "latest", "Latest source in the CRM"


class TouchQuerySet(models.QuerySet["Touch"]):
    def of_orders(self) -> "TouchQuerySet":
        """Those that the codes of orders tell of."""
        return self.filter(kind__in=CODE_KINDS)

    def unclaimed(self) -> "TouchQuerySet":
        """Those whose code belongs to no campaign yet."""
        return self.filter(campaign=None)

    def by_source(self) -> QuerySet["Touch", dict[str, Any]]:
        """Each kind and source with its `orders`, `touches` and when it was `last_seen`; the
        most used first. One query."""
        counted = (
            self.order_by()
            .values("kind", "source")
            .annotate(
                orders=Count("order", distinct=True),
                touches=Count("pk"),
                last_seen=Max("occurred_at"),
            )
        )
        return counted.order_by("-touches", "source")


class Touch(Timestamped):
    """One marketing contact of one customer: by a campaign, or by a source that nobody has claimed.

    `source` is the code or source as it was seen. A touch of an order whose buyer gave no address
    has no customer. `key` names where it comes from, so that reading again adds nothing.
    """

    key = models.CharField(max_length=300, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="touches"
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.SET_NULL, null=True, blank=True, related_name="touches"
    )
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, null=True, blank=True, related_name="touches"
    )
    kind = models.CharField(max_length=10, choices=TouchKind)
    source = models.CharField(max_length=200)
    occurred_at = models.DateTimeField("when")

    objects = TouchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "touches"
        ordering = ["-occurred_at", "-id"]
        constraints = [
            one_of("kind", TouchKind),
            models.CheckConstraint(
                name="customers_touch_of_somebody",
                condition=Q(customer__isnull=False) | Q(order__isnull=False),
            ),
            models.CheckConstraint(name="customers_touch_source_known", condition=~Q(source="")),
        ]
        indexes = [
            models.Index(fields=["customer", "occurred_at"], name="customers_touch_customer"),
            models.Index(fields=["campaign", "occurred_at"], name="customers_touch_campaign"),
            models.Index(fields=["-occurred_at", "-id"], name="customers_touch_time"),
            models.Index(
                fields=["kind", "source"],
                name="customers_touch_unclaimed",
                condition=Q(campaign=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.source}".strip()


CODE_KINDS = {
    TouchKind.TRACKING_LINK: CodeKind.AFFILIATE,
    TouchKind.PROMO_CODE: CodeKind.PROMO,
}
"""The touches that codes of orders tell of, and the codes that claim them for a campaign."""

NO_MARKETING = ("direct_traffic", "offline")
"""Sources, in small letters, behind which no marketing stands: the person came by themselves or was
entered by hand. They earn nothing, unless a campaign has them as a code."""
