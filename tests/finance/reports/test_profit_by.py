import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
import time_machine

from finance.models import AgreementStatus, DealKind, LedgerKind, Performer, PerformerAgreement
from finance.services.groups import Windows
from nova_project.periods import Period
from tests.factories import (
    make_event,
    make_expense,
    make_line,
    make_order,
    make_show_type,
    make_venue,
)

SLUGS = ["profit-by-month", "profit-by-venue", "profit-by-show-type", "profit-by-performer"]
SPRING = {"start": "2026-01-01", "end": "2026-03-31"}
TODAY = time_machine.travel("2026-11-24 12:00+00:00", tick=False)

pytestmark = pytest.mark.django_db


def make_show(gross: str, starts_on: date = date(2026, 3, 14), cost: str = "", **fields):
    event = make_event(starts_on, **fields)
    make_line(make_order(event, gross), LedgerKind.SALE, gross)
    if cost:
        make_expense(cost, event=event)
    return event


def exported(client, slug: str, **filters) -> list[dict[str, str]]:
    response = client.get(f"/admin/reports/{slug}/", {**SPRING, **filters, "export": "csv"})
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(StringIO(text)))


def windows(first: date, last: date, today: date) -> list[tuple[date, date]]:
    found = Windows.of(Period.inclusive(first, last), today)
    days = (found.to_date, found.before, found.year_before)
    return [(period.start, period.last) for period in days]


def test_a_running_month_is_compared_with_as_many_days_of_the_month_before():
    assert windows(date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 24)) == [
        (date(2026, 11, 1), date(2026, 11, 24)),
        (date(2026, 10, 1), date(2026, 10, 24)),
        (date(2025, 11, 1), date(2025, 11, 24)),
    ]
    assert windows(date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 31))[1] == (
        date(2026, 2, 1),
        date(2026, 2, 28),
    )


def test_a_whole_quarter_is_compared_with_the_quarter_before_and_other_days_with_as_many():
    assert windows(date(2026, 1, 1), date(2026, 3, 31), date(2026, 11, 24))[1:] == [
        (date(2025, 10, 1), date(2025, 12, 31)),
        (date(2025, 1, 1), date(2025, 3, 31)),
    ]
    assert windows(date(2026, 3, 10), date(2026, 3, 16), date(2026, 11, 24))[1:] == [
        (date(2026, 3, 3), date(2026, 3, 9)),
        (date(2025, 3, 10), date(2025, 3, 16)),
    ]
    assert Windows.of(Period.month_of(date(2026, 12, 1)), date(2026, 11, 24)) is None


@TODAY
def test_a_month_stands_beside_the_month_and_the_year_before(admin_client):
    make_show("500.00", date(2025, 3, 1))
    make_show("100.00", date(2026, 1, 31), cost="30.00")
    make_show("200.00", date(2026, 3, 1))

    rows = exported(admin_client, "profit-by-month")

    names = ("Month", "Net revenue", "Margin %", "Period before", "Change", "Year before")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("Jan 2026", "70.00", "70.00", "0.00", "70.00", "0.00"),
        ("Feb 2026", "0.00", "", "70.00", "-70.00", "0.00"),
        ("Mar 2026", "200.00", "100.00", "0.00", "200.00", "500.00"),
    ]


@TODAY
def test_a_venue_of_the_period_before_is_there_with_nothing(admin_client):
    hall, cellar = make_venue(name="Hall"), make_venue(name="Cellar")
    make_show("100.00", date(2025, 12, 1), venue=cellar)
    make_show("100.00", venue=hall, cost="90.00")
    make_show("900.00", venue=hall, cost="100.00")
    make_show("50.00")

    rows = exported(admin_client, "profit-by-venue")

    names = ("Venue", "Events", "Net revenue", "Margin %", "Period before")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("Cellar", "0", "0.00", "", "100.00"),
        ("Hall", "2", "810.00", "81.00", "0.00"),
        ("No venue", "1", "50.00", "100.00", "0.00"),
    ]


@TODAY
def test_a_show_of_several_performers_counts_once(admin_client):
    ada, bo = (Performer.objects.create(name=name) for name in ("Ada", "Bo"))
    both, one = make_show("100.00"), make_show("40.00")
    for event, performer in ((both, bo), (both, ada), (one, ada)):
        PerformerAgreement.objects.create(
            event=event,
            performer=performer,
            kind=DealKind.FLAT,
            currency="EUR",
            guarantee=Decimal("0.00"),
            status=AgreementStatus.AGREED,
        )

    rows = exported(admin_client, "profit-by-performer")

    found = [(row["Performers"], row["Gross"]) for row in rows]
    assert found == [("Ada", "40.00"), ("Ada, Bo", "100.00")]


@TODAY
@pytest.mark.parametrize("slug", SLUGS)
def test_all_groups_together_are_the_profit_by_event_in_each_currency(admin_client, slug):
    venue, improv = make_venue(), make_show_type("Improv")
    make_show("100.00", date(2026, 1, 5), cost="33.33", venue=venue)
    make_show("59.90", date(2026, 3, 5), cost="70.00", show_type=improv)
    make_show("9000", date(2026, 2, 5), currency="JPY", venue=venue)
    names = ("Seats", "Gross", "Net sales", "Expenses", "Net revenue")

    def sums(report: str) -> dict[tuple[str, str], Decimal]:
        found: dict[tuple[str, str], Decimal] = {}
        for row in exported(admin_client, report):
            for name in names:
                key = row["Currency"], name
                found[key] = found.get(key, Decimal(0)) + Decimal(row[name])
        return found

    assert sums(slug) == sums("event-profit")


@TODAY
@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_shows_chart_totals_and_takes_few_queries(
    admin_client, slug, django_assert_max_num_queries
):
    for _ in range(30):
        make_show("10.00", venue=make_venue(), show_type=make_show_type())

    with django_assert_max_num_queries(25):
        page = admin_client.get(f"/admin/reports/{slug}/", SPRING)

    assert page.context["chart"] is not None
    assert [row.net_revenue for row in page.context["table"].total_rows()] == [Decimal("300.00")]


def test_the_chart_of_many_venues_ranks_those_that_weigh_most_and_adds_up_the_others(admin_client):
    for number in range(1, 15):
        make_show(f"{number}0.00", venue=make_venue(name=f"Venue {number}"))
    make_show("5.00", cost="905.00", venue=make_venue(name="The dear one"))

    chart = admin_client.get("/admin/reports/profit-by-venue/", SPRING).context["chart"]

    ranked = [f"Venue {number}" for number in range(14, 4, -1)]
    assert list(chart.labels) == [*ranked, "The dear one", "4 others together"]
    assert chart.series[0].values[-2:] == [Decimal("-900.00"), Decimal("100.00")]
    assert chart.is_sideways
