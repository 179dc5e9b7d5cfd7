"""Money that reached the bank: accounts, deposits, and how each bank writes its statements."""

import hashlib
import uuid
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils import timezone
from simple_history.models import HistoricalRecords

from nova_project.models import Timestamped, one_of, sum_of
from nova_project.money import (
    CurrencyField,
    MoneyField,
    check_amount_fits,
    company_currency,
    format_money,
)


class BankAccount(Timestamped):
    """An account that payouts go to. Everything on it is in one currency."""

    name = models.CharField(max_length=80, unique=True, help_text="Such as Sparkasse, shows.")
    iban_ending = models.CharField(
        "last digits of the IBAN",
        max_length=6,
        blank=True,
        validators=[RegexValidator(r"^\d{2,6}$", "Two to six digits; never the whole IBAN.")],
        help_text="To tell accounts apart. The whole IBAN is not kept.",
    )
    currency = CurrencyField(default=company_currency)
    payout_words = models.CharField(
        "words that payouts carry",
        max_length=200,
        blank=True,
        default="Eventbrite",
        help_text="Lines of a statement with none of these words (parted by commas) are passed "
        "over. Leave blank to take in every line.",
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        verbose_name = "bank account"

    def __str__(self) -> str:
        ending = f" …{self.iban_ending}" if self.iban_ending else ""
        return f"{self.name}{ending}, {self.currency}"

    @property
    def wanted_words(self) -> list[str]:
        """In lower case; none where every line is taken in."""
        return [word.strip().casefold() for word in self.payout_words.split(",") if word.strip()]


class DepositSource(models.TextChoices):
    STATEMENT = "statement", "Bank statement"
    OFX = "ofx", "OFX file"
    PAYOUT_EXPORT = "payout_export", "Eventbrite payout export"
    BY_HAND = "by_hand", "By hand"


def deposit_key(
    *,
    account_id: int,
    booked_on: date,
    amount: Decimal,
    description: str,
    counterparty: str,
    external_id: str,
    occurrence: int,
) -> str:
    """What a line of a statement is known by when its file, or one that overlaps, comes again.

    Two truly equal lines of one day differ by `occurrence`: the first is 1.
    """
    words = " ".join(f"{description}\x1f{counterparty}".casefold().split())
    number = format(amount.normalize(), "f")
    parts = (account_id, booked_on, number, words, external_id, occurrence)
    return hashlib.sha256("\x1e".join(map(str, parts)).encode()).hexdigest()[:32]


def key_by_hand() -> str:
    """For deposits that no file brought."""
    return f"hand-{uuid.uuid4().hex[:20]}"


class DepositQuerySet(models.QuerySet["Deposit"]):
    def with_matched(self) -> "DepositQuerySet":
        """Adds `matched`: the sum of its matches, and `unmatched`: what no event has yet."""
        matches = DepositMatch.objects.all()
        rest = Round(F("amount") - F("matched"), precision=3, output_field=MoneyField())
        matched = sum_of(matches, "amount", per="deposit")
        return self.annotate(matched=matched).annotate(unmatched=rest)

    def unmatched(self) -> "DepositQuerySet":
        """Not wholly matched to events, and not left as something else than a payout."""
        has_rest = ~Q(unmatched=0)
        return self.with_matched().filter(has_rest, left_at=None)


class Deposit(Timestamped):
    """Money that reached the bank, or left it: `amount` is negative for a chargeback.

    Σ of its matches never exceeds it; the database sees to that as well.
    """

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="deposits")
    booked_on = models.DateField("booked on", default=timezone.localdate)
    value_on = models.DateField("value date", null=True, blank=True)
    amount = MoneyField(help_text="Negative for money that was taken back.")
    currency = CurrencyField(default=company_currency)
    description = models.CharField(
        "reference", max_length=500, blank=True, help_text="The text of the bank, as it stands."
    )
    counterparty = models.CharField("from or to", max_length=160, blank=True)
    source = models.CharField(
        max_length=14, choices=DepositSource, default=DepositSource.BY_HAND, editable=False
    )
    external_id = models.CharField(
        "id of the bank or payout", max_length=80, blank=True, help_text="Such as a payout id."
    )
    fingerprint = models.CharField(
        "deposit ID", max_length=40, unique=True, default=key_by_hand, editable=False
    )
    left_at = models.DateTimeField("left as no payout", null=True, blank=True, editable=False)
    left_because = models.CharField("why it was left", max_length=200, blank=True, editable=False)
    history = HistoricalRecords()

    objects = DepositQuerySet.as_manager()

    class Meta:
        ordering = ["-booked_on", "-id"]
        constraints = [
            one_of("source", DepositSource),
            models.UniqueConstraint(fields=["account", "fingerprint"], name="finance_deposit_once"),
            models.CheckConstraint(
                name="finance_deposit_not_zero",
                condition=~Q(amount=0),
                violation_error_message="A deposit of nothing is no deposit.",
            ),
        ]
        indexes = [
            models.Index(fields=["-booked_on", "-id"], name="finance_deposit_day"),
            models.Index(fields=["currency", "amount"], name="finance_deposit_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on:%-d %b %Y}, {format_money(self.amount, self.currency)}"

    def clean(self) -> None:
        if self.account_id and self.currency != self.account.currency:
            raise ValidationError(
                {"currency": f"The account is in {self.account.currency}."}, code="other_currency"
            )
        if self.amount is not None:
            try:
                check_amount_fits(self.amount, self.currency)
            except ValidationError as error:
                raise ValidationError({"amount": error}) from error


class StatementKind(models.TextChoices):
    STATEMENT = "statement", "Bank statement"
    PAYOUT_EXPORT = "payout_export", "Eventbrite payout export"
    AD_SPEND = "ad_spend", "Export of an ad platform"


class AmountStyle(models.TextChoices):
    SIGNED = "signed", "One column, with a minus for money that left"
    TWO_COLUMNS = "two_columns", "Two columns: one for money in, one for money out"
    WITH_MARK = "with_mark", "One column of amounts, and one that says debit or credit"


class StatementMapping(Timestamped):
    """How one bank, ad platform or Eventbrite's payout export writes its files: which heading is
    what.

    Recognised by the headings, so that a file of the same kind needs no second explanation.
    """

    name = models.CharField(max_length=80, unique=True, help_text="Such as the name of the bank.")
    kind = models.CharField(max_length=14, choices=StatementKind, default=StatementKind.STATEMENT)
    headings = models.JSONField(editable=False, default=list)
    signature = models.CharField(max_length=64, unique=True, editable=False)
    fields = models.JSONField(
        "columns", default=dict, editable=False, help_text="Which heading holds what."
    )
    amount_style = models.CharField(
        "amounts", max_length=12, choices=AmountStyle, default=AmountStyle.SIGNED
    )
    debit_words = models.CharField(
        "words for money that left",
        max_length=120,
        blank=True,
        default="debit, d, s, soll",
        help_text="Where a column says debit or credit: what stands for debit, parted by commas.",
    )
    delimiter = models.CharField(max_length=1, default=",")
    encoding = models.CharField(max_length=20, default="utf-8-sig")
    heading_row = models.PositiveSmallIntegerField(
        "row of the headings", default=1, help_text="Some banks put lines above the headings."
    )
    has_decimal_comma = models.BooleanField("amounts are written 1.234,56", default=False)
    date_format = models.CharField(max_length=20, default="%Y-%m-%d")
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        verbose_name = "statement mapping"
        constraints = [one_of("kind", StatementKind), one_of("amount_style", AmountStyle)]

    def __str__(self) -> str:
        return self.name


class MatchOrigin(models.TextChoices):
    AUTOMATIC = "automatic", "Certain, by Nova"
    ACCEPTED = "accepted", "Suggestion accepted"
    BY_HAND = "by_hand", "By hand"


class DepositMatch(Timestamped):
    """What of a deposit pays for one event, in the deposit's currency.

    Mostly of the deposit's own sign; a payout that a chargeback of an earlier show was taken off
    has one of the other sign, too.
    """

    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="matches")
    event = models.ForeignKey(
        "events.Event", on_delete=models.PROTECT, related_name="deposit_matches"
    )
    amount = MoneyField()
    currency = CurrencyField()
    origin = models.CharField("matched", max_length=10, choices=MatchOrigin)
    evidence = models.CharField(
        max_length=300, blank=True, help_text="Why the two belong together."
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        verbose_name = "match"
        verbose_name_plural = "matches"
        constraints = [
            one_of("origin", MatchOrigin),
            models.UniqueConstraint(
                fields=["deposit", "event"],
                name="finance_match_once",
                violation_error_message="This deposit is matched to this event already.",
            ),
            models.CheckConstraint(name="finance_match_not_zero", condition=~Q(amount=0)),
        ]
        indexes = [
            models.Index(
                fields=["event", "currency"], include=["amount"], name="finance_match_event"
            )
        ]

    def __str__(self) -> str:
        return f"{format_money(self.amount, self.currency)} for {self.event}"
