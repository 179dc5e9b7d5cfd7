import pytest

from finance.models import LedgerKind
from tests.factories import (
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_show_type,
)

URL = "/admin/reports/show-type-margin/"
MARCH = {"start": "2026-03-01", "end": "2026-03-31"}

pytestmark = pytest.mark.django_db


def make_show(gross: str, cost: str, show_type=None, currency: str = "EUR") -> None:
    event = make_event(show_type=show_type, currency=currency)
    order = make_order(event, gross)
    make_seat(order)
    make_line(order, LedgerKind.SALE, gross)
    make_expense(cost, event=event)


def test_the_csv_has_the_agreed_headings_and_a_row_per_type_and_currency(admin_client):
    improv = make_show_type("Improv")
    make_show("100.00", "90.00", improv)
    make_show("900.00", "100.00", improv)
    make_show("3000", "4500", improv, "JPY")
    make_show("50.00", "20.00")

    response = admin_client.get(URL, {**MARCH, "export": "csv"})

    assert b"".join(response.streaming_content).decode().splitlines() == [
        "Show type,Currency,Events,Seats,Gross,Net sales,Expenses,Net revenue,Margin %",
        "Improv,EUR,2,2,1000.00,1000.00,190.00,810.00,81.00",
        "Improv,JPY,1,1,3000,3000,4500,-1500,-50.00",
        "No show type,EUR,1,1,50.00,50.00,20.00,30.00,60.00",
    ]


def test_totals_stand_apart_for_each_currency(admin_client):
    make_show("100.00", "90.00", make_show_type("Improv"))
    make_show("900.00", "100.00", make_show_type("Music"))
    make_show("3000", "4500", None, "JPY")

    page = admin_client.get(URL, MARCH)

    table = page.context["table"]
    totals = [[cell.text for cell in row] for row in table.total_cells(table.total_rows())]
    assert totals == [
        ["Total EUR", "EUR", "2", "2", "1,000.00", "1,000.00", "190.00", "810.00", "81.0"],
        ["Total JPY", "JPY", "1", "1", "3,000", "3,000", "4,500", "-1,500", "-50.0"],
    ]


def test_the_chart_shows_revenue_and_margin_of_each_type(admin_client):
    make_show("100.00", "90.00", make_show_type("Improv"))
    make_show("900.00", "100.00")

    chart = admin_client.get(URL, MARCH).context["chart"]

    assert chart.title == "Net revenue and margin by show type, EUR"
    assert chart.table == [("Improv", ["€10.00", "10.0"]), ("No show type", ["€800.00", "88.9"])]
