"""What the page of a report says of how far its figures can be trusted."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.utils import timezone

from customers.models import Touch, TouchKind
from finance.models import LedgerKind
from finance.services.deposits import match_deposit
from integrations.models import Problem, System
from nova_project.reports import Reading, Topic, all_reports
from nova_project.reports.trust import readings, share
from tests.factories import (
    make_customer,
    make_deposit,
    make_event,
    make_line,
    make_order,
    make_seat,
)

FUNNEL = "/admin/reports/funnel/"


def told(*topics) -> dict[str, tuple[str, bool]]:
    return {reading.label: (reading.shown, reading.is_bad) for reading in readings(topics)}


def lately(days: int = 30) -> date:
    return timezone.localdate() - timedelta(days=days)


def test_a_share_is_marked_under_its_threshold_and_undefined_without_anything():
    marked = Reading("x", "59 %", "What. Marked under 60 %.", True)
    assert share("x", 59, 100, 60, "What.") == marked
    assert not share("x", 60, 100, 60, "").is_bad
    assert share("x", 599, 1000, 60, "").shown == "59 %"
    assert share("x", 0, 0, 60, "").shown == "–"


def test_every_report_rests_on_something():
    assert all(report.rests_on for report in all_reports())
    assert {topic for report in all_reports() for topic in report.rests_on} == set(Topic)


@pytest.mark.django_db
def test_a_report_tells_only_what_concerns_it():
    assert set(told(Topic.MONEY)) == {"Eventbrite", "Payouts reconciled", "Oldest open problem"}
    assert set(told(Topic.PEOPLE)) == {
        "HubSpot", "Seats linked to a person", "Oldest open problem"
    }  # fmt: skip


@pytest.mark.django_db
def test_seats_and_orders_of_the_last_year_are_measured():
    show = make_event(lately())
    person = make_customer(source="OFFLINE")
    known = make_order(show, buyer=person)
    coded, bare = make_order(show), make_order(show, buyer=make_customer())
    Touch.objects.create(
        key="t", order=coded, kind=TouchKind.PROMO_CODE, source="X", occurred_at=coded.ordered_at
    )
    make_seat(known, holder=person)
    make_seat(bare)
    make_seat(bare)
    old = make_order(make_event(lately(400)), buyer=make_customer())
    make_seat(old)

    found = told(*Topic)

    assert found["Orders with a source"] == ("66 %", False)
    assert found["Seats linked to a person"] == ("33 %", True)


@pytest.mark.django_db
def test_payouts_that_are_due_are_reconciled_to_the_cent_or_not_at_all():
    for gross, paid in (("75.00", "75.00"), ("25.00", "20.00")):
        show = make_event(lately())
        make_line(make_order(show, gross), LedgerKind.SALE, gross)
        match_deposit(deposit=make_deposit(paid), parts={show.pk: Decimal(paid)})
    upcoming = make_event(lately(-9))
    make_line(make_order(upcoming, "500.00"), LedgerKind.SALE, "500.00")

    assert told(Topic.MONEY)["Payouts reconciled"] == ("75 %", True)


@pytest.mark.django_db
def test_the_oldest_open_problem_is_told():
    assert told(Topic.MONEY)["Oldest open problem"] == ("none", False)
    for code in "ab":
        Problem.objects.create(system=System.HUBSPOT, code=code, record="x", message="Odd.")
    Problem.objects.filter(code="a").update(created_at=datetime(2026, 1, 1, tzinfo=UTC))

    shown, is_bad = told(Topic.MONEY)["Oldest open problem"]

    assert shown.endswith("(2 open)")
    assert is_bad


@pytest.mark.django_db
def test_the_page_shows_it_and_files_do_not(client):
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_customer", "view_event"])
    )
    client.force_login(user)
    make_customer()

    page = client.get(FUNNEL).content.decode()
    file = b"".join(client.get(FUNNEL, {"export": "csv"}).streaming_content).decode()

    assert "Oldest open problem" in page
    assert "/admin/inbox/" not in page.split('class="report-trust"')[1].split("</details>")[0]
    assert "Oldest open problem" not in file


@pytest.mark.django_db
def test_what_was_read_is_kept_for_a_minute(settings):
    settings.NOVA_TRUST_SECONDS = 60
    cache.clear()
    before = told(Topic.MONEY)
    Problem.objects.create(system=System.HUBSPOT, code="a", record="x", message="Odd.")

    assert told(Topic.MONEY) == before
    cache.clear()
    assert told(Topic.MONEY) != before
    cache.clear()


@pytest.mark.django_db
def test_every_report_has_a_page_that_tells_it(admin_client):
    pages = [admin_client.get(f"/admin/reports/{report.slug}/") for report in all_reports()]

    assert {page.status_code for page in pages} == {200}
    assert all('class="report-trust"' in page.content.decode() for page in pages)
