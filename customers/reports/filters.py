"""The filters that reports about people have in common."""

from typing import Any

from django.db.models import Max, Min
from django.utils import timezone

from customers.models import Customer
from events.filters import ShowTypeField
from events.models import ShowType
from nova_project.periods import Period
from nova_project.reports import PeriodForm

MAY_VIEW = ("customers.view_customer", "events.view_event")


class PeopleForm(PeriodForm):
    """A period only: figures of people have no currency."""

    currency = None  # type: ignore[assignment]


class FirstShowForm(PeopleForm):
    """A period and the show type of the first show."""

    show_type = ShowTypeField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["show_type"].offer(list(ShowType.objects.all()))  # type: ignore[attr-defined]
        self.fields["show_type"].label = "First show"


def visits_span() -> Period | None:
    """From the first show that anybody of today's customers booked to today."""
    first = Customer.objects.aggregate(first=Min("first_event_on"))["first"]
    today = timezone.localdate()
    return Period.inclusive(min(first, today), today) if first else None


def known_span() -> Period | None:
    """From the day on which the first person was known to today."""
    found = Customer.objects.aggregate(
        made=Min("created_at"), crm=Min("crm_created_at"), booked=Min("first_visits__booked_at")
    )
    moments = [moment for moment in found.values() if moment is not None]
    if not moments:
        return None
    return Period.inclusive(timezone.localdate(min(moments)), timezone.localdate())


def changes_span() -> Period | None:
    """From the first change of a type to the last."""
    found = Customer.objects.aggregate(
        first=Min("type_changes__changed_at"), last=Max("type_changes__changed_at")
    )
    if found["first"] is None:
        return None
    return Period.inclusive(timezone.localdate(found["first"]), timezone.localdate(found["last"]))
