"""Audiences by conditions: who meets them, how they are typed, and the count before saving."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from customers.models import Audience, AudienceCondition, AudienceRule, Consent, Relation, Subject
from customers.services import refresh_rollups
from tests.factories import make_customer, make_event, make_order, make_show_type
from tests.staff import client_of

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 30)
LIST = "admin:customers_audience_changelist"


def before(days):
    return TODAY - timedelta(days=days)


@pytest.fixture
def people():
    """Ada of Berlin came twice to improv, Ben of Bonn once to music, Cy of nowhere never."""
    improv, music = make_show_type("Improv"), make_show_type("Music")
    ada = make_customer("ada@x.org", city="Berlin", source="Social", consent=Consent.OPTED_IN)
    for days in (40, 10):
        make_order(make_event(before(days), show_type=improv), "100.00", buyer=ada)
    ben = make_customer("ben@x.org", city="Bonn", source="Direct")
    make_order(make_event(before(400), show_type=music), "30.00", buyer=ben)
    make_customer("cy@x.org")
    refresh_rollups()


def condition(subject, relation, value):
    one = AudienceCondition(subject=subject, relation=relation, value=value)
    one.clean()
    return one


def everybody(*conditions):
    audience = Audience(name="Test", rule=AudienceRule.EVERYBODY)
    audience.drafted = [condition(*typed) for typed in conditions]
    return audience


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], "ada ben cy"),
        ([("type", "is", "returning")], "ada"),
        ([("type", "is_not", "Lead")], "ada ben"),
        ([("booked", "at_least", "1")], "ada ben"),
        ([("attended", "at_most", "1")], "ben cy"),
        ([("spend", "at_least", "€200")], "ada"),
        ([("spend", "at_most", "199.99")], "ben cy"),
        ([("first", "in_last", "40")], "ada"),
        ([("last", "before", "399")], "ben"),
        ([("last", "before", "400")], ""),
        ([("show_type", "is", "improv")], "ada"),
        ([("show_type", "is_not", "Improv")], "ben cy"),
        ([("city", "is", "BERLIN")], "ada"),
        ([("city", "is_not", "Berlin")], "ben cy"),
        ([("consent", "is", "Opted in")], "ada"),
        ([("source", "is", "direct")], "ben"),
        ([("booked", "at_least", "1"), ("city", "is_not", "Bonn")], "ada"),
        ([("show_type", "is", "Improv"), ("show_type", "is", "Music")], ""),
    ],
)
def test_whoever_meets_every_condition_belongs_to_it(people, conditions, expected):
    found = everybody(*conditions).members(TODAY)

    assert sorted(person.email.removesuffix("@x.org") for person in found) == expected.split()


def test_conditions_narrow_the_rule_that_stands_beside_them(people):
    audience = Audience.objects.create(name="Far", rule=AudienceRule.REPEAT)
    city = condition("city", "is", "Bonn")
    city.audience = audience
    city.save()

    assert list(audience.members(TODAY)) == []


def test_an_audience_says_its_conditions_in_plain_words(people):
    audience = everybody(
        ("spend", "at_least", "1,250.5"),
        ("last", "in_last", "30"),
        ("show_type", "is_not", "improv"),
        ("consent", "is", "in"),
    )

    assert audience.definition == (
        "Everybody with an e-mail address, with total spend at least €1,250.50 and last booked "
        "event in the last 30 days or still to come and show type ever booked is not Improv and "
        "marketing consent is Opted in, who have not opted out."
    )


@pytest.mark.parametrize(
    ("subject", "relation", "value", "field", "words"),
    [
        ("spend", "at_least", "a lot", "value", "Enter an amount such as 250 or 99.50."),
        ("spend", "at_least", "-1", "value", "Enter an amount such as 250 or 99.50."),
        ("booked", "at_least", "2.5", "value", "Enter a whole number from 0 to 36,500."),
        ("last", "in_last", "99999999", "value", "Enter a whole number from 0 to 36,500."),
        ("type", "is", "Fan", "value", "Enter one of: Lead, New, Returning, VIP."),
        ("show_type", "is", "Opera", "value", "Enter one of: Improv, Music."),
        ("city", "is", " ", "value", "Enter a value."),
        ("city", "at_least", "Bonn", "relation", "Here, choose “is” or “is not”."),
    ],
)
def test_what_does_not_suit_is_explained(people, subject, relation, value, field, words):
    with pytest.raises(ValidationError) as refused:
        condition(subject, relation, value)

    assert words in " ".join(refused.value.message_dict[field])


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": Subject.CITY, "relation": Relation.AT_LEAST, "value": "Bonn"},
        {"subject": Subject.CITY, "relation": Relation.IS, "value": ""},
        {"subject": Subject.SHOW_TYPE, "relation": Relation.IS, "value": "Improv"},
    ],
)
def test_the_database_refuses_conditions_that_mean_nothing(fields):
    audience = Audience.objects.create(name="A", rule=AudienceRule.EVERYBODY)

    with pytest.raises(IntegrityError), transaction.atomic():
        AudienceCondition.objects.create(audience=audience, **fields)


@pytest.fixture
def client():
    return client_of("Marketing")


def typed(*conditions, initial=0, **fields):
    """The form as a browser sends it."""
    rows = {
        f"conditions-{number}-{name}": value
        for number, row in enumerate(conditions)
        for name, value in row.items()
    }
    counts = {"conditions-TOTAL_FORMS": len(conditions), "conditions-INITIAL_FORMS": initial}
    return {"name": "Spenders", "rule": "everybody", "is_active": "on"} | counts | rows | fields


SPENDERS = {"subject": "spend", "relation": "at_least", "value": "200"}


def test_a_draft_is_counted_and_nothing_is_kept(client, people):
    page = client.post(reverse(LIST) + "preview/", typed(SPENDERS))

    assert [panel.title for panel in page.context["panels"]] == [
        "Who belongs to it",
        "Members (latest 20)",
    ]
    assert page.context["panels"][0].figures[0].value == "1"
    assert "ada@x.org" in page.text
    assert not Audience.objects.filter(name="Spenders").exists()


def test_a_condition_without_a_value_does_not_count_yet(client, people):
    page = client.post(reverse(LIST) + "preview/", typed(SPENDERS | {"value": ""}))

    assert page.context["panels"][0].figures[0].value == "3"


def test_a_draft_that_cannot_be_counted_yet_says_so(client):
    page = client.post(reverse(LIST) + "preview/", typed(SPENDERS | {"value": "a lot"}))

    assert "Fill in what is missing" in page.text


def test_a_condition_is_kept_shown_as_typed_and_changed(client, people):
    improv = {"subject": "show_type", "relation": "is", "value": "improv"}
    client.post(reverse("admin:customers_audience_add"), typed(improv))
    audience = Audience.objects.get(name="Spenders")
    address = reverse("admin:customers_audience_change", args=[audience.pk])
    kept = audience.conditions.get()

    shown = client.get(address).text
    key = {"id": kept.pk, "audience": audience.pk}
    preview = address.replace("change/", "preview/")
    counted = client.post(preview, typed(improv | key | {"DELETE": "on"}, initial=1))
    client.post(address, typed(improv | key | {"value": "Music"}, initial=1))

    assert 'value="Improv"' in shown
    assert counted.context["panels"][0].figures[0].value == "3"
    assert [str(one) for one in audience.conditions.all()] == ["show type ever booked is Music"]


def test_each_subject_offers_what_fits_it(client, people):
    offered = client.get(reverse(LIST) + "questions/").json()

    assert set(offered) == set(Subject.values)
    assert offered["show_type"]["relations"] == ["is", "is_not"]
    assert offered["show_type"]["suggestions"] == ["Improv", "Music"]
    assert offered["city"]["suggestions"] == ["Berlin", "Bonn"]
    assert offered["spend"]["relations"] == ["at_least", "at_most"]
