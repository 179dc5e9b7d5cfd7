"""A mail server, a follow-up after the first show, and somebody who was there."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from customers.models import Consent, Customer, FollowUp, Trigger
from customers.services import refresh_rollups
from customers.services.followups import switch_on
from events.models import Event
from tests.factories import make_customer, make_event, make_order, make_seat, make_show_type
from tests.smtp import Sink, mail_server

SHOW_DAY = date(2026, 3, 14)
BEFORE = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""When follow-ups are switched on: before the show."""
AFTER = datetime(2026, 3, 16, 12, tzinfo=UTC)
"""Two days after it, within the hours of sending."""
BODY = "Hello {{ first_name }}, how was {{ show }}?\n\nNo more: {{ unsubscribe }}\n"


@pytest.fixture
def post(settings) -> Iterator[Sink]:
    """A mail server on loopback that Nova sends by; nothing of ours is replaced."""
    with mail_server() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        settings.DEFAULT_FROM_EMAIL = "The House <hello@house.example>"
        settings.NOVA_PUBLIC_URL = "https://nova.example"
        yield sink


@pytest.fixture
def follow_up(db, settings, time_machine) -> Callable[..., FollowUp]:
    """Makes a follow-up a day after the first show, switched on before that show."""

    def make(name: str = "Thanks", *, is_on: bool = True, **fields: Any) -> FollowUp:
        settings.NOVA_PUBLIC_URL = "https://nova.example"
        defaults = {
            "trigger": Trigger.FIRST_VISIT,
            "subject": "Thanks, {{ first_name }}",
            "body": BODY,
            "holdout_percent": 0,
            "send_from": time(0),
            "send_until": time(23, 59, 59),
        }
        made = FollowUp.objects.create(name=name, **defaults | fields)
        if not is_on:
            return made
        time_machine.move_to(BEFORE)
        made = switch_on(follow_up=made)
        time_machine.move_to(AFTER)
        return made

    return make


def a_show(day: date = SHOW_DAY, **fields: Any) -> Event:
    return make_event(day, **{"show_type": make_show_type("Stand-up")} | fields)


def visitor(
    address: str = "", *, show: Event | None = None, consent: str = Consent.OPTED_IN, **fields: Any
) -> Customer:
    """Somebody who bought a seat of a show and took it; the figures are up to date."""
    person = make_customer(address, consent=consent, **fields)
    book(person, show or a_show())
    return person


def book(person: Customer, show: Event, **fields: Any) -> None:
    defaults = {"buyer": person, "ordered_at": show.start_at - timedelta(days=7)}
    make_seat(make_order(show, **defaults | fields), holder=person)
    refresh_rollups(everyone=True)
