"""A file gives the rows that a pull of the same world gives, and a pull after it meets them."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from customers.models import Attendance, Customer, EmailAddress, Order
from events.models import Event
from finance.models import LedgerLine
from integrations.sandbox.world import World
from tests.integrations.eventbrite.everything import everything, undisturbed
from tests.integrations.eventbrite.files.reports import orders_report, seats_report, without_ids

pytestmark = pytest.mark.django_db

TOLD = {
    Event: "eventbrite_id name start_at starts_on time_zone currency",
    Order: "eventbrite_id event__eventbrite_id buyer__addresses__address buyer_name "
    "is_buyer_erased status ordered_at currency gross tax eventbrite_fee payment_fee",
    Attendance: "eventbrite_id order__eventbrite_id event__eventbrite_id ticket_name "
    "holder__addresses__address guest_name currency price affiliate_code",
    EmailAddress: "address is_primary customer__first_name customer__last_name",
}
"""What Eventbrite's reports say."""

STAMPED = (Event, Order, Attendance, Customer, EmailAddress)


@pytest.fixture
def world():
    return World.generate(seed=3, events=3, orders=90, contacts=0)


def told():
    rows = {
        model: sorted(model.objects.values_list(*names.split()), key=repr)
        for model, names in TOLD.items()
    }
    sound = LedgerLine.objects.exclude(kind="refund").order_by()
    names = ("order__eventbrite_id", "kind", "amount", "currency", "occurred_at")
    rows[LedgerLine] = sorted(sound.values_list(*names), key=repr)
    return rows


def counted():
    """The seats and what they count as: a report calls every lost seat “Not Attending”."""
    valid = Attendance.objects.valid()
    return sorted(valid.values_list("eventbrite_id", "status"))


def net_sales():
    sums = LedgerLine.objects.order_by().values_list("order__eventbrite_id", "kind", "currency")
    return sorted((*row[:3], row[3].normalize()) for row in sums.annotate(Sum("amount")) if row[3])


def of_api(pull):
    found = {}

    def run():
        pull()
        found.update(told=told(), counted=counted(), sums=net_sales())

    found["everything"] = undisturbed(run)
    return found


def test_files_give_the_rows_of_a_pull_and_a_pull_afterwards_completes_them(world, pull, bring_in):
    api = of_api(pull)

    orders = bring_in(text=orders_report(world))
    seats = bring_in(text=seats_report(world))
    from_files, counted_then = told(), counted()
    pull()

    assert (orders.failed_count, seats.failed_count) == (0, 0)
    in_full = {row[0] for row in api["told"][Event]} & {row[0] for row in from_files[Event]}
    events = [row for row in api["told"][Event] if row[0] in in_full]
    assert events
    assert from_files[Event] == events
    for model in (Order, Attendance, EmailAddress, LedgerLine):
        assert from_files[model] == api["told"][model]
    assert counted_then == api["counted"]
    now = everything()
    for model in ("Venue", "Event", "TicketClass", "Order", "Attendance", "EmailAddress"):
        assert now[model] == api["everything"][model]
    assert now["Customer"] == api["everything"]["Customer"]
    assert net_sales() == api["sums"]


def test_a_sync_after_files_without_event_ids_gives_what_a_sync_alone_gives(world, pull, bring_in):
    api = of_api(pull)
    orders = bring_in(text=without_ids(orders_report(world)))
    seats = bring_in(text=without_ids(seats_report(world)))
    assert (orders.failed_count, seats.failed_count) == (0, 0)
    assert set(Event.objects.values_list("eventbrite_id", flat=True)) == {None}
    numbers = (Order.objects.count(), Attendance.objects.count())

    pull()

    now = everything()
    for model in ("Venue", "Event", "TicketClass", "Order", "Attendance", "EmailAddress"):
        assert now[model] == api["everything"][model]
    assert now["Customer"] == api["everything"]["Customer"]
    assert net_sales() == api["sums"]
    assert numbers == (Order.objects.count(), Attendance.objects.count())


def test_a_report_of_seats_alone_gives_the_orders_too(world, pull, bring_in):
    api = of_api(pull)

    job = bring_in(text=seats_report(world))

    assert job.failed_count == 0
    with_seats = {row[1] for row in api["told"][Attendance]}
    wanted = [row[:5] + row[6:] for row in api["told"][Order] if row[0] in with_seats]
    assert [row[:5] + row[6:] for row in told()[Order]] == wanted


def test_the_same_files_again_and_files_after_a_pull_write_nothing(world, pull, bring_in):
    pull()
    stamps = [
        list(model.objects.order_by("pk").values_list("pk", "updated_at")) for model in STAMPED
    ]
    lines = LedgerLine.objects.count()

    orders = bring_in(text=orders_report(world))
    seats = bring_in(text=seats_report(world))

    assert (orders.good_count, orders.failed_count) == (0, 0)
    assert (seats.good_count, seats.failed_count) == (0, 0)
    now = [list(model.objects.order_by("pk").values_list("pk", "updated_at")) for model in STAMPED]
    assert (now, LedgerLine.objects.count()) == (stamps, lines)
    assert Decimal(lines) > 0
