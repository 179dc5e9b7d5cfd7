"""First-timers by show: whom to bring back, and with what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from customers.models import Consent, EmailAddress, FirstVisits, FollowUpMessage
from customers.models.messages import REACHED
from customers.reports.filters import MAY_VIEW, FirstShowForm, visits_span
from customers.services.followups.facts import coming_shows
from events.filters import NO_SHOW_TYPE
from events.models import Event, ShowType
from nova_project.periods import Period
from nova_project.reports import Arguments, Column, Kind, Report, Topic, register

_USUAL_DAYS = 90


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who came once, to `show`; `next_show` is the next one of its type on sale."""

    customer_id: int
    name: str
    address: str
    event_id: int
    show: str
    show_type: str
    shown_on: date
    consent: str
    written_on: date | None
    next_id: int | None
    next_show: str
    next_on: date | None

    @property
    def days_since(self) -> int:
        return (timezone.localdate() - self.shown_on).days


class FirstTimersForm(FirstShowForm):
    """A period and the show type. Without a period, the last ninety days."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["show_type"].label = "Show type"

    def usual_period(self, last: date) -> Period:
        return Period.inclusive(last - timedelta(days=_USUAL_DAYS - 1), last)


def first_timers(period: Period, show_type: ShowType | None = None) -> list[Row]:
    """People who came to one show so far and have booked no other, the latest show first.

    `period` is about the show's own day. Next shows are those on sale and not sold out. Two
    queries.
    """
    visits = list(_visits(period, show_type))
    types = {visit.first_event.show_type_id for visit in visits}
    coming = coming_shows({pk for pk in types if pk is not None})
    return [_row(visit, coming) for visit in visits]


def _visits(period: Period, show_type: ShowType | None) -> QuerySet[Any]:
    """Adds `address` and `written_at`."""
    primary = EmailAddress.objects.filter(customer=OuterRef("customer"), is_primary=True)
    reached = FollowUpMessage.objects.filter(customer=OuterRef("customer"), state__in=REACHED)
    last = reached.order_by().values("customer").annotate(last=Max("decided_at")).values("last")
    visits = FirstVisits.objects.filter(
        second_event=None,
        first_event__starts_on__gte=period.start,
        first_event__starts_on__lt=period.end,
        first_event__end_at__lte=timezone.now(),
        customer__events_attended__gt=0,
        customer__erased_at=None,
    )
    if show_type is not None:
        visits = visits.filter(first_event__show_type=show_type if show_type.pk else None)
    return (
        visits.select_related("customer", "first_event__show_type")
        .only(*_SHOWN)
        .annotate(address=Subquery(primary.values("address")[:1]), written_at=Subquery(last))
        .order_by("-first_event__start_at", "first_event", "customer__last_name", "customer")
    )


_SHOWN = (
    "customer__first_name",
    "customer__last_name",
    "customer__erased_at",
    "customer__consent",
    "first_event__name",
    "first_event__starts_on",
    "first_event__show_type__name",
)
"""All that a row reads: over years there are many rows."""


def _row(visit: Any, coming: Mapping[int, list[Event]]) -> Row:
    person, show = visit.customer, visit.first_event
    following = next(iter(coming.get(show.show_type_id or 0, ())), None)
    return Row(
        customer_id=person.pk,
        name=str(person),
        address=visit.address or "",
        event_id=show.pk,
        show=show.name,
        show_type=show.show_type.name if show.show_type else NO_SHOW_TYPE.name,
        shown_on=show.starts_on,
        consent=Consent(person.consent).label,
        written_on=_day(visit.written_at),
        next_id=following.pk if following else None,
        next_show=following.name if following else "",
        next_on=following.starts_on if following else None,
    )


def _day(moment: datetime | None) -> date | None:
    return timezone.localdate(moment) if moment else None


def to_person(row: Row, arguments: Arguments) -> str:
    return reverse("admin:customers_customer_change", args=[row.customer_id])


def to_show(row: Row, arguments: Arguments) -> str:
    return reverse("admin:events_event_change", args=[row.event_id])


def to_next(row: Row, arguments: Arguments) -> str:
    return reverse("admin:events_event_change", args=[row.next_id]) if row.next_id else ""


@register
class FirstTimers(Report):
    slug, title = "first-timers", "First-timers by show"
    description = "Who came once and has booked nothing since, with the next show like it."
    permission_required = MAY_VIEW
    form_class = FirstTimersForm
    columns = [
        Column("Show", "show", link=to_show),
        Column("Date", "shown_on", Kind.DATE),
        Column("Show type", "show_type"),
        Column("Name", "name", link=to_person, names_row=True),
        Column("E-mail", "address"),
        Column("Days since", "days_since", Kind.COUNT, "From the day of the show to today."),
        Column(
            "Next show",
            "next_show",
            help="The next one of the same type that is on sale and not sold out.",
            link=to_next,
        ),
        Column("Next show on", "next_on", Kind.DATE),
        Column("Consent", "consent", help="Follow-ups go to people only who have opted in."),
        Column("Written to", "written_on", Kind.DATE, "When a follow-up last reached them."),
    ]
    rows = staticmethod(first_timers)
    span = staticmethod(visits_span)
    dates = "by the day of the show that they came to"
    rests_on = (Topic.SALES, Topic.PEOPLE)
    empty_hint = "Nobody came for the first time in these days. Choose a longer period."

    @staticmethod
    def links(arguments: Arguments) -> list[tuple[str, str]]:
        return [("Follow-ups", reverse("admin:customers_followup_changelist"))]
