"""Groups of customers that staff address together."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.utils import timezone
from simple_history.models import HistoricalRecords

from customers.models.conditions import AudienceCondition, booked_show_type
from customers.models.people import Consent, Customer, CustomerQuerySet, CustomerType, EmailAddress
from events.models import ShowType
from nova_project.models import Timestamped, one_of


class AudienceRule(models.TextChoices):
    EVERYBODY = "everybody", "Everybody"
    REPEAT = "repeat", "Repeat customers"
    VIP = "vip", "VIPs"
    FIRST_TIME = "first", "First-timers of the last days"
    LAPSED = "lapsed", "Lapsed customers"
    SHOW_TYPE = "show_type", "Customers of a show type"
    FOLLOW_UP = "follow_up", "Handed over by a follow-up"


NEEDS_DAYS = (AudienceRule.FIRST_TIME, AudienceRule.LAPSED)
TAKES_DAYS = (*NEEDS_DAYS, AudienceRule.SHOW_TYPE)
ON_LIST_DAYS = 30
"""So long whom a follow-up handed over stays: joining the list again starts HubSpot's workflow."""


class AudienceQuerySet(models.QuerySet["Audience"]):
    def active(self) -> "AudienceQuerySet":
        """Those in use."""
        return self.filter(is_active=True)

    def mirrored(self) -> "AudienceQuerySet":
        """Those in use whose members are kept as a list in the CRM too."""
        return self.active().filter(is_mirrored=True)


class Audience(Timestamped):
    """A named rule that says which customers belong together; members come and go by themselves.

    Its conditions narrow the rule: whoever belongs to it meets every one of them.
    Whoever has no e-mail address is in no audience, so nobody who was erased is. Audiences for
    marketing leave out who opted out.
    """

    name = models.CharField(max_length=100, unique=True)
    rule = models.CharField(max_length=10, choices=AudienceRule)
    days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="First-timers: shows of the last so many days. Lapsed: no show for so many days. "
        "A show type: shows of the last so many days or still to come; blank for ever.",
    )
    show_type = models.ForeignKey(
        ShowType, on_delete=models.PROTECT, null=True, blank=True, related_name="audiences"
    )
    is_for_marketing = models.BooleanField(
        "for marketing", default=True, help_text="Leaves out everybody who opted out."
    )
    is_active = models.BooleanField("in use", default=True)
    is_mirrored = models.BooleanField(
        "mirror to HubSpot",
        default=False,
        help_text="Keeps a list of the same people there, “Nova: ” and the name.",
    )
    note = models.TextField(blank=True)
    history = HistoricalRecords()

    drafted: list[AudienceCondition] | None = None
    """Conditions as typed, to count a draft by; None stands for those that are kept."""

    objects = AudienceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            one_of("rule", AudienceRule),
            models.CheckConstraint(
                name="customers_audience_days_where_needed",
                # “Not null” is said aloud: a comparison with nothing would pass.
                condition=Q(rule__in=[str(rule) for rule in TAKES_DAYS])
                & Q(days__isnull=False, days__gt=0)
                | Q(days=None) & ~Q(rule__in=[str(rule) for rule in NEEDS_DAYS]),
                violation_error_message="First-timers and lapsed customers need a number of days "
                "from 1; a show type may have one, repeat customers and VIPs have none.",
            ),
            models.CheckConstraint(
                name="customers_audience_show_type_where_needed",
                condition=Q(rule=str(AudienceRule.SHOW_TYPE), show_type__isnull=False)
                | (~Q(rule=str(AudienceRule.SHOW_TYPE)) & Q(show_type=None)),
                violation_error_message="Customers of a show type need the show type; the other "
                "rules have none.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def definition(self) -> str:
        """Who belongs to it, in plain words."""
        days = "day" if self.days == 1 else f"{self.days or 0:,} days"
        who = {
            AudienceRule.EVERYBODY: "Everybody with an e-mail address",
            AudienceRule.REPEAT: "People with two or more booked events",
            AudienceRule.VIP: "People of the customer type VIP",
            AudienceRule.FIRST_TIME: f"People whose only booked event was in the last {days}",
            AudienceRule.LAPSED: "People who booked an event once, and none "
            f"of the last {days} or still to come",
            AudienceRule.SHOW_TYPE: f"People who booked a show of the type {self.show_type}",
            AudienceRule.FOLLOW_UP: f"People whom a follow-up handed over in the last "
            f"{ON_LIST_DAYS} days",
        }[AudienceRule(self.rule)]
        if self.rule == AudienceRule.SHOW_TYPE and self.days:
            who += f" in the last {days} or still to come"
        if asked := [condition.definition for condition in self.asked()]:
            who += f", with {' and '.join(asked)}"
        consent = ", who have not opted out." if self.is_for_marketing else ", opted out or not."
        return who + consent

    def members(self, today: date | None = None) -> CustomerQuerySet:
        """Who belongs to it on `today` (by the organiser's zone), by the figures last refreshed."""
        today = today or timezone.localdate()
        address = EmailAddress.objects.filter(customer=OuterRef("pk"), is_primary=True)
        people = self._by_rule(today).filter(Exists(address))
        for condition in self.asked():
            people = people.filter(condition.matching(today))
        return people.exclude(consent=Consent.OPTED_OUT) if self.is_for_marketing else people

    def asked(self) -> list[AudienceCondition]:
        """Its conditions; those of a draft that is not saved yet are `drafted`."""
        if self.drafted is not None or self.pk is None:
            return self.drafted or []
        return list(self.conditions.all())

    def _by_rule(self, today: date) -> CustomerQuerySet:
        people = Customer.objects.with_tickets()
        first = today - timedelta(days=self.days or 0)
        match AudienceRule(self.rule):
            case AudienceRule.EVERYBODY:
                return Customer.objects.all()
            case AudienceRule.REPEAT:
                return people.filter(events_booked__gte=2)
            case AudienceRule.VIP:
                return people.filter(customer_type=CustomerType.VIP)
            case AudienceRule.FIRST_TIME:
                return people.filter(
                    events_booked=1, first_event_on__gte=first, first_event_on__lte=today
                )
            case AudienceRule.LAPSED:
                return people.filter(last_event_on__lt=first)
            case AudienceRule.SHOW_TYPE:
                return people.filter(
                    booked_show_type(self.show_type_id, first if self.days else None)
                )
            case AudienceRule.FOLLOW_UP:
                return self._handed_over()

    def _handed_over(self) -> CustomerQuerySet:
        """Lately, by the follow-up that keeps this audience; nobody where none does."""
        handed = Customer.objects.filter(
            follow_up_messages__follow_up__audience=self,
            follow_up_messages__state="handed",
            follow_up_messages__decided_at__gt=timezone.now() - timedelta(days=ON_LIST_DAYS),
        )
        return Customer.objects.filter(pk__in=handed.values("pk"))


def count_members(audiences: Iterable[Audience]) -> dict[int, int]:
    """How many people are in each of the audiences, by its id. At most three queries."""
    audiences = list(audiences)
    models.prefetch_related_objects(audiences, "conditions__show_type")
    counts = [
        audience.members()
        .order_by()
        .values(audience=Value(audience.pk))
        .annotate(people=models.Count("pk"))
        .values_list("audience", "people")
        for audience in audiences
    ]
    if not counts:
        return {}
    first, *rest = counts
    return dict(first.union(*rest, all=True) if rest else first)
