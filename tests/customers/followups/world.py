"""A follow-up sent over several shows, while staff change how many are held out."""

from datetime import UTC, date, datetime, timedelta

import time_machine
from django.test import override_settings

from customers.models import Consent, FollowUp, FollowUpMessage, MessageState
from customers.services import refresh_rollups
from customers.services.followups import send_follow_ups, switch_on
from tests.factories import make_customer, make_event, make_order, make_seat
from tests.smtp import mail_server

_FIRST = date(2026, 1, 10)


def run_with_shares(shares: list[int], people: int) -> tuple[set[str], set[str], set[str]]:
    """A show for each share, after which the follow-up is sent with it held out.

    Returns who was held out of the first show, who got any mail, and who was held out in the end.
    """
    crowd = [make_customer(consent=Consent.OPTED_IN) for _ in range(people)]
    held: list[set[str]] = []
    with mail_server() as post, _sending_by(post.port), time_machine.travel(_noon(_FIRST, -5)):
        one = switch_on(follow_up=_absent())
        for number, share in enumerate(shares):
            day = _FIRST + timedelta(days=number * 10)
            _play(day, crowd)
            FollowUp.objects.update(holdout_percent=share)
            with time_machine.travel(_noon(day, 5)):
                send_follow_ups()
            rows = FollowUpMessage.objects.filter(follow_up=one, state=MessageState.HELD_OUT)
            held.append(set(rows.values_list("customer__addresses__address", flat=True)))
        return held[0], {recipient for recipient, _ in post.mails}, held[-1]


def _absent() -> FollowUp:
    return FollowUp.objects.create(
        name="Come back", trigger="absent", days_absent=2, delay_hours=0, gap_days=0,
        holdout_percent=0, subject="Come back", body="{{ unsubscribe }}",
        send_from="00:00", send_until="23:59",
    )  # fmt: skip


def _play(day: date, crowd: list) -> None:
    show = make_event(day)
    for person in crowd:
        order = make_order(show, buyer=person, ordered_at=show.start_at - timedelta(days=1))
        make_seat(order, holder=person)
    refresh_rollups(everyone=True)


def _sending_by(port: int) -> override_settings:
    return override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        NOVA_PUBLIC_URL="https://nova.example",
    )


def _noon(day: date, later: int) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=later)
