"""Who is in an audience, how it is said, and how marketers get the list."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import (
    Audience,
    AudienceRule,
    Consent,
    CustomerType,
    OrderStatus,
    count_members,
)
from customers.services import erase_person, refresh_rollups
from events.models import EventStatus
from tests.factories import make_customer, make_event, make_order, make_seat, make_show_type
from tests.staff import client_of

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 30)


def audience(rule, **fields):
    return Audience(name="Test", rule=rule, **fields)


def buyer(address, *days, **fields):
    """A person with an order of 20.00 for an event on each day."""
    person = make_customer(address, **fields)
    for day in days:
        make_order(make_event(day), buyer=person)
    return person


def members(one, today=TODAY):
    refresh_rollups()
    return sorted(person.email for person in one.members(today))


def before(days):
    return TODAY - timedelta(days=days)


def test_repeat_customers_booked_two_events_or_more():
    buyer("once@x.org", before(9))
    buyer("twice@x.org", before(9), before(5))

    assert members(audience(AudienceRule.REPEAT)) == ["twice@x.org"]


def test_vips_are_who_is_a_vip(settings):
    settings.NOVA_VIP_EVENTS = 3
    buyer("two@x.org", before(9), before(5))
    vip = buyer("three@x.org", before(9), before(5), before(1))

    assert members(audience(AudienceRule.VIP)) == ["three@x.org"]
    vip.refresh_from_db()
    assert vip.customer_type == CustomerType.VIP


def test_first_timers_had_their_only_event_in_the_last_days():
    buyer("today@x.org", before(0))
    buyer("edge@x.org", before(30))
    buyer("old@x.org", before(31))
    buyer("still to come@x.org".replace(" ", ""), before(-1))
    buyer("again@x.org", before(31), before(3))

    found = members(audience(AudienceRule.FIRST_TIME, days=30))

    assert found == ["edge@x.org", "today@x.org"]


def test_lapsed_customers_came_once_and_not_of_late_nor_are_to_come():
    buyer("edge@x.org", before(365))
    buyer("gone@x.org", before(366))
    buyer("booked@x.org", before(500), before(-10))
    buyer("lead@x.org")

    assert members(audience(AudienceRule.LAPSED, days=365)) == ["gone@x.org"]


@pytest.mark.parametrize(
    ("days", "expected"), [(None, ["new@x.org", "old@x.org", "seat@x.org"]), (30, ["new@x.org"])]
)
def test_customers_of_a_show_type_hold_a_seat_or_placed_an_order(days, expected):
    improv = make_show_type("Improv")
    old, new = make_event(before(90), show_type=improv), make_event(before(9), show_type=improv)
    make_order(old, buyer=make_customer("old@x.org"))
    make_order(new, buyer=make_customer("new@x.org"))
    make_seat(make_order(old), holder=make_customer("seat@x.org"))
    make_order(old, buyer=make_customer("refunded@x.org"), status=OrderStatus.REFUNDED)
    off = make_event(before(9), show_type=improv, status=EventStatus.CANCELLED)
    make_order(off, buyer=make_customer("cancelled@x.org"))
    make_order(make_event(before(9)), buyer=make_customer("other@x.org"))

    found = members(audience(AudienceRule.SHOW_TYPE, show_type=improv, days=days))

    assert found == expected


def test_who_opted_out_is_in_no_audience_for_marketing():
    buyer("in@x.org", before(9), before(5), consent=Consent.OPTED_IN)
    buyer("unknown@x.org", before(9), before(5))
    buyer("out@x.org", before(9), before(5), consent=Consent.OPTED_OUT)

    for_marketing = members(audience(AudienceRule.REPEAT))
    for_service = members(audience(AudienceRule.REPEAT, is_for_marketing=False))

    assert for_marketing == ["in@x.org", "unknown@x.org"]
    assert for_service == ["in@x.org", "out@x.org", "unknown@x.org"]


def test_an_erased_person_is_in_no_audience():
    buyer("gone@x.org", before(9), before(5))

    erase_person(email="gone@x.org")

    assert members(audience(AudienceRule.REPEAT, is_for_marketing=False)) == []


@pytest.mark.parametrize(
    ("rule", "fields", "words"),
    [
        (
            AudienceRule.REPEAT,
            {},
            "People with two or more booked events, who have not opted out.",
        ),
        (
            AudienceRule.FIRST_TIME,
            {"days": 1},
            "People whose only booked event was in the last day, who have not opted out.",
        ),
        (
            AudienceRule.LAPSED,
            {"days": 1000, "is_for_marketing": False},
            "People who booked an event once, and none of the last 1,000 days or still to come, "
            "opted out or not.",
        ),
    ],
)
def test_an_audience_says_in_plain_words_who_belongs_to_it(rule, fields, words):
    assert audience(rule, **fields).definition == words


def test_the_words_name_the_show_type_and_the_days():
    one = audience(AudienceRule.SHOW_TYPE, show_type=make_show_type("Improv"), days=30)

    assert one.definition == (
        "People who booked a show of the type Improv in the last 30 days or still to come, "
        "who have not opted out."
    )


@pytest.mark.parametrize(
    ("rule", "days", "has_show_type"),
    [
        (AudienceRule.LAPSED, None, False),
        (AudienceRule.FIRST_TIME, 0, False),
        (AudienceRule.VIP, 30, False),
        (AudienceRule.REPEAT, None, True),
        (AudienceRule.SHOW_TYPE, None, False),
    ],
)
def test_a_rule_takes_what_it_needs_and_nothing_else(rule, days, has_show_type):
    show_type = make_show_type() if has_show_type else None

    with pytest.raises(ValidationError):
        audience(rule, days=days, show_type=show_type).full_clean()


def test_there_are_four_audiences_from_the_start_and_none_is_mirrored_unasked():
    assert [str(one) for one in Audience.objects.active()] == [
        "First-timers of the last 30 days",
        "Lapsed for a year",
        "Repeat customers",
        "VIPs",
    ]
    assert not Audience.objects.mirrored().exists()


def test_all_audiences_are_counted_by_the_same_few_queries():
    buyer("twice@x.org", before(9), before(5))
    refresh_rollups()

    with CaptureQueriesContext(connection) as queries:
        counts = count_members(list(Audience.objects.all()))

    assert len(queries) == 3  # the audiences, their conditions, and all counts
    repeaters = Audience.objects.get(rule=AudienceRule.REPEAT)
    assert {pk: people for pk, people in counts.items() if people} == {repeaters.pk: 1}


def test_the_list_of_audiences_shows_how_many_people_each_has_now():
    buyer("twice@x.org", before(9), before(5))
    refresh_rollups()

    page = client_of("Marketing").get(reverse("admin:customers_audience_changelist"))

    shown = {one.name: one.counted_people for one in page.context["cl"].result_list}
    assert shown["Repeat customers"] == 1
    assert shown["VIPs"] == 0
    assert "People with two or more booked events" in page.text


def test_marketers_get_the_members_as_csv():
    buyer("twice@x.org", before(9), before(5), first_name="=Ada", last_name="King")
    refresh_rollups()
    one = Audience.objects.get(rule=AudienceRule.REPEAT)
    client = client_of("Marketing")

    page = client.get(reverse("admin:customers_audience_change", args=[one.pk]))
    response = client.get(reverse("admin:customers_audience_members", args=[one.pk]))

    assert "twice@x.org" in page.text
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines == [
        "First name,Last name,E-mail,Type,Booked events,Attended events,Total spend,Last event,"
        "Marketing consent",
        f"'=Ada,King,twice@x.org,Returning,2,2,40.00,{before(5).isoformat()},Not asked",
    ]
    assert "repeat-customers-" in response["Content-Disposition"]


@pytest.mark.parametrize("role", ["Finance", "Box office", "Viewer"])
def test_others_get_neither_audiences_nor_members(role):
    one = Audience.objects.get(rule=AudienceRule.REPEAT)
    client = client_of(role)

    statuses = [
        client.get(reverse(f"admin:customers_audience_{page}", args=args)).status_code
        for page, args in (("changelist", ()), ("members", (one.pk,)))
    ]

    assert statuses == [403, 403]
