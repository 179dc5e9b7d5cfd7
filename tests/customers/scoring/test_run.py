"""Scoring everybody while there is too little data for chances: points, and what is kept."""

import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from customers.models import (
    Audience,
    AudienceCondition,
    AudienceRule,
    Consent,
    Customer,
    LeadKind,
    LeadModel,
    LeadScore,
)
from customers.reports.lead_scores import lead_scores
from customers.scoring.run import score_leads
from customers.services import erase_person
from customers.tasks import score_leads as task
from nova_project.lock import exclusive
from tests.factories import make_customer, make_event, make_order
from tests.staff import client_of

TODAY = date(2026, 6, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    """A regular of late, one who came once two years ago, a lead."""
    regular, once, lead = (make_customer(f"{name}@example.org") for name in ("r", "o", "l"))
    for days in (3, 40, 80, 200):
        book(regular, days)
    book(once, 730)
    return regular, once, lead


def book(person, days):
    at = datetime(2026, 6, 1, tzinfo=UTC) - timedelta(days=days)
    return make_order(make_event(at.date() + timedelta(days=1)), buyer=person, ordered_at=at)


def scores():
    found = Customer.objects.order_by("pk").values_list("lead_score", "lead_band")
    return list(found)


def test_with_too_little_data_people_get_points_and_are_told_so(people):
    scored = score_leads(TODAY)

    assert (scored.people, scored.changed) == (3, 3)
    assert scores() == [(83, "hot"), (14, "cold"), (0, "cold")]
    assert scored.model.kind == LeadKind.POINTS
    assert "Bookings must go back ten months" in scored.model.why_points or (
        "are needed" in scored.model.why_points
    )
    assert set(LeadScore.objects.values_list("chance", flat=True)) == {None}


def test_the_reasons_are_words(people):
    score_leads(TODAY)

    assert [score.words for score in LeadScore.objects.order_by("customer")] == [
        ["last booked in the last week", "booked 4 shows so far"],
        ["last booked 23 months ago", "booked one show so far"],
        ["has never booked"],
    ]


def test_scoring_again_with_nothing_new_writes_nothing(people):
    first = score_leads(TODAY)
    before = list(Customer.objects.order_by("pk").values_list("updated_at", flat=True))

    again = score_leads(TODAY)

    after = list(Customer.objects.order_by("pk").values_list("updated_at", flat=True))
    assert (again.changed, after) == (0, before)
    assert again.model.updated_at == first.model.updated_at
    assert LeadModel.objects.count() == 1


def test_only_who_booked_since_is_written(people):
    score_leads(TODAY)
    book(people[2], 1)

    assert score_leads(TODAY).changed == 1
    assert scores()[2] == (70, "warm")


def test_what_is_booked_on_the_day_itself_counts_from_the_next(people):
    score_leads(TODAY)
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    make_order(make_event(TODAY), buyer=people[2], ordered_at=at)

    assert score_leads(TODAY).changed == 0
    assert score_leads(TODAY + timedelta(days=1)).changed > 0


def test_nothing_is_kept_of_who_was_erased_and_nobody_scores_them_again(people):
    score_leads(TODAY)

    erase_person(email="r@example.org")
    score_leads(TODAY)

    assert scores()[0] == (None, "")
    assert not LeadScore.objects.filter(customer=people[0]).exists()


def test_two_scorings_at_once_are_one(people):
    with exclusive("score-leads"), pytest.raises(CommandError, match="under way"):
        call_command("score_leads")
    with exclusive("score-leads"):
        task()

    assert not LeadModel.objects.exists()


def test_the_command_prints_the_card(people):
    out = StringIO()

    call_command("score_leads", json=True, stdout=out)

    told = json.loads(out.getvalue().splitlines()[-1])
    assert (told["people"], told["changed"], told["kind"]) == (3, 3, "points")
    assert told["why_points"]


def test_the_report_counts_people_by_band(people):
    score_leads(TODAY)
    Customer.objects.filter(pk=people[1].pk).update(consent=Consent.OPTED_OUT)

    rows = [(row.band, row.people, row.reachable, row.expected) for row in lead_scores()]

    assert rows == [("Hot", 1, 1, None), ("Cold", 2, 1, None)]


def test_an_audience_may_ask_for_the_band(people):
    score_leads(TODAY)
    audience = Audience.objects.create(name="Hot ones", rule=AudienceRule.EVERYBODY)
    condition = AudienceCondition(audience=audience, subject="band", relation="is", value="Hot")
    condition.full_clean()
    condition.save()

    assert [person.pk for person in audience.members(TODAY)] == [people[0].pk]


def test_marketing_sees_bands_reasons_and_the_card(people):
    score_leads(TODAY)
    client = client_of("Marketing")

    report = client.get("/admin/reports/lead-scores/")
    hot = client.get(reverse("admin:customers_customer_changelist"), {"lead_band__exact": "hot"})
    person = client.get(reverse("admin:customers_customer_change", args=[people[0].pk]))
    model = LeadModel.objects.get()
    card = client.get(reverse("admin:customers_leadmodel_change", args=[model.pk]))

    assert "lead_band__exact=hot" in report.text
    assert "Hot 83" in hot.text
    assert "r@example.org" in hot.text
    assert "o@example.org" not in hot.text
    assert "Last booked in the last week" in person.text
    assert "too little data" in card.text


def test_who_may_not_see_people_sees_no_scores(people):
    score_leads(TODAY)
    client = client_of("Finance")
    card = reverse("admin:customers_leadmodel_change", args=[LeadModel.objects.get().pk])

    assert client.get("/admin/reports/lead-scores/").status_code == 403
    assert client.get(card).status_code == 403
