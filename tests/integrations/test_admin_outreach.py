"""Lists and audiences in the admin: what staff see and decide."""

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Audience, AudienceRule
from integrations.models import AudienceLink, ListState
from tests.staff import client_of

pytestmark = pytest.mark.django_db
LISTS = "admin:integrations_audiencelink_changelist"


@pytest.fixture
def marketer(db) -> Client:
    return client_of("Marketing")


def a_list(state, list_id="77"):
    audience = Audience.objects.get(rule=AudienceRule.REPEAT)
    audience.is_mirrored = True
    audience.save()
    name = "Nova: Repeat customers"
    return AudienceLink.objects.create(
        audience=audience, list_id=list_id, list_name=name, state=state, wanted_digest="x"
    )


def decide(client, link, action):
    return client.post(
        reverse(LISTS), {"action": action, "_selected_action": [link.pk]}, follow=True
    )


def test_a_marketer_takes_a_list_over(marketer):
    link = a_list(ListState.FOUND)

    page = decide(marketer, link, "take_over")

    link.refresh_from_db()
    assert (link.state, link.list_id, link.wanted_digest) == (ListState.IN_STEP, "77", "")
    assert "1 list will be brought in step with the next run." in page.text


def test_a_marketer_lets_a_deleted_list_be_made_again(marketer):
    link = a_list(ListState.GONE)

    decide(marketer, link, "make_again")

    link.refresh_from_db()
    assert (link.state, link.list_id) == (ListState.WANTED, "")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("take_over", "It is no list of somebody else."),
        ("make_again", "It was not deleted in HubSpot."),
    ],
)
def test_a_list_in_step_is_neither_taken_over_nor_made_again(marketer, action, words):
    link = a_list(ListState.IN_STEP)

    page = decide(marketer, link, action)

    link.refresh_from_db()
    assert (link.state, link.list_id) == (ListState.IN_STEP, "77")
    assert words in page.text


def test_an_audience_shows_the_list_that_mirrors_it(marketer):
    link = a_list(ListState.GONE)

    overview = marketer.get(reverse("admin:customers_audience_changelist"))
    page = marketer.get(reverse("admin:customers_audience_change", args=[link.audience_id]))

    assert "Deleted in HubSpot" in overview.text
    assert "Nova: Repeat customers" in page.text
    assert "People with two or more booked events, who have not opted out." in page.text


def test_a_marketer_adds_an_audience_and_is_told_what_a_rule_needs(marketer):
    values = {"name": "Gone", "rule": "lapsed", "is_active": "on", "is_for_marketing": "on"}
    values |= {"conditions-TOTAL_FORMS": "0", "conditions-INITIAL_FORMS": "0"}

    refused = marketer.post(reverse("admin:customers_audience_add"), values)
    marketer.post(reverse("admin:customers_audience_add"), values | {"days": "90"})

    assert "need a number of days from 1" in refused.text
    assert Audience.objects.get(name="Gone").days == 90
