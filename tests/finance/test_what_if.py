from decimal import Decimal

import pytest
from django.urls import reverse

from events.models import TicketClass
from finance.models import Basis, Expense, ExpenseStatus, LedgerKind
from finance.services.profit import event_money
from tests.factories import (
    make_agreement,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
)
from tests.staff import client_of

VERSUS = {
    "price": "20",
    "fee": "2",
    "tax": "",
    "capacity": "100",
    "room_rental": "250",
    "marketing": "",
    "production": "",
    "staff": "150",
    "shared_costs": "",
    "deal": "versus",
    "guarantee": "500",
    "percentage": "70",
    "base": "net_sales",
}

pytestmark = pytest.mark.django_db


def url(event) -> str:
    return reverse("admin:finance_what_if", args=[event.pk])


def even(page) -> tuple[object, str]:
    figure = page.context["panels"][0].figures[0]
    return figure.value, figure.help


@pytest.mark.parametrize(
    ("capacity", "tickets", "full"),
    [("100", "75 tickets", "€140.00"), ("60", "Not within capacity", "-€76.00")],
)
def test_a_versus_deal_breaks_even_at_75_tickets_and_never_with_60_seats(
    admin_client, capacity, tickets, full
):
    page = admin_client.get(url(make_event()), VERSUS | {"capacity": capacity})

    words = f"With all {capacity} tickets sold, net revenue is {full}."
    assert even(page) == (tickets, words)


def test_net_revenue_stands_beside_each_quarter_of_the_house(admin_client):
    page = admin_client.get(url(make_event()), VERSUS | {"tax": "25", "deal": "flat"})

    # Of 20.00 a ticket 4.00 are tax and 2.00 fees: 14.00 are left, less 400 costs and 500 fee.
    panel = page.context["panels"][1]
    amounts = [amount for series in panel.chart.series for amount in series.values]
    assert [row[:2] for row in panel.rows] == [
        ("25 %", "25"),
        ("50 %", "50"),
        ("75 %", "75"),
        ("100 %", "100"),
    ]
    assert amounts == [Decimal(-550), Decimal(-200), Decimal(150), Decimal(500)]
    assert even(page)[0] == "65 tickets"


def test_the_form_starts_with_the_show_as_it_is(admin_client):
    event = make_event(capacity=80)
    order = make_order(event, "100.00")
    for _ in range(4):
        make_seat(order)
    make_line(order, LedgerKind.SALE, "100.00")
    make_line(order, LedgerKind.TAX, "-16.00")
    make_line(order, LedgerKind.EVENTBRITE_FEE, "-6.00")
    make_line(order, LedgerKind.PROCESSING_FEE, "-2.00")
    make_expense("300.00", event=event)
    make_agreement(event, guarantee=Decimal("200.00"))

    page = admin_client.get(url(event))

    typed = page.context["form"].typed()
    assert [typed[name] for name in ("price", "fee", "tax", "capacity", "room_rental", "deal")] == [
        "25.00",
        "2.00",
        "19.05",
        "80",
        "300.00",
        "agreed",
    ]
    assert even(page)[0] == "27 tickets"  # 25.00 less 4.00 tax, to the cent, and 2.00 fees


def test_before_the_first_ticket_the_list_prices_are_taken(admin_client):
    event = make_event()
    for price, capacity in (("10.00", 30), ("20.00", 10)):
        TicketClass.objects.create(
            event=event, name=price, price=Decimal(price), currency="EUR", capacity=capacity
        )

    page = admin_client.get(url(event))

    assert page.context["form"].typed()["price"] == "12.50"


def test_what_was_typed_stays_also_where_it_is_wrong(admin_client):
    typed = VERSUS | {"price": "twenty", "guarantee": "", "fee": "2.005"}

    page = admin_client.get(url(make_event()), typed)

    form = page.context["form"]
    assert {name: form.typed()[name] for name in typed} == typed
    assert set(form.errors) == {"price", "guarantee", "fee"}
    assert page.context["panels"] == []
    assert 'value="twenty"' in page.content.decode()


def test_saving_keeps_costs_as_the_budget_of_the_show_once(admin_client):
    event = make_event()
    before = event_money(type(event).objects.all())

    page = admin_client.post(url(event), VERSUS, follow=True)
    admin_client.post(url(event), VERSUS | {"staff": "0", "marketing": "80"})

    assert "the budget of the show has 2 lines" in page.content.decode()
    assert page.context["form"].typed()["guarantee"] == "500"
    budget = Expense.objects.order_by("category").values_list("category", "amount", "spent_on")
    assert list(budget) == [
        ("marketing", Decimal(80), event.starts_on),
        ("room_rental", Decimal(250), event.starts_on),
    ]
    assert {(e.basis, e.status) for e in Expense.objects.all()} == {
        (Basis.BUDGET, ExpenseStatus.PLANNED)
    }
    assert event_money(type(event).objects.all()) == before


@pytest.mark.parametrize(
    ("role", "seen", "saved"),
    [("Viewer", 200, 403), ("Finance", 200, 302), ("Box office", 403, 403)],
)
def test_only_those_who_plan_expenses_may_save(role, seen, saved):
    client = client_of(role)
    event = make_event()

    assert client.get(url(event), VERSUS).status_code == seen
    assert client.post(url(event), VERSUS).status_code == saved


def test_the_page_of_a_show_leads_to_what_if(admin_client):
    event = make_event()

    page = admin_client.get(reverse("admin:events_event_change", args=[event.pk]))

    assert url(event) in page.content.decode()
