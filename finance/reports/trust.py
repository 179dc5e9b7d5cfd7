"""How much of what Eventbrite should have paid out is accounted for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from events.models import Event
from finance.services.payouts import payouts_of
from nova_project.money import ZERO, company_currency
from nova_project.reports import Reading, Topic, measure, share

_YEAR = timedelta(days=365)


@measure(Topic.MONEY, place=50)
def revenue_reconciled() -> Iterator[Reading]:
    """Payouts that are due and have arrived or been explained, to the cent. Four queries."""
    today, currency = timezone.localdate(), company_currency()
    shows = Event.objects.filter(starts_on__gte=today - _YEAR, starts_on__lte=today)
    due = [row for row in payouts_of(shows) if row.currency == currency and row.due_on <= today]
    settled = sum((row.expected for row in due if row.outstanding == 0), ZERO)
    reading = share(
        "Payouts reconciled",
        settled,
        sum((row.expected for row in due), ZERO),
        90,
        f"Of what Eventbrite should have paid out by now for the shows of the last twelve months, "
        f"in {currency}: the part of shows whose deposits match or whose difference is explained.",
    )
    url = reverse("reports:report", args=["reconciliation"])
    yield replace(reading, url=url, permission="finance.view_deposit")
