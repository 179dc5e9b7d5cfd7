"""Events that Nova had from a file or a person before Eventbrite told of them."""

from datetime import UTC, date, datetime

import pytest

from events.models import Event
from finance.models import Expense
from integrations.models import Problem
from tests.factories import make_event, make_expense, make_venue

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 3, 18, tzinfo=UTC)  # eight in the evening in Berlin


def have(name="Comedy Night", start_at=START, **fields):
    day = {"starts_on": date(2026, 5, 3), "start_at": start_at, "end_at": start_at}
    return make_event(name=name, eventbrite_id=None, **day | fields)


def asked():
    return list(Problem.objects.open().filter(code="event_twice").values_list("record", flat=True))


def ids():
    return list(Event.objects.order_by("pk").values_list("eventbrite_id", flat=True))


def test_the_one_event_of_that_name_and_start_becomes_eventbrites_with_all_it_has(world, pull):
    event = have("comedy  night")
    make_expense("80.00", event=event)
    remote = world.add_event("Comedy Night", start=START, capacity=60)

    pull()

    event.refresh_from_db()
    assert ids() == [remote["id"]]
    assert (event.name, event.capacity, Expense.objects.get().event) == ("Comedy Night", 60, event)
    assert event.history.first().history_change_reason == (
        f"Found on Eventbrite as event {remote['id']}"
    )


def test_a_start_is_the_clock_there_and_a_file_without_times_means_the_day(world, pull):
    have("Noon", datetime(2026, 5, 3, 18, tzinfo=UTC), time_zone="Europe/Berlin")
    have("Day", datetime(2026, 5, 2, 22, tzinfo=UTC))
    world.add_event("Noon", start=datetime(2026, 5, 3, 19, tzinfo=UTC), zone="Europe/London")
    world.add_event("Day", start=START)

    pull()

    assert Event.objects.count() == 2
    assert None not in ids()


def test_another_start_name_or_venue_is_another_event(world, pull):
    have(start_at=datetime(2026, 5, 3, 16, tzinfo=UTC))
    have(name="Comedy Nights")
    have(venue=make_venue(name="Cellar"))
    world.add_event("Comedy Night", start=START, venue=world.add_venue("Attic"))

    pull()

    assert ids()[:3] == [None] * 3
    assert (Event.objects.count(), asked()) == (4, [])


@pytest.mark.parametrize(("ours", "theirs"), [(2, 1), (1, 2)])
def test_where_more_than_one_may_be_meant_the_inbox_asks_until_one_is_left(
    world, pull, ours, theirs
):
    events = [have() for _ in range(ours)]
    remote = [world.add_event("Comedy Night", start=START) for _ in range(theirs)]

    pull()

    assert ids() == [*[None] * ours, *(event["id"] for event in remote)]
    assert sorted(asked()) == sorted(f"event {event['id']}" for event in remote)
    pull()
    assert len(asked()) == theirs
    Event.objects.filter(pk__in=[event.pk for event in events]).delete()
    pull()
    assert asked() == []
