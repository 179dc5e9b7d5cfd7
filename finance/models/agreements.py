"""What performers are promised for a show, in terms that figures can be put into."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from events.models import Event
from finance.models.dues import Due
from finance.models.performers import Performer
from nova_project.models import Timestamped, one_of
from nova_project.money import CurrencyField, MoneyField, check_amount_fits, company_currency


class DealKind(models.TextChoices):
    FLAT = "flat", "Flat fee"
    DOOR_SPLIT = "door_split", "Door split"
    PLUS = "plus", "Guarantee plus share"
    VERSUS = "versus", "Guarantee versus share"
    PER_TICKET = "per_ticket", "Per ticket"


class DealBase(models.TextChoices):
    """What a percentage is taken of. Refunds are off all of them, and dues are never in them."""

    GROSS = "gross", "Gross less refunds"
    GROSS_LESS_TAX = "gross_less_tax", "Gross less refunds and tax"
    NET_SALES = "net_sales", "Net sales"
    NET_SALES_LESS_EXPENSES = "net_sales_less_expenses", "Net sales less the show's own expenses"


class AgreementStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    AGREED = "agreed", "Agreed"
    PAID = "paid", "Paid"


TERMS = ("guarantee", "percentage", "split_point", "per_seat", "above_seats")
"""The fields that hold the numbers of a deal."""
REQUIRED_TERMS: dict[str, tuple[str, ...]] = {
    DealKind.FLAT: ("guarantee",),
    DealKind.DOOR_SPLIT: ("percentage",),
    DealKind.PLUS: ("guarantee", "percentage", "split_point"),
    DealKind.VERSUS: ("guarantee", "percentage"),
    DealKind.PER_TICKET: ("per_seat",),
}
ALLOWED_TERMS: dict[str, tuple[str, ...]] = {
    **REQUIRED_TERMS,
    DealKind.PER_TICKET: ("per_seat", "above_seats"),
}


def _fits_kind(kind: str) -> Q:
    """The numbers that this kind of deal needs are there, and no others."""
    needed = {f"{name}__isnull": False for name in REQUIRED_TERMS[kind]}
    barred = {f"{name}__isnull": True for name in TERMS if name not in ALLOWED_TERMS[kind]}
    return Q(kind=kind, **needed, **barred)


class PerformerAgreementQuerySet(models.QuerySet["PerformerAgreement"]):
    def counted(self) -> "PerformerAgreementQuerySet":
        """Agreed or paid: those that reduce profit. Drafts do not."""
        return self.exclude(status=AgreementStatus.DRAFT)

    def with_due(self) -> "PerformerAgreementQuerySet":
        """Adds `due`: what the performer is due by the figures of now, drafts too.

        One query, whatever the number of agreements.
        """
        return self.annotate(due=Due())


class PerformerAgreement(Timestamped):
    """What one performer is due for one show. Its steps of bonus are rows of their own."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="agreements")
    performer = models.ForeignKey(Performer, on_delete=models.PROTECT, related_name="agreements")
    kind = models.CharField(max_length=12, choices=DealKind, default=DealKind.FLAT)
    currency = CurrencyField(default=company_currency)
    guarantee = MoneyField(
        "fee or guarantee",
        null=True,
        blank=True,
        help_text="The flat fee, or what is paid in any case.",
    )
    percentage = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="Share of the base, such as 70.",
    )
    base = models.CharField(
        "share of",
        max_length=24,
        choices=DealBase,
        default=DealBase.NET_SALES,
        help_text="What the percentage, the split point and bonus steps by amount refer to.",
    )
    split_point = MoneyField(
        null=True, blank=True, help_text="The share is taken of what the base exceeds this by."
    )
    per_seat = MoneyField("amount per seat", null=True, blank=True)
    above_seats = models.PositiveIntegerField(
        "above so many seats",
        null=True,
        blank=True,
        help_text="The first so many seats earn the performer nothing. Blank: every seat counts.",
    )
    status = models.CharField(
        max_length=8,
        choices=AgreementStatus,
        default=AgreementStatus.AGREED,
        help_text="Drafts do not reduce profit yet; agreed and paid ones do.",
    )
    paid_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=250, blank=True)
    history = HistoricalRecords()

    objects = PerformerAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = "agreement"
        ordering = ["-event__starts_on", "performer__name", "id"]
        constraints = [
            one_of("kind", DealKind),
            one_of("base", DealBase),
            one_of("status", AgreementStatus),
            models.UniqueConstraint(
                fields=["event", "performer"],
                name="finance_agreement_once",
                violation_error_message="This performer has an agreement for this show already. "
                "Change that one.",
            ),
            models.CheckConstraint(
                name="finance_agreement_fits_kind",
                condition=(
                    _fits_kind(DealKind.FLAT)
                    | _fits_kind(DealKind.DOOR_SPLIT)
                    | _fits_kind(DealKind.PLUS)
                    | _fits_kind(DealKind.VERSUS)
                    | _fits_kind(DealKind.PER_TICKET)
                ),
                violation_error_message="The numbers do not fit the kind of agreement.",
            ),
            models.CheckConstraint(
                name="finance_agreement_not_negative",
                condition=(Q(guarantee=None) | Q(guarantee__gte=0))
                & (Q(split_point=None) | Q(split_point__gte=0))
                & (Q(per_seat=None) | Q(per_seat__gt=0)),
                violation_error_message="Amounts of an agreement are not negative, and an amount "
                "per seat is more than zero.",
            ),
            models.CheckConstraint(
                name="finance_agreement_percentage_in_range",
                condition=Q(percentage=None) | Q(percentage__gt=0, percentage__lte=100),
                violation_error_message="A percentage is more than 0 and at most 100.",
            ),
            models.CheckConstraint(
                name="finance_agreement_paid_has_day",
                condition=Q(status="paid", paid_on__isnull=False)
                | (~Q(status="paid") & Q(paid_on=None)),
                violation_error_message="A paid agreement has the day it was paid on, and no other "
                "has one.",
            ),
        ]
        indexes = [
            models.Index(fields=["performer", "event"], name="finance_agreement_performer"),
        ]

    def __str__(self) -> str:
        return f"{self.performer}, {self.get_kind_display().lower()}"

    def clean(self) -> None:
        problems = {**self._unfit_terms(), **self._unfit_amounts(), **self._unfit_payment()}
        if problems:
            raise ValidationError(problems)

    def _unfit_terms(self) -> dict[str, str]:
        """What is missing for this kind of deal, and what has no place in it."""
        if self.kind not in REQUIRED_TERMS:
            return {}
        name = self.get_kind_display().lower()
        given = [field for field in TERMS if getattr(self, field) is not None]
        missing = [field for field in REQUIRED_TERMS[self.kind] if field not in given]
        barred = [field for field in given if field not in ALLOWED_TERMS[self.kind]]
        return {
            **dict.fromkeys(missing, f"An agreement of the kind “{name}” needs this."),
            **dict.fromkeys(barred, f"This has no place in a “{name}” agreement: leave it blank."),
        }

    def _unfit_amounts(self) -> dict[str, str]:
        problems = {}
        for field in ("guarantee", "split_point", "per_seat"):
            amount = getattr(self, field)
            if amount is None:
                continue
            try:
                check_amount_fits(amount, self.currency)
            except ValidationError as error:
                problems[field] = " ".join(error.messages)
        own = self.event.currency if self.event_id else self.currency
        if self.percentage is not None and self.currency != own:
            problems["currency"] = (
                f"The show sells in {own}, and a share of sales is paid in their currency. Choose "
                f"{own}, or agree a flat fee or an amount per ticket."
            )
        return problems

    def _unfit_payment(self) -> dict[str, str]:
        if self.status == AgreementStatus.PAID and self.paid_on is None:
            return {"paid_on": "When was it paid?"}
        if self.status != AgreementStatus.PAID and self.paid_on is not None:
            return {"paid_on": "It is not paid yet: leave the day blank, or set the status."}
        return {}

    @property
    def is_counted(self) -> bool:
        """Does it reduce profit? The same rule as `PerformerAgreementQuerySet.counted`."""
        return self.status != AgreementStatus.DRAFT


class BonusStep(models.Model):
    """An amount on top once so many seats are sold, or the base is so large."""

    agreement = models.ForeignKey(
        PerformerAgreement, on_delete=models.CASCADE, related_name="bonus_steps"
    )
    from_seats = models.PositiveIntegerField("from so many seats", null=True, blank=True)
    from_base = MoneyField(
        "from this amount", null=True, blank=True, help_text="Of what the agreement is a share of."
    )
    amount = MoneyField("bonus")
    history = HistoricalRecords()

    class Meta:
        ordering = ["agreement", "from_seats", "from_base"]
        constraints = [
            models.CheckConstraint(
                name="finance_bonusstep_one_threshold",
                condition=Q(from_seats__isnull=False, from_base__isnull=True)
                | Q(from_seats__isnull=True, from_base__isnull=False),
                violation_error_message="A bonus step starts at a number of seats or at an amount: "
                "give one of the two.",
            ),
            models.CheckConstraint(
                name="finance_bonusstep_positive",
                condition=Q(amount__gt=0) & (Q(from_base=None) | Q(from_base__gte=0)),
                violation_error_message="A bonus is more than zero, and starts at no negative "
                "amount.",
            ),
            models.UniqueConstraint(
                fields=["agreement", "from_seats"],
                name="finance_bonusstep_seats_once",
                violation_error_message="There is a bonus step at this number of seats already.",
            ),
            models.UniqueConstraint(
                fields=["agreement", "from_base"],
                name="finance_bonusstep_base_once",
                violation_error_message="There is a bonus step at this amount already.",
            ),
        ]

    def __str__(self) -> str:
        start = f"{self.from_seats} seats" if self.from_base is None else f"{self.from_base}"
        return f"{self.amount} from {start}"

    def clean(self) -> None:
        currency = self.agreement.currency
        for field in ("from_base", "amount"):
            amount = getattr(self, field)
            if amount is None:
                continue
            try:
                check_amount_fits(amount, currency)
            except ValidationError as error:
                raise ValidationError({field: error}) from error
