"""Follow-ups that HubSpot sends: whom Nova hands over is on the list that a workflow listens to."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from customers.models import FollowUp, Trigger
from customers.services.followups import opt_out, send_follow_ups, switch_on
from events.models import Event
from tests.customers.followups.conftest import a_show, visitor

pytestmark = pytest.mark.django_db


def members(world):
    addresses = {row["id"]: row["properties"]["email"] for row in world.dump("contacts")}
    return {
        row["name"]: sorted(addresses[member] for member in row["_members"])
        for row in world.dump("lists")
    }


@pytest.fixture
def show(db) -> Event:
    """One that ended three days ago."""
    return a_show(timezone.localdate() - timedelta(days=3))


def test_people_join_the_list_and_leave_it_when_they_opt_out(world, sync, show):
    ada = visitor("ada@x.org", show=show)
    visitor("ben@x.org", show=show)
    visitor("cy@x.org", show=show, consent="unknown")
    follow_up = FollowUp.objects.create(
        name="Rescue",
        trigger=Trigger.FIRST_VISIT,
        carrier="hubspot",
        look_back_days=30,
        holdout_percent=0,
        send_until=time(23, 59, 59),
        send_from=time(0),
    )
    switch_on(follow_up=follow_up)

    send_follow_ups()
    sync()
    joined = members(world)
    opt_out(ada)
    sync()

    assert joined == {"Nova: Follow-up: Rescue": ["ada@x.org", "ben@x.org"]}
    assert members(world) == {"Nova: Follow-up: Rescue": ["ben@x.org"]}


def test_whoever_is_held_out_is_never_on_the_list(world, sync, show):
    crowd = [visitor(f"p{number}@x.org", show=show) for number in range(12)]
    follow_up = FollowUp.objects.create(
        name="Rescue",
        trigger=Trigger.FIRST_VISIT,
        carrier="hubspot",
        look_back_days=30,
        holdout_percent=50,
        salt="salt",
        send_until=time(23, 59, 59),
        send_from=time(0),
    )
    switch_on(follow_up=follow_up)

    send_follow_ups()
    sync()

    held = set(
        follow_up.messages.filter(state="held_out").values_list(
            "customer__addresses__address", flat=True
        )
    )
    on_list = set(members(world)["Nova: Follow-up: Rescue"])
    assert 0 < len(held) < len(crowd)
    assert on_list == {person.email for person in crowd} - held
