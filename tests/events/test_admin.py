from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.admin.events import on_day
from events.models import Event, RuleKind, ShowTypeRule
from tests.factories import make_event, make_show_type

pytestmark = pytest.mark.django_db

NO_INLINES = {
    f"{prefix}-{name}": "0"
    for prefix in ("expenses", "ticket_classes", "rules")
    for name in ("TOTAL_FORMS", "INITIAL_FORMS")
}


@pytest.fixture
def client(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def change_url(event: Event) -> str:
    return reverse("admin:events_event_change", args=[event.pk])


def test_a_show_type_set_in_the_admin_is_by_hand_and_what_eventbrite_owns_stays(client):
    event = make_event(name="Open mic")
    music = make_show_type("Music")

    client.post(
        change_url(event),
        NO_INLINES | {"show_type": music.pk, "name": "Hijacked", "status": "cancelled"},
    )

    event.refresh_from_db()
    assert (event.show_type, event.is_show_type_by_hand) == (music, True)
    assert (event.name, event.status) == ("Open mic", "live")


def test_an_event_goes_back_to_the_rules(client):
    improv, music = make_show_type("Improv"), make_show_type("Music")
    ShowTypeRule.objects.create(show_type=improv, kind=RuleKind.NAME, value="mic")
    event = make_event(name="Open mic", show_type=music, is_show_type_by_hand=True)

    button = "events_event_save_and_follow_rules"
    page = client.get(change_url(event)).text
    client.post(change_url(event), NO_INLINES | {"show_type": music.pk, button: "1"})

    event.refresh_from_db()
    assert button in page
    assert (event.show_type, event.is_show_type_by_hand) == (improv, False)
    assert button not in client.get(change_url(event)).text


def test_several_events_go_back_to_the_rules_from_their_list(client):
    music = make_show_type("Music")
    event = make_event(show_type=music, is_show_type_by_hand=True)

    client.post(
        reverse("admin:events_event_changelist"),
        {"action": "back_to_rules", "_selected_action": [event.pk]},
    )

    event.refresh_from_db()
    assert (event.show_type, event.is_show_type_by_hand) == (None, False)


def test_rules_are_applied_on_request_but_not_by_following_a_link(client):
    improv = make_show_type("Improv")
    ShowTypeRule.objects.create(show_type=improv, kind=RuleKind.NAME, value="mic")
    event = make_event(name="Open mic")
    url = reverse("admin:events_showtype_apply_rules")

    client.get(url)
    event.refresh_from_db()
    after_link = event.show_type
    response = client.post(url, {"_form_submitted": "1"})

    event.refresh_from_db()
    assert (after_link, event.show_type) == (None, improv)
    assert response.headers["HX-Redirect"] == reverse("admin:events_showtype_changelist")


def test_saving_rules_assigns_types_and_names_the_rule_that_matches_nothing(client):
    event = make_event(name="Open mic")
    improv = make_show_type("Improv")
    rules = {
        "rules-TOTAL_FORMS": "2",
        "rules-INITIAL_FORMS": "0",
        "rules-0-kind": "name",
        "rules-0-value": "mic",
        "rules-0-position": "0",
        "rules-1-kind": "name",
        "rules-1-value": "opera",
        "rules-1-position": "0",
    }

    response = client.post(
        reverse("admin:events_showtype_change", args=[improv.pk]),
        {"name": "Improv", "note": ""} | rules,
        follow=True,
    )

    event.refresh_from_db()
    said = [str(message) for message in response.context["messages"]]
    assert event.show_type == improv
    assert said[:2] == [
        "1 events changed their show type.",
        "The rule “Name contains “opera” → Improv” matches no event.",
    ]


def test_an_event_made_by_hand_has_its_day_from_its_own_time_zone(client):
    times = {
        "start_at_0": "14/03/2026",
        "start_at_1": "23:30",
        "end_at_0": "15/03/2026",
        "end_at_1": "01:00",
    }

    client.post(
        reverse("admin:events_event_add"),
        NO_INLINES
        | times
        | {"name": "Late", "time_zone": "Asia/Tokyo", "status": "live", "currency": "JPY"},
    )

    event = Event.objects.get(name="Late")
    assert event.start_at == datetime(2026, 3, 14, 22, 30, tzinfo=UTC)
    assert event.starts_on == date(2026, 3, 15)


def test_a_time_zone_that_does_not_exist_is_refused_in_words(client):
    response = client.post(
        reverse("admin:events_event_add"), NO_INLINES | {"name": "Late", "time_zone": "Mars"}
    )

    assert "“Mars” is not a time zone" in response.text


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("2026-03-14", Q(starts_on=date(2026, 3, 14))),
        ("14/03/2026", Q(starts_on=date(2026, 3, 14))),
        ("14.3.2026", Q(starts_on=date(2026, 3, 14))),
        ("14 Mar 2026", Q(starts_on=date(2026, 3, 14))),
        ("14 March", Q(starts_on__month=3, starts_on__day=14)),
        ("29.2.", Q(starts_on__month=2, starts_on__day=29)),
        ("Open mic", None),
        ("31/02/2026", None),
    ],
)
def test_a_day_is_understood_as_people_write_it(term, found):
    assert on_day(term) == found


def test_choosing_an_event_offers_the_nearest_first_and_finds_it_by_day(client):
    today = timezone.localdate()
    make_event(today - timedelta(days=300), name="Long ago")
    make_event(today + timedelta(days=40), name="Later")
    near = make_event(today + timedelta(days=2), name="Near")
    ask = {"app_label": "finance", "model_name": "expense", "field_name": "event"}
    url = reverse("admin:autocomplete")

    offered = client.get(url, ask | {"term": ""}).json()["results"]
    by_day = client.get(url, ask | {"term": near.starts_on.isoformat()}).json()["results"]

    assert [entry["text"].split(",")[0] for entry in offered] == ["Near", "Later", "Long ago"]
    assert [entry["id"] for entry in by_day] == [str(near.pk)]


def test_an_event_of_eventbrite_cannot_be_deleted(client):
    event = make_event()

    response = client.post(reverse("admin:events_event_delete", args=[event.pk]), {"post": "yes"})

    assert response.status_code == 403
    assert Event.objects.filter(pk=event.pk).exists()


def test_an_address_of_no_event_leads_home(client):
    response = client.get("/admin/events/event/import/", follow=True)

    assert response.redirect_chain[-1] == (reverse("admin:index"), 302)
