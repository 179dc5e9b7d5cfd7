"""Who the people are and how to reach them."""

import hmac
import re
from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.utils import timezone
from simple_history.models import HistoricalRecords

from customers.models.keys import AddressKey, NamePhoneKey
from customers.models.segments import MEASURES, SegmentBands
from nova_project.models import Timestamped, one_of
from nova_project.money import ZERO, MoneyField

_ADDRESS = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+\.[^@\s;,<>.]+")

models.CharField.register_lookup(Length)


def clean_address(text: str | None) -> str:
    """The address in the one spelling that Nova compares, or "" where it is none.

    Outer spaces go, letters become small. “Info Requested” and other words are no address.
    """
    address = (text or "").strip().lower()
    return address if len(address) <= 254 and _ADDRESS.fullmatch(address) else ""


class CustomerType(models.TextChoices):
    LEAD = "lead", "Lead"
    NEW = "new", "New"
    RETURNING = "returning", "Returning"
    VIP = "vip", "VIP"


class Consent(models.TextChoices):
    UNKNOWN = "unknown", "Not asked"
    OPTED_IN = "in", "Opted in"
    OPTED_OUT = "out", "Opted out"


class LeadBand(models.TextChoices):
    HOT = "hot", "Hot"
    WARM = "warm", "Warm"
    COOL = "cool", "Cool"
    COLD = "cold", "Cold"


class CustomerQuerySet(models.QuerySet["Customer"]):
    def known_by(self, address: str) -> "CustomerQuerySet":
        """Those who have `address`, in any spelling, as one of their addresses."""
        return self.filter(addresses__address=clean_address(address))

    def with_tickets(self) -> "CustomerQuerySet":
        """Those who have booked at least one event."""
        return self.filter(events_booked__gt=0)

    def erased(self) -> "CustomerQuerySet":
        """Those who asked to be forgotten: figures without a name."""
        return self.filter(erased_at__isnull=False)

    def with_segment(self, today: date | None = None) -> "CustomerQuerySet":
        """Adds `recency`, `frequency` and `monetary`, their scores from 1 to 5, and `segment` on
        `today`, company zone. Without a booked event the segment is null. One query, for the bands.
        """
        today = today or timezone.localdate()
        bands = SegmentBands.current()
        scores = {measure: bands.score(measure, today) for measure in MEASURES}
        return self.annotate(**scores, segment=bands.segment(today))

    def due_for_rollup(self) -> "CustomerQuerySet":
        """Those whose orders, seats or shows changed since their figures were last computed."""
        return self.filter(is_rollup_due=True)


class Customer(Timestamped):
    """A person: buyer, guest or lead.

    The figures under “what they did” are rollups; `customers.services.refresh_rollups` alone
    writes them. What the CRM says of a person is read-only here.
    """

    first_name = models.CharField(max_length=120, blank=True)
    last_name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    city = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=80, blank=True)
    consent = models.CharField(
        "marketing consent", max_length=8, choices=Consent, default=Consent.UNKNOWN
    )
    note = models.TextField(blank=True)

    # What the CRM says of them.
    lifecycle_stage = models.CharField(max_length=80, blank=True)
    owner = models.CharField(max_length=120, blank=True)
    source = models.CharField("acquisition source", max_length=80, blank=True)
    latest_source = models.CharField(max_length=80, blank=True)
    crm_created_at = models.DateTimeField(
        "in the CRM since", null=True, blank=True, help_text="When the CRM first knew them."
    )
    first_engaged_at = models.DateTimeField(
        "first engagement",
        null=True,
        blank=True,
        help_text="Their first click in an e-mail. Opens do not count: machines open e-mails, too.",
    )
    last_contacted_at = models.DateTimeField(null=True, blank=True)
    emails_delivered_count = models.PositiveIntegerField("e-mails delivered", default=0)
    emails_opened_count = models.PositiveIntegerField("e-mails opened", default=0)
    emails_clicked_count = models.PositiveIntegerField("e-mails clicked", default=0)

    # What they did.
    events_booked = models.PositiveIntegerField("booked events", default=0, editable=False)
    events_attended = models.PositiveIntegerField("attended events", default=0, editable=False)
    seats_count = models.PositiveIntegerField("seats", default=0, editable=False)
    total_spend = MoneyField(
        default=ZERO,
        editable=False,
        help_text="Paid less refunds, in the company's currency only.",
    )
    first_event_on = models.DateField("first booked event", null=True, blank=True, editable=False)
    last_event_on = models.DateField("last booked event", null=True, blank=True, editable=False)
    customer_type = models.CharField(
        "type", max_length=12, choices=CustomerType, default=CustomerType.LEAD, editable=False
    )
    is_rollup_due = models.BooleanField(default=True, editable=False)

    # What they will probably do; `score_leads` alone writes it, and LeadScore says why.
    lead_score = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="0 to 100: the chance in percent that they book within 90 days. Points for "
        "recent and frequent bookings while there is too little data for a chance.",
    )
    lead_band = models.CharField(max_length=8, choices=LeadBand, blank=True, editable=False)
    erased_at = models.DateTimeField(
        "erased",
        null=True,
        blank=True,
        editable=False,
        help_text="The person asked to be forgotten. What is left is figures without a name.",
    )
    history = HistoricalRecords(
        excluded_fields=[
            "events_booked",
            "events_attended",
            "seats_count",
            "total_spend",
            "first_event_on",
            "last_event_on",
            "customer_type",
            "is_rollup_due",
            "lead_score",
            "lead_band",
            "erased_at",
        ]
    )

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        permissions = [
            ("erase_customer", "Can erase a person for good"),
            ("merge_customer", "Can merge two customers, and undo it"),
        ]
        constraints = [
            one_of("customer_type", CustomerType),
            one_of("consent", Consent),
            models.CheckConstraint(
                name="customers_customer_lead_band_known",
                condition=Q(lead_band__in=["", *(str(band) for band in LeadBand)]),
            ),
            models.CheckConstraint(
                name="customers_customer_lead_score_to_100",
                condition=Q(lead_score=None) | Q(lead_score__lte=100),
            ),
        ]
        indexes = [
            models.Index(fields=["last_name", "first_name", "id"], name="customers_customer_name"),
            models.Index(fields=["customer_type", "last_event_on"], name="customers_customer_type"),
            models.Index(fields=["lead_band", "-lead_score"], name="customers_customer_lead"),
            models.Index(fields=["updated_at"], name="customers_customer_changed"),
            models.Index(
                fields=["id"], name="customers_customer_due", condition=Q(is_rollup_due=True)
            ),
            models.Index(
                fields=["id"],
                name="customers_customer_erased",
                condition=Q(erased_at__isnull=False),
            ),
            models.Index(
                NamePhoneKey("first_name", "last_name", "phone"),
                name="customers_customer_name_phone",
            ),
        ]

    def __str__(self) -> str:
        nobody = f"Erased person {self.pk}" if self.erased_at else f"Customer {self.pk}"
        return self.name or nobody

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def email(self) -> str:
        """The primary address, "" where there is none. No query after `prefetch("addresses")`."""
        primary = [a.address for a in self.addresses.all() if a.is_primary]
        return primary[0] if primary else ""


class EmailAddress(Timestamped):
    """One of a customer's addresses, in small letters. It belongs to one customer only."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    address = models.EmailField(unique=True)
    is_primary = models.BooleanField("primary", default=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["-is_primary", "address"]
        verbose_name_plural = "e-mail addresses"
        indexes = [models.Index(AddressKey("address"), name="customers_address_mailbox")]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(is_primary=True),
                name="customers_emailaddress_one_primary",
                violation_error_message="A customer has one primary address.",
            ),
            models.CheckConstraint(
                name="customers_emailaddress_small_letters",
                condition=Q(address=models.functions.Lower("address")),
                violation_error_message="Addresses are kept in small letters.",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    def clean(self) -> None:
        self.address = clean_address(self.address) or self.address


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def keep_away(self, addresses: Iterable[str]) -> int:
        """Remembers the hash of each address; returns how many were not known yet."""
        known = self.covering(addresses := {a for a in map(clean_address, addresses) if a})
        new = [Suppression(digest=Suppression.digest_of(a)) for a in addresses - known]
        Suppression.objects.bulk_create(new, ignore_conflicts=True)
        return len(new)

    def covering(self, addresses: Iterable[str]) -> set[str]:
        """Those of `addresses` that were erased and must not come back. One or two queries."""
        if not self.exists():
            return set()
        digests = {Suppression.digest_of(address): address for address in addresses}
        found = self.filter(digest__among=digests).values_list("digest", flat=True)
        return {digests[digest] for digest in found}


class Suppression(Timestamped):
    """The keyed hash of an erased person's address: no sync or import may bring them back."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    reason = models.CharField(max_length=200, blank=True, default="Erased on request")

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = "erased person"
        verbose_name_plural = "erased people"

    def __str__(self) -> str:
        return f"Erased on {self.created_at:%-d %b %Y}"

    @staticmethod
    def digest_of(address: str) -> str:
        key = f"suppression:{settings.SECRET_KEY}".encode()
        return hmac.digest(key, clean_address(address).encode(), "sha256").hex()
