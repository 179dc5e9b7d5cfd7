"""The funnel: a worked example with figures, and a count by hand of whatever people did."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import quantiles

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.models import Campaign, Customer, FirstVisits, Touch, TouchKind
from customers.services.funnel import STAGES, FunnelBy, FunnelStep, Stage, funnel
from nova_project.periods import Period
from tests.factories import make_event, make_show_type

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
YEAR = Period.inclusive(date(2026, 1, 1), date(2026, 12, 31))
AUTUMN = time_machine.travel(NOW, tick=False)


def day(number: float | None) -> datetime | None:
    """So many days into January."""
    return None if number is None else datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(number)


def make_person(known, clicked=None, booked=None, returned=None, event=None, **fields) -> Customer:
    """Somebody who did these things so many days into January; None for never."""
    person = Customer.objects.create(
        crm_created_at=day(known), first_engaged_at=day(clicked), **fields
    )
    if booked is not None:
        FirstVisits.objects.create(
            customer=person,
            booked_at=day(booked),
            returned_at=day(returned),
            first_event=event or make_event(),
        )
    return person


def make_people(lives, event) -> None:
    made = Customer.objects.bulk_create(
        Customer(crm_created_at=day(known), first_engaged_at=day(clicked))
        for known, clicked, _, _ in lives
    )
    FirstVisits.objects.bulk_create(
        FirstVisits(
            customer=person, booked_at=day(booked), returned_at=day(again), first_event=event
        )
        for person, (_, _, booked, again) in zip(made, lives, strict=True)
        if booked is not None
    )


def people(steps) -> list[int]:
    return [step.people for step in steps]


@AUTUMN
def test_a_worked_example():
    """Ada takes every step, Ben skips contact, Cleo buys before anybody knows her; Dora clicks,
    Emil is only known, and Fay of last week may still come."""
    make_person(0, 4, 10, 40)
    make_person(0, None, 20)
    make_person(9, None, 3, 33)
    make_person(0, 8)
    make_person(0)
    make_person(320)

    lead, contact, ticket, repeat = funnel(YEAR)

    assert people([lead, contact, ticket, repeat]) == [6, 4, 3, 2]
    assert [step.stage for step in (lead, contact, ticket, repeat)] == list(Stage)
    assert (lead.step_conversion, lead.median_days, lead.in_progress) == (None, None, None)
    assert (lead.overall_conversion, lead.skipped) == (100, 1)  # Cleo
    assert round(contact.step_conversion, 1) == Decimal("66.7")
    assert (contact.median_days, contact.p75_days, contact.p90_days) == (
        Decimal("6.0"), Decimal("7.0"), Decimal("7.6")
    )  # fmt: skip
    assert (contact.skipped, contact.in_progress) == (2, 1)  # Ben and Cleo; Fay
    assert ticket.step_conversion == 75
    assert ticket.median_days == Decimal("13.0")  # Ada 6 days after the click, Ben 20 after known
    assert (ticket.skipped, ticket.in_progress) == (0, 0)
    assert round(repeat.step_conversion, 1) == Decimal("66.7")
    assert round(repeat.overall_conversion, 1) == Decimal("33.3")
    assert repeat.median_days == Decimal("30.0")


@AUTUMN
def test_a_logged_contact_and_a_click_are_contact_and_an_opened_mail_is_not():
    make_person(0, last_contacted_at=day(3))
    for kind in (TouchKind.CLICK, TouchKind.OPEN):
        person = make_person(0)
        Touch.objects.create(
            key=kind, customer=person, kind=kind, source="news", occurred_at=day(5)
        )

    assert people(funnel(YEAR)) == [3, 2, 0, 0]
    assert funnel(YEAR)[1].median_days == Decimal("4.0")


@AUTUMN
def test_without_enough_who_took_the_step_ninety_days_are_usual():
    make_person(238)  # 89 days ago
    make_person(236)  # 91 days ago

    assert funnel(YEAR)[1].in_progress == 1


@AUTUMN
def test_where_enough_took_it_their_p90_says_who_may_still_come():
    for _ in range(20):
        make_person(0, 10)
    make_person(319)  # 8 days ago
    make_person(316)  # 11 days ago

    assert funnel(YEAR)[1].in_progress == 1


@AUTUMN
def test_groups_are_by_source_campaign_month_and_type_of_the_first_show():
    improv, other = make_show_type("Improv"), make_show_type("Music")
    autumn = Campaign.objects.create(name="Autumn")
    ada = make_person(0, booked=9, source="SOCIAL", event=make_event(show_type=improv))
    make_person(0, booked=9, source="SOCIAL", event=make_event(show_type=other))
    make_person(31)
    for number, campaign in enumerate([None, autumn, Campaign.objects.create(name="Later")]):
        Touch.objects.create(
            key=number, customer=ada, kind=TouchKind.TRACKING_LINK, campaign=campaign, source="x",
            occurred_at=day(number),
        )  # fmt: skip

    def leads(by):
        return {s.group: s.people for s in funnel(YEAR, by=by) if s.stage is Stage.LEAD}

    assert leads(FunnelBy.SOURCE) == {"Social": 2, "Unknown": 1}
    assert leads(FunnelBy.CAMPAIGN) == {"Autumn": 1, "No campaign": 2}
    assert leads(FunnelBy.MONTH) == {"2026-01": 2, "2026-02": 1}
    assert leads(FunnelBy.SHOW_TYPE) == {"Improv": 1, "Music": 1, "No ticket yet": 1}
    assert people(funnel(YEAR, source="SOCIAL")) == [2, 2, 2, 0]
    assert people(funnel(YEAR, source="Unknown")) == [1, 0, 0, 0]
    assert people(funnel(YEAR, campaign=autumn)) == [1, 1, 1, 0]
    assert people(funnel(YEAR, show_type=improv)) == [1, 1, 1, 0]
    assert funnel(Period.month_of(date(2025, 1, 1))) == []


@AUTUMN
def test_the_first_day_is_that_of_the_company():
    make_person(-0.5 - 1 / 48)  # 23:30 on 31 December UTC, 0:30 on 1 January in Berlin

    assert people(funnel(YEAR)) == [1, 0, 0, 0]
    assert funnel(YEAR, by=FunnelBy.MONTH)[0].group == "2026-01"


DAYS = st.one_of(st.none(), st.integers(0, 300))
LIVES = st.lists(st.tuples(DAYS, DAYS, DAYS, DAYS), min_size=1, max_size=30)


@settings(max_examples=20)
@given(LIVES)
@AUTUMN
def test_counts_fall_and_are_those_that_a_count_by_hand_gives(lives):
    Customer.objects.all().delete()
    event = make_event()
    lives = [
        (known or 0, clicked, booked, max(booked, again) if again is not None else None)
        if booked is not None
        else (known or 0, clicked, None, None)
        for known, clicked, booked, again in lives
    ]
    make_people(lives, event)

    steps = funnel(YEAR)

    assert people(steps) == sorted(people(steps), reverse=True)
    assert steps == funnel_by_hand(lives)
    groups = funnel(YEAR, by=FunnelBy.MONTH)
    assert people(steps) == [sum(people(s for s in groups if s.stage == n)) for n in STAGES]


def funnel_by_hand(lives):
    reached = [[], [], [], []]
    skipped = [0, 0, 0, 0]
    took = [[], [], [], []]
    for own_known, own_contact, booked, again in lives:
        contact = min((n for n in (own_contact, booked) if n is not None), default=None)
        known = own_known if contact is None else min(own_known, contact)
        times = [known, contact, booked, again]
        for place, moment in enumerate(times):
            if moment is not None:
                reached[place].append(times)
        skips = [known != own_known, booked is not None and contact != own_contact, False, False]
        skipped = [old + new for old, new in zip(skipped, skips, strict=True)]
        for place in (1, 2, 3):
            if times[place] is None or skips[place]:
                continue
            if real := [n for n in range(place) if not skips[n]]:
                took[place].append(times[place] - times[real[-1]])
    now = (NOW - day(0)).days
    return [
        FunnelStep(
            stage=stage,
            people=len(reached[place]),
            before=len(reached[place - 1]) if place else None,
            leads=len(lives),
            median_days=percentile(took[place], 50),
            p75_days=percentile(took[place], 75),
            p90_days=percentile(took[place], 90),
            skipped=skipped[place],
            in_progress=sum(
                times[place] is None and now - times[place - 1] < limit(took[place])
                for times in reached[place - 1]
            )
            if place
            else None,
        )
        for place, stage in enumerate(STAGES)
    ]


def percentile(values, percent):
    if len(values) < 2:
        return Decimal(values[0]).quantize(Decimal("0.1")) if values else None
    found = quantiles(values, n=100, method="inclusive")[percent - 1]
    return Decimal(str(round(found, 6))).quantize(Decimal("0.1"), "ROUND_HALF_UP")


def limit(values):
    return 90 if len(values) < 20 else quantiles(values, n=100, method="inclusive")[89]
