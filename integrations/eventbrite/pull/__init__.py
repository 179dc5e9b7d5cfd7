"""From Eventbrite into Nova: page → parse → reconcile → save cursor.

A few pages are one transaction, so a pull that is killed anywhere goes on at the page after the
last one it saved. What is equal writes nothing.
"""

import zlib
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from customers.models import Attendance, Customer, EmailAddress, Order
from customers.services import claim_touches, mark_started_events_due, refresh_rollups
from events.models import Event
from events.services import assign_show_types
from finance.models import LedgerLine
from finance.services import match_certain, share_expenses
from integrations.errors import BudgetSpent, Misconfigured
from integrations.eventbrite import mapping
from integrations.eventbrite.client import LONGEST_WAIT_SECONDS, EventbriteClient
from integrations.eventbrite.pull.orders import report_missing_event, take_orders
from integrations.eventbrite.pull.programme import find_event, pull_programme
from integrations.eventbrite.pull.seats import read_again, take_seats
from integrations.eventbrite.pull.state import READS_BY_ID, Pull
from integrations.eventbrite.pull.windows import read_changes
from integrations.http import Meter, Pace, Patience
from integrations.matching.suggestions import refresh_suggestions
from integrations.models import System
from integrations.sync import Listener, RunLog, read_cursor, save_cursor, sync_run
from nova_project.bulk import update_statistics

MANY = 1_000
"""From so many new records on, the database is told how its tables have grown."""

__all__ = ["client_from_settings", "finish", "finish_file", "pull_eventbrite", "read_again"]


def pull_eventbrite(
    *,
    command: str = "sync_eventbrite",
    is_full: bool = False,
    listener: Listener | None = None,
    patience: Patience | None = None,
) -> RunLog:
    """Brings Nova up to what Eventbrite says now, or with `is_full` reads everything again.

    Where Eventbrite's hourly number of calls is used up, the run ends as paused, and the next one
    goes on; what follows from the part that was read is done. Deposits are matched after a whole
    pull only: half of a show's orders may add up to the deposit of another.
    Raises Busy: another pull is under way. Misconfigured: token, address or account need staff.
    RetryLater: Eventbrite is out of reach; the next pull goes on where this one stopped.
    """
    with sync_run(System.EVENTBRITE, command, listener=listener) as log:
        pull = Pull(client_from_settings(log.meter, patience=patience), log)
        try:
            for organization in _organizations(pull):
                _pull_organization(pull, organization, is_full=is_full)
            _try_again(pull)
        except BudgetSpent:
            finish(log)
            raise
        finish(log)
        match_certain()
        refresh_suggestions()
    return log


def client_from_settings(meter: Meter, *, patience: Patience | None = None) -> EventbriteClient:
    """The client for EVENTBRITE_TOKEN, at that token's pace. Raises Misconfigured: none is set."""
    token, base_url = settings.EVENTBRITE_TOKEN, settings.EVENTBRITE_BASE_URL
    if not token:
        raise Misconfigured(
            "EVENTBRITE_TOKEN is not set. Put the private token of your Eventbrite account there: "
            "Account settings → Developer links → API keys."
        )
    pace = Pace(
        f"eventbrite-{zlib.crc32(f'{base_url} {token}'.encode()):08x}",
        [(settings.EVENTBRITE_CALLS_PER_HOUR, 3600)],
        redis_url=settings.REDIS_URL,
        folder=settings.VAR_DIR,
        longest_seconds=LONGEST_WAIT_SECONDS,
    )
    return EventbriteClient(token, base_url, meter=meter, pace=pace, patience=patience)


def _organizations(pull: Pull) -> list[mapping.Organization]:
    found = [
        organization
        for page in pull.client.organizations()
        for organization in pull.read(mapping.Organization, page.rows, "organizations")
    ]
    if not found:
        raise Misconfigured(
            "The Eventbrite token works, but its user belongs to no organisation, so there is "
            "nothing to read. Add the user to your organisation, or use the token of one who is."
        )
    return found


def _pull_organization(pull: Pull, organization: mapping.Organization, *, is_full: bool) -> None:
    """The programme, then orders, then seats: each needs what came before it."""
    pull_programme(pull, organization.id)
    for name, source, take in (
        ("orders", pull.client.orders, take_orders),
        ("attendees", pull.client.attendees, take_seats),
    ):
        read_changes(
            pull.log,
            f"{name} of {organization.id}",
            partial(source, organization.id),
            partial(take, pull),
            is_full=is_full,
        )


def _try_again(pull: Pull) -> None:
    """What earlier runs put aside: orders by id, and all of an event that has appeared since."""
    for event_id in list(pull.aside.events):
        if find_event(pull, event_id) is None:
            report_missing_event(pull, event_id)
        else:
            _pull_event(pull, event_id)
    for order_id in pull.aside.orders_before[:READS_BY_ID]:
        if order_id in pull.aside.orders:
            read_again(pull, order_id)


def _pull_event(pull: Pull, event_id: str) -> None:
    for page in pull.client.event_orders(event_id):
        take_orders(pull, page.rows, is_plain=not page.is_expanded)
    for page in pull.client.event_attendees(event_id):
        take_seats(pull, page.rows)
    with transaction.atomic():
        del pull.aside.events[event_id]
        pull.aside.save()
        pull.log.checked([f"event {event_id}"])


def finish(log: RunLog) -> None:
    """What follows from the whole: show types, shared costs, figures of the people touched."""
    _, idle = assign_show_types()
    for rule in idle:
        log.problem(
            "rule_matches_nothing",
            f"show type rule {rule.pk}",
            f"The show type rule “{rule}” matches no event. Correct it or remove it.",
        )
    log.settle("rule_matches_nothing")
    _bring_up_to_date(created=log.total("created"))


def finish_file() -> None:
    """What follows from a file that was imported, as after a pull."""
    assign_show_types()
    _bring_up_to_date(created=MANY)


def _bring_up_to_date(*, created: int) -> None:
    share_expenses()
    claim_touches()
    if created >= MANY:
        update_statistics(Event, Order, Attendance, Customer, EmailAddress, LedgerLine)
    _mark_started()
    refresh_rollups()


def _mark_started() -> None:
    """Shows that began since the last run turn bookings into attendance."""
    now = timezone.now()
    with transaction.atomic():
        last = parse_datetime(read_cursor(System.EVENTBRITE, "rollups").get("at", ""))
        if last:
            mark_started_events_due(last, now)
        save_cursor(System.EVENTBRITE, "rollups", {"at": now.isoformat()})
