"""How complete people and sources are, of the last twelve months."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from customers.models import Attendance, Order, Touch
from nova_project.reports import Reading, Topic, measure, share

_YEAR = timedelta(days=365)


@measure(Topic.SOURCES, place=30)
def orders_with_source() -> Iterator[Reading]:
    """Paid orders that bear a code, or whose buyer has an acquisition source. One query."""
    since = timezone.now() - _YEAR
    coded = Exists(Touch.objects.filter(order=OuterRef("pk")))
    orders = Order.objects.paid().filter(ordered_at__gte=since).order_by()
    counted = orders.aggregate(
        whole=Count("pk"), part=Count("pk", filter=coded | ~Q(buyer__source="") & ~Q(buyer=None))
    )
    yield share(
        "Orders with a source",
        counted["part"],
        counted["whole"],
        60,
        "Of the paid orders of the last twelve months, those that bear the code of a tracking link "
        "or promotion, or whose buyer has an acquisition source.",
    )


@measure(Topic.PEOPLE, place=40)
def seats_of_people() -> Iterator[Reading]:
    """Valid seats that bear the address of a known person. One query."""
    since = timezone.localdate() - _YEAR
    seats = Attendance.objects.valid().filter(event__starts_on__gte=since).order_by()
    counted = seats.aggregate(whole=Count("pk"), part=Count("holder"))
    yield share(
        "Seats linked to a person",
        counted["part"],
        counted["whole"],
        50,
        "Of the valid seats of the shows since a year ago, those that bear an address of their "
        "own. Of the others only the buyer is known.",
    )
