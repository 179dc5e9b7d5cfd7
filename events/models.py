"""The programme: what is played, when and where, and at which prices."""

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from nova_project.models import Timestamped, one_of
from nova_project.money import CurrencyField, MoneyField


class ShowType(Timestamped):
    """A kind of show that the organiser compares with others: stand-up, improv, music …"""

    name = models.CharField(max_length=80, unique=True)
    note = models.TextField(blank=True, help_text="What belongs here and what does not.")
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RuleKind(models.TextChoices):
    SERIES = "series", "Series id is"
    SUBCATEGORY = "subcategory", "Subcategory id is"
    CATEGORY = "category", "Category id is"
    FORMAT = "format", "Format id is"
    NAME = "name", "Name contains"


class ShowTypeRule(Timestamped):
    """Assigns a show type to events. The first rule that fits decides; a type set by hand wins.

    Rules are tried by kind (series, subcategory, category, format, name), then by position.
    A name rule is found anywhere in the name, in upper or lower case; `*` stands for any text.
    """

    show_type = models.ForeignKey(ShowType, on_delete=models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=12, choices=RuleKind, default=RuleKind.NAME)
    value = models.CharField(
        max_length=200, help_text="An Eventbrite id, or a part of the name such as “open mic”."
    )
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Within a kind the lower number is tried first."
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["kind", "position", "id"]
        constraints = [
            one_of("kind", RuleKind),
            models.UniqueConstraint(
                fields=["kind", "value"],
                name="events_rule_once",
                violation_error_message="There is already a rule for this kind and value.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} “{self.value}” → {self.show_type}"

    def clean(self) -> None:
        if not self.value.strip().strip("*"):
            raise ValidationError({"value": "A rule needs something to look for."}, code="empty")

    def fits(self, event: "Event") -> bool:
        if self.kind == RuleKind.NAME:
            pattern = ".*".join(re.escape(part) for part in self.value.split("*"))
            return re.search(pattern, event.name, re.IGNORECASE) is not None
        return bool(self.value == getattr(event, f"{self.kind}_id"))


class Venue(Timestamped):
    """A house that shows are played in."""

    eventbrite_id = models.CharField(
        "Eventbrite id", max_length=32, unique=True, null=True, blank=True
    )
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=250, blank=True)
    city = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO code such as DE.")
    capacity = models.PositiveIntegerField(null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class EventStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    LIVE = "live", "On sale"
    STARTED = "started", "Running"
    ENDED = "ended", "Ended"
    COMPLETED = "completed", "Completed and paid out"
    CANCELLED = "cancelled", "Cancelled"
    DELETED = "deleted", "Deleted"
    UNKNOWN = "unknown", "Unknown"


NOT_PLAYED = (EventStatus.DRAFT, EventStatus.CANCELLED, EventStatus.DELETED)


class EventQuerySet(models.QuerySet["Event"]):
    def played_or_planned(self) -> "EventQuerySet":
        """Neither draft nor cancelled nor deleted, and not a series' parent."""
        return self.exclude(status__in=NOT_PLAYED).filter(is_series_parent=False)

    def upcoming(self) -> "EventQuerySet":
        """Played or planned, and not yet started."""
        return self.played_or_planned().filter(start_at__gt=timezone.now())

    def started_between(self, start: datetime, end: datetime) -> "EventQuerySet":
        """Played, and started after `start`, at `end` at the latest."""
        return self.played_or_planned().filter(start_at__gt=start, start_at__lte=end)

    def missing(self) -> "EventQuerySet":
        """Eventbrite shows them no more."""
        return self.exclude(missing_since=None)

    def without_show_type(self) -> "EventQuerySet":
        """Played or planned, but neither a rule nor a person has given it a type."""
        return self.played_or_planned().filter(show_type=None)


class Event(Timestamped):
    """One performance. Eventbrite owns it where it has an Eventbrite id."""

    eventbrite_id = models.CharField(
        "Eventbrite id", max_length=32, unique=True, null=True, blank=True
    )
    organization_id = models.CharField(max_length=32, blank=True, editable=False)
    name = models.CharField(max_length=250)
    status = models.CharField(max_length=12, choices=EventStatus, default=EventStatus.LIVE)
    start_at = models.DateTimeField("starts at")
    end_at = models.DateTimeField("ends at")
    time_zone = models.CharField(max_length=64, default="Europe/Berlin")
    starts_on = models.DateField(
        "date", help_text="The day of the show in the event's own time zone."
    )
    currency = CurrencyField()
    capacity = models.PositiveIntegerField(null=True, blank=True)
    venue = models.ForeignKey(
        Venue, on_delete=models.SET_NULL, null=True, blank=True, related_name="events"
    )
    is_online = models.BooleanField("online", default=False)
    show_type = models.ForeignKey(
        ShowType, on_delete=models.SET_NULL, null=True, blank=True, related_name="events"
    )
    is_show_type_by_hand = models.BooleanField(
        "show type set by hand",
        default=False,
        help_text="Rules leave a type alone that a person has set.",
    )
    series_id = models.CharField(max_length=32, blank=True)
    is_series_parent = models.BooleanField(default=False, editable=False)
    category_id = models.CharField(max_length=32, blank=True)
    subcategory_id = models.CharField(max_length=32, blank=True)
    format_id = models.CharField(max_length=32, blank=True)
    url = models.CharField(
        "page on Eventbrite", max_length=500, blank=True, validators=[URLValidator(["https"])]
    )
    changed_at = models.DateTimeField("changed on Eventbrite", null=True, blank=True)
    missing_since = models.DateTimeField(
        "not on Eventbrite since",
        null=True,
        blank=True,
        editable=False,
        help_text="Eventbrite shows this event no more. It is kept, with all that belongs to it.",
    )
    history = HistoricalRecords(excluded_fields=["missing_since"])

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-start_at", "id"]
        constraints = [
            one_of("status", EventStatus),
            models.CheckConstraint(
                name="events_event_ends_after_start",
                condition=Q(end_at__gte=models.F("start_at")),
                violation_error_message="An event cannot end before it starts.",
            ),
        ]
        indexes = [
            models.Index(fields=["starts_on", "id"], name="events_event_day"),
            models.Index(fields=["show_type", "starts_on"], name="events_event_type_day"),
            models.Index(fields=["start_at"], name="events_event_start"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.starts_on:%-d %b %Y}"

    @property
    def is_played_or_planned(self) -> bool:
        return self.status not in NOT_PLAYED and not self.is_series_parent


class TicketClass(Timestamped):
    """A kind of ticket of one event, with its price."""

    eventbrite_id = models.CharField(
        "Eventbrite id", max_length=32, unique=True, null=True, blank=True
    )
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="ticket_classes")
    name = models.CharField(max_length=200)
    is_free = models.BooleanField("free", default=False)
    price = MoneyField(null=True, blank=True, help_text="Blank for free tickets and donations.")
    fee = MoneyField(null=True, blank=True)
    currency = CurrencyField()
    includes_fee = models.BooleanField("fee is inside the price", default=False)
    capacity = models.PositiveIntegerField(null=True, blank=True)
    sold_count = models.PositiveIntegerField("sold, as Eventbrite counts", default=0)
    sales_start_at = models.DateTimeField(null=True, blank=True)
    sales_end_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["event", "name"]
        verbose_name_plural = "ticket classes"

    def __str__(self) -> str:
        return self.name
