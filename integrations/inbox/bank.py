"""Money on the bank that waits for a person: late payouts, and deposits that no show has."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.db.models import CharField, DateTimeField, F, Value
from django.db.models.functions import Cast, Coalesce, NullIf
from django.urls import reverse

from events.models import Event
from finance.models import Deposit
from finance.services.reconciliation import overdue_events
from integrations.inbox.source import Source
from integrations.inbox.words import as_everywhere, days_as_everywhere, words


def _report_pages(keys: Sequence[int]) -> dict[int, str]:
    """The report on the day of each show. One query."""
    url = reverse("reports:report", args=["reconciliation"])
    days = Event.objects.filter(pk__in=keys).values_list("pk", "starts_on")
    return {pk: f"{url}?{urlencode({'start': day, 'end': day})}" for pk, day in days}


def _review_pages(keys: Sequence[int]) -> dict[int, str]:
    url = reverse("admin:finance_deposit_review")
    return {pk: f"{url}?deposit={pk}" for pk in keys}


SOURCES: list[Source] = [
    Source(
        kind="payouts",
        title="Overdue payouts",
        help="Nothing has arrived for these shows. Match a deposit, or explain the difference.",
        permission="finance.view_deposit",
        rows=overdue_events,
        record=words(F("name"), Value(", "), Cast("starts_on", CharField())),
        reason=words(
            Value("Expected and not arrived: "),
            Cast("missing", CharField()),
            Value(" "),
            F("currency"),
            Value("."),
        ),
        first_at=F("end_at"),
        last_at=F("end_at"),
        urls=_report_pages,
        reworded=(days_as_everywhere, as_everywhere),
    ),
    Source(
        kind="deposits",
        title="Deposits to match",
        help="Money on the bank that no show has yet: accept what is suggested, or leave it.",
        permission="finance.view_deposit",
        rows=Deposit.objects.unmatched,
        record=Coalesce(
            NullIf(F("description"), Value("")),
            NullIf(F("counterparty"), Value("")),
            Value("Deposit without a text"),
            output_field=CharField(),
        ),
        reason=words(
            Value("Booked on "),
            Cast("booked_on", CharField()),
            Value(", without a show: "),
            Cast("unmatched", CharField()),
            Value(" "),
            F("currency"),
            Value("."),
        ),
        first_at=Cast("booked_on", DateTimeField()),
        urls=_review_pages,
        reworded=(str, as_everywhere),  # the record is the bank's own text
    ),
]
