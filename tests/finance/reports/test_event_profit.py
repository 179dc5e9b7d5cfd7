import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from django.urls import reverse

from customers.models import Order
from events.models import EventStatus
from finance.models import Category, Expense, LedgerKind, LedgerLine
from finance.services import change_expense, post_orders, share_expenses
from tests.factories import (
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_show_type,
)

URL = "/admin/reports/event-profit/"
MARCH = {"start": "2026-03-01", "end": "2026-03-31"}
HEADINGS = (
    "Event ID,Event,Date,Show type,Currency,Seats,Gross,Refunds,Tax,Eventbrite fees,"
    "Processing fees,Net sales,Room rental,Marketing,Production,Staff,Performers,Shared costs,"
    "Expenses,Net revenue,Margin %,Cost per attendee"
)

pytestmark = pytest.mark.django_db


def make_show(gross: str = "100.00", **fields):
    event = make_event(**fields)
    order = make_order(event, gross)
    make_seat(order)
    make_line(order, LedgerKind.SALE, gross)
    return event


def exported(client, **filters) -> list[dict[str, str]]:
    response = client.get(URL, {**MARCH, **filters, "export": "csv"})
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(StringIO(text)))


def test_the_csv_has_the_agreed_headings_and_figures(admin_client):
    event = make_show("119.00", name="=Late Night", eventbrite_id="777")
    order = event.orders.get()
    for kind, amount in (
        (LedgerKind.TAX, "-19.00"),
        (LedgerKind.EVENTBRITE_FEE, "-4.40"),
        (LedgerKind.PROCESSING_FEE, "-2.98"),
        (LedgerKind.REFUND, "-20.00"),
    ):
        make_line(order, kind, amount)
    make_seat(order)
    make_seat(order)
    make_expense("40.00", event=event)
    make_expense("10.00", event=event, category=Category.MARKETING)
    make_expense("2.50")
    share_expenses()

    response = admin_client.get(URL, {**MARCH, "export": "csv"})

    assert b"".join(response.streaming_content).decode().splitlines() == [
        HEADINGS,
        "777,'=Late Night,2026-03-14,No show type,EUR,3,119.00,20.00,19.00,4.40,2.98,72.62,40.00,"
        "10.00,0.00,0.00,0.00,2.50,52.50,20.12,25.15,3.33",
    ]


def test_yen_have_no_digits_after_the_point(admin_client):
    make_show("15000", currency="JPY", eventbrite_id=None)

    [row] = exported(admin_client)

    assert (row["Gross"], row["Net revenue"], row["Margin %"]) == ("15000", "15000", "100.00")
    assert row["Event ID"].startswith("nova-")


def test_undefined_ratios_are_blank_in_the_file_and_a_dash_on_the_screen(admin_client):
    make_event()

    [row] = exported(admin_client)
    page = admin_client.get(URL, MARCH).content.decode()

    assert (row["Margin %"], row["Cost per attendee"]) == ("", "")
    assert '<td class="is-percent">–</td>' in page


def test_the_rows_add_up_to_the_ledger_less_the_expenses(admin_client):
    for gross in ("100.00", "59.90", "0.10"):
        event = make_show(gross)
        make_expense("33.33", event=event)
    make_expense("12.00", event=make_event(status=EventStatus.CANCELLED))
    make_expense("10.00")
    share_expenses()

    rows = exported(admin_client)

    ledger = sum(LedgerLine.objects.values_list("amount", flat=True))
    expenses = sum(Expense.objects.values_list("amount", flat=True))
    assert sum(Decimal(row["Net revenue"]) for row in rows) == ledger - expenses


def test_filters_narrow_by_day_show_type_and_currency(admin_client):
    improv = make_show_type("Improv")
    make_show(name="First day", starts_on=date(2026, 3, 1), show_type=improv)
    make_show(name="Last day", starts_on=date(2026, 3, 31))
    make_show(name="In yen", currency="JPY", show_type=improv)
    make_show(name="April", starts_on=date(2026, 4, 1), show_type=improv)

    def names(**filters):
        return [row["Event"] for row in exported(admin_client, **filters)]

    assert names() == ["First day", "In yen", "Last day"]
    assert names(show_type=improv.pk) == names(show_type="improv") == ["First day", "In yen"]
    assert names(show_type="none") == ["Last day"]
    assert names(currency="jpy") == ["In yen"]


def test_figures_lead_to_the_rows_behind_them(admin_client):
    event = make_show()
    make_line(event.orders.get(), LedgerKind.REFUND, "-10.00")
    make_expense("5.00", event=event, category=Category.STAFF)
    shared = make_expense("7.00")
    share_expenses()

    page = admin_client.get(URL, MARCH)

    row = next(iter(page.context["table"].cells(page.context["table"].rows)))
    urls = {cell.column.heading: cell.url for cell in row}
    assert urls["Event"] == reverse("admin:events_event_change", args=[event.pk])
    assert (urls["Tax"], urls["Marketing"], urls["Performers"]) == ("", "", "")

    def amounts(heading: str) -> list[Decimal]:
        changelist = admin_client.get(urls[heading]).context["cl"]
        return [listed.amount for listed in changelist.result_list]

    assert amounts("Gross") == [Decimal("100.00")]
    assert amounts("Refunds") == [Decimal("-10.00")]
    assert sorted(amounts("Net sales")) == [Decimal("-10.00"), Decimal("100.00")]
    assert amounts("Staff") == [Decimal("5.00")]
    assert amounts("Shared costs") == [shared.amount]


def test_a_row_leads_to_the_shows_of_its_type_over_the_same_days(admin_client):
    make_show(show_type=make_show_type("Improv"))
    make_show()

    page = admin_client.get("/admin/reports/show-type-margin/", {**MARCH, "currency": "EUR"})
    table = page.context["table"]
    typed, untyped = (row[0].url for row in table.cells(table.rows))

    for url, expected in ((typed, "Improv"), (untyped, "No show type")):
        rows = admin_client.get(url).context["table"].rows
        assert [row.show_type for row in rows] == [expected]
        assert "start=2026-03-01&end=2026-03-31" in url


def test_shared_costs_that_no_show_bears_are_told(admin_client):
    make_expense("100.00", currency="CHF")
    share_expenses()

    page = admin_client.get(URL, MARCH).content.decode()

    assert "CHF 100.00 of shared costs dated in these days are in no row" in page


@pytest.mark.parametrize("slug", ["event-profit", "show-type-margin"])
def test_the_queries_of_a_page_do_not_grow_with_its_rows(
    admin_client, slug, django_assert_num_queries, django_assert_max_num_queries
):
    def add(count: int) -> None:
        for number in range(count):
            event = make_show(show_type=make_show_type(f"Type {number}"))
            make_expense("1.00", event=event)

    url = f"/admin/reports/{slug}/"
    add(3)
    admin_client.get(url, MARCH)  # fills caches
    with django_assert_max_num_queries(25) as few:
        admin_client.get(url, MARCH)
    add(297)

    with django_assert_num_queries(len(few)):
        page = admin_client.get(url, MARCH)

    assert page.context["page"].paginator.count >= 297


def test_the_chart_draws_one_currency_and_says_which(admin_client):
    make_show("100.00")
    make_show("9000", currency="JPY")

    euro = admin_client.get(URL, MARCH).context["chart"]
    yen = admin_client.get(URL, {**MARCH, "currency": "JPY"}).context["chart"]

    assert (euro.title, euro.table) == (
        "Net revenue by month, EUR",
        [("Mar 2026", ["€100.00", "€0.00", "€100.00"])],
    )
    assert yen.table == [("Mar 2026", ["¥9,000", "¥0", "¥9,000"])]


def test_the_report_of_a_past_day_says_so_on_the_page_and_in_its_files(admin_client):
    with time_machine.travel("2026-03-20 12:00+00:00"):
        event = make_event(eventbrite_id="777")
        order = make_order(event, "100.00")
        post_orders([order.pk])
        make_seat(order)
        cost = make_expense("40.00", event=event)
    with time_machine.travel("2026-04-10 12:00+00:00"):
        Order.objects.update(refund=Decimal("30.00"))
        post_orders([order.pk])
        change_expense(expense=cost, amount=Decimal("45.00"))
    then = {**MARCH, "as_of": "2026-03-31"}

    [row] = exported(admin_client, as_of="2026-03-31")
    [now] = exported(admin_client)
    page = admin_client.get(URL, then)
    file = admin_client.get(URL, {**then, "export": "xlsx"})

    assert (row["Refunds"], row["Room rental"], row["Net revenue"]) == ("0.00", "40.00", "60.00")
    assert (row["Seats"], row["As known on"]) == ("1", "2026-03-31")
    assert (now["Net revenue"], "As known on" in now) == ("25.00", False)
    assert "as known at the end of 31 Mar 2026" in page.text
    assert "_2026-03-31_as_of_2026-03-31.xlsx" in file["Content-Disposition"]
    [(name, url)] = page.context["links"]
    assert name == "What changed since"
    [changes] = admin_client.get(url).context["table"].rows
    assert (changes.then, changes.now, changes.change) == (60, 25, -35)


def test_what_changed_since_leads_to_the_lines_and_to_the_changes_of_expenses(admin_client):
    with time_machine.travel("2026-03-20 12:00+00:00"):
        event = make_event()
        cost = make_expense("40.00", event=event)
    with time_machine.travel("2026-04-10 12:00+00:00"):
        post_orders([make_order(event, "100.00").pk])
        change_expense(expense=cost, amount=Decimal("45.00"))

    page = admin_client.get("/admin/reports/changes-since/", {**MARCH, "as_of": "2026-03-31"})

    row = next(iter(page.context["table"].cells(page.context["table"].rows)))
    urls = {cell.column.heading: cell.url for cell in row}
    for heading, amount in (("Ledger lines", "100.00"), ("Expense changes", "45.00")):
        listed = admin_client.get(urls[heading]).context["cl"].result_list
        assert [found.amount for found in listed] == [Decimal(amount)]


def test_a_day_that_has_not_come_is_refused(admin_client):
    page = admin_client.get(URL, {**MARCH, "as_of": "2190-01-01"})

    assert "choose a day that is not after today" in page.text
    assert not page.context["table"].known_on
