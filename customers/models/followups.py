"""Automated e-mails to customers: what is sent, when and to whom."""

import secrets
from datetime import datetime, time, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from customers.models.outreach import Audience
from nova_project.models import Timestamped, one_of


class Trigger(models.TextChoices):
    FIRST_TICKET = "first_ticket", "First ticket bought"
    FIRST_VISIT = "first_visit", "First event attended"
    ABSENT = "absent", "Days since the last event, and none booked"
    VIP = "vip", "Became VIP"


class Carrier(models.TextChoices):
    MAIL = "mail", "E-mail that Nova sends"
    HUBSPOT = "hubspot", "HubSpot list, for a workflow there"


class FollowUpState(models.TextChoices):
    OFF = "off", "Off"
    ON = "on", "On"
    PAUSED = "paused", "Paused"


EVERY_DAY = "1234567"
"""Weekdays as ISO numbers them: 1 is Monday."""


def _new_salt() -> str:
    return secrets.token_hex(16)


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def on(self) -> "FollowUpQuerySet":
        """Those that are sent: neither off nor paused."""
        return self.filter(state=FollowUpState.ON)


class FollowUp(Timestamped):
    """An automated message to everybody to whom the same thing happened.

    `on_since` is when it was last switched on: what happened before counts only as far back as
    `look_back_days` says. A part of the people, `holdout_percent`, never gets it; they tell what
    would have happened anyway. `salt` decides who they are, and never changes.
    """

    name = models.CharField(max_length=100, unique=True)
    note = models.TextField(blank=True, help_text="For staff only.")
    state = models.CharField(
        max_length=8, choices=FollowUpState, default=FollowUpState.OFF, editable=False
    )
    on_since = models.DateTimeField("switched on", null=True, blank=True, editable=False)

    trigger = models.CharField("when", max_length=14, choices=Trigger)
    days_absent = models.PositiveIntegerField(
        "days since",
        null=True,
        blank=True,
        help_text="So many days since the last event. For that trigger only.",
    )
    delay_hours = models.PositiveIntegerField(
        "delay in hours", default=24, help_text="24 is a day later, 336 are two weeks."
    )
    look_back_days = models.PositiveIntegerField(
        "look back",
        default=0,
        help_text="When it is switched on, also to those to whom it happened in the last so many "
        "days. 0: to nobody of the past.",
    )
    is_unless_booked = models.BooleanField(
        "not to those who have booked again",
        default=False,
        help_text="Leaves out who holds a ticket for a later show by the time it is sent.",
    )
    is_with_next_show = models.BooleanField(
        "only with a next show",
        default=False,
        help_text="Waits until a show of the same type is on sale that the person has not booked.",
    )

    carrier = models.CharField("how", max_length=8, choices=Carrier, default=Carrier.MAIL)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField("text", blank=True)
    audience = models.OneToOneField(
        Audience,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="follow_up",
        help_text="Whom it handed to HubSpot lately.",
    )

    send_from = models.TimeField("not before", default=time(10))
    send_until = models.TimeField("not after", default=time(19))
    weekdays = models.CharField(max_length=7, default=EVERY_DAY)
    gap_days = models.PositiveIntegerField(
        "days between two e-mails",
        default=7,
        help_text="Whoever got any follow-up in the last so many days waits. 0: nobody waits.",
    )
    holdout_percent = models.PositiveSmallIntegerField(
        "held out, %",
        default=10,
        help_text="So many in a hundred never get it, so that both groups can be compared. Who is "
        "in which group is settled once and stays, whatever you enter here later.",
    )
    result_days = models.PositiveIntegerField(
        "judge after days",
        default=30,
        help_text="Who books within so many days counts as won.",
    )
    salt = models.CharField(max_length=32, default=_new_salt, editable=False)
    history = HistoricalRecords(excluded_fields=["salt", "audience"])

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = "follow-up"
        ordering = ["name"]
        constraints = [
            one_of("state", FollowUpState),
            one_of("trigger", Trigger),
            one_of("carrier", Carrier),
            models.CheckConstraint(
                name="customers_followup_on_since_where_on",
                condition=Q(state=str(FollowUpState.OFF)) | Q(on_since__isnull=False),
            ),
            models.CheckConstraint(
                name="customers_followup_days_where_needed",
                condition=Q(
                    trigger=str(Trigger.ABSENT), days_absent__isnull=False, days_absent__gt=0
                )
                | ~Q(trigger=str(Trigger.ABSENT)) & Q(days_absent=None),
                violation_error_message="“Days since” belongs to the trigger “days since the last "
                "event”, and is at least 1 there.",
            ),
            models.CheckConstraint(
                name="customers_followup_holdout_to_half",
                condition=Q(holdout_percent__lte=50),
                violation_error_message="At most half can be held out.",
            ),
            models.CheckConstraint(
                name="customers_followup_window_open",
                condition=Q(send_from__lt=F("send_until")) & ~Q(weekdays=""),
                violation_error_message="“Not before” has to be earlier than “not after”.",
            ),
            models.CheckConstraint(
                name="customers_followup_result_days_positive",
                condition=Q(result_days__gt=0),
                violation_error_message="Judge after one day or more.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_once(self) -> bool:
        """Does it happen to a person once in their life?"""
        return self.trigger != Trigger.ABSENT

    @property
    def delay(self) -> timedelta:
        return timedelta(hours=self.delay_hours)

    @property
    def definition(self) -> str:
        """When it is sent, in plain words."""
        what = {
            Trigger.FIRST_TICKET: "after somebody bought their first ticket",
            Trigger.FIRST_VISIT: "after the end of the first event that somebody attended",
            Trigger.ABSENT: f"when the last event of somebody is {self.days_absent} days ago and "
            "they have booked none since",
            Trigger.VIP: "after somebody became VIP",
        }[Trigger(self.trigger)]
        if self.trigger == Trigger.ABSENT and not self.delay_hours:
            return what[0].upper() + what[1:]
        return f"{self.delay_words} {what}"

    @property
    def delay_words(self) -> str:
        """The delay as staff say it: 14 days, 3 hours."""
        if not self.delay_hours:
            return "Right"
        whole, hours = divmod(self.delay_hours, 24)
        number, unit = (whole, "day") if whole and not hours else (self.delay_hours, "hour")
        return f"{number:,} {unit}" if number == 1 else f"{number:,} {unit}s"

    def is_open(self, now: datetime) -> bool:
        """Is `now` within its hours and weekdays, by the organiser's clock?"""
        local = timezone.localtime(now)
        is_day = str(local.isoweekday()) in self.weekdays
        return is_day and self.send_from <= local.time() < self.send_until
