from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from finance.models import Category, Expense, ExpenseShare, LedgerKind, LedgerLine
from finance.services import share_expenses
from tests.factories import (
    make_buyer,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_show_type,
)

pytestmark = pytest.mark.django_db

LIST = "admin:finance_expense_changelist"
ADD = "admin:finance_expense_add"
NO_INLINES = {
    f"{prefix}-{name}": "0"
    for prefix in ("expenses", "ticket_classes", "rules")
    for name in ("TOTAL_FORMS", "INITIAL_FORMS")
}


@pytest.fixture
def client(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def expense_form(**fields: object) -> dict[str, object]:
    return {
        "amount": "90",
        "currency": "EUR",
        "category": "marketing",
        "spent_on": "14/03/2026",
        "status": "paid",
        "basis": "actual",
        "reference": "R-1",
        "vendor": "The Paper",
    } | fields


def figures_of(response) -> dict[str, list[str]]:
    """The first table above a list: its first column against the others, without their markup."""
    panel = response.context["list_panels"][0]
    return {str(row[0]): [_text(cell) for cell in row[1:]] for row in panel.rows}


def _text(cell: object) -> str:
    return str(cell).partition(">")[2].partition("<")[0] or str(cell)


def test_a_shared_expense_falls_on_the_events_as_soon_as_it_is_saved(client):
    show_type = make_show_type()
    events = [make_event(date(2026, 3, day), show_type=show_type) for day in (1, 2, 3)]

    client.post(reverse(ADD), expense_form(amount="100", show_type=show_type.pk))

    shares = ExpenseShare.objects.order_by("event__starts_on").values_list("event", "amount")
    assert list(shares) == [
        (events[0].pk, Decimal("33.34")),
        (events[1].pk, Decimal("33.33")),
        (events[2].pk, Decimal("33.33")),
    ]


@pytest.mark.parametrize("way", ["page", "action"])
def test_deleting_a_shared_expense_takes_its_shares_along(client, way):
    make_event(date(2026, 3, 1))
    expense = make_expense()
    share_expenses()
    assert ExpenseShare.objects.count() == 1

    if way == "page":
        client.post(reverse("admin:finance_expense_delete", args=[expense.pk]), {"post": "yes"})
    else:
        form = {"action": "delete_selected", "_selected_action": [expense.pk], "post": "yes"}
        client.post(reverse(LIST), form)

    assert (Expense.objects.count(), ExpenseShare.objects.count()) == (0, 0)


def test_an_event_that_changes_its_type_takes_or_leaves_shared_costs(client):
    music = make_show_type("Music")
    event = make_event(date(2026, 3, 1))
    make_expense("50.00", show_type=music)
    share_expenses()
    assert not ExpenseShare.objects.exists()

    url = reverse("admin:events_event_change", args=[event.pk])
    client.post(url, NO_INLINES | {"show_type": music.pk})

    assert ExpenseShare.objects.get().event == event


def test_a_cancelled_event_of_our_own_makes_its_people_due_for_new_figures(client):
    buyer = make_buyer()
    event = buyer.orders.get().event
    event.eventbrite_id = None
    event.save()
    Customer.objects.update(is_rollup_due=False)
    times = {
        "start_at_0": "14/03/2026",
        "start_at_1": "21:00",
        "end_at_0": "14/03/2026",
        "end_at_1": "23:00",
    }

    client.post(
        reverse("admin:events_event_change", args=[event.pk]),
        NO_INLINES
        | times
        | {"name": "Off", "time_zone": "Europe/Berlin", "status": "cancelled", "currency": "EUR"},
    )

    buyer.refresh_from_db()
    assert buyer.is_rollup_due


def test_save_and_add_another_keeps_date_event_category_and_currency(client):
    event = make_event()

    response = client.post(
        reverse(ADD), expense_form(event=event.pk, currency="USD", _addanother="1")
    )
    page = client.get(response["Location"])

    kept = parse_qs(urlsplit(response["Location"]).query)
    initial = page.context["adminform"].form.initial
    assert kept["spent_on"] == ["2026-03-14"]
    assert initial["spent_on"] == date(2026, 3, 14)
    assert (initial["event"], initial["category"], initial["currency"]) == (
        str(event.pk),
        "marketing",
        "USD",
    )


def test_an_amount_that_is_there_before_anyone_types_has_the_digits_of_its_currency(client):
    page = client.get(reverse(ADD))

    assert 'name="tax_amount" value="0.00"' in page.content.decode()


@pytest.mark.parametrize("address", ["spent_on=soon", "spent_on=2026-02-31"])
def test_an_add_page_with_a_nonsense_day_in_its_address_opens(client, address):
    assert client.get(f"{reverse(ADD)}?{address}").status_code == 200


def test_a_new_expense_starts_with_todays_date_the_last_category_and_known_vendors(client):
    client.post(reverse(ADD), expense_form(category="staff", vendor="Stage & Co"))

    page = client.get(reverse(ADD))

    assert page.context["adminform"].form.initial["category"] == Category.STAFF
    assert '<option value="Stage &amp; Co">' in page.text


def test_an_amount_finer_than_its_currency_is_refused_in_words(client):
    response = client.post(reverse(ADD), expense_form(amount="10.5", currency="JPY"))

    assert "JPY has 0 digits after the point." in response.text
    assert not Expense.objects.exists()


def test_an_amount_is_shown_for_editing_with_the_digits_of_its_currency(client):
    expense = make_expense("1234.50")

    page = client.get(reverse("admin:finance_expense_change", args=[expense.pk])).text

    assert 'value="1234.50"' in page


def test_totals_of_the_filtered_list_are_per_category_and_currency(client):
    make_expense("100.00")
    make_expense("20.50", category=Category.STAFF)
    make_expense("5000", currency="JPY")
    make_expense("7.00", vendor="Elsewhere", category=Category.STAFF)

    everything = figures_of(client.get(reverse(LIST)))
    found = figures_of(client.get(reverse(LIST), {"q": "elsewhere"}))

    assert everything == {
        "EUR": ["€100.00", "€0.00", "€0.00", "€27.50", "€127.50"],
        "JPY": ["¥5,000", "¥0", "¥0", "¥0", "¥5,000"],
    }
    assert found == {"EUR": ["€0.00", "€0.00", "€0.00", "€7.00", "€7.00"]}


def test_expenses_are_filtered_by_reach_show_type_and_days(client):
    music = make_show_type("Music")
    event = make_event(date(2026, 3, 14), show_type=music)
    direct = make_expense(event=event)
    shared = make_expense(show_type=music, spent_on=date(2026, 4, 1))
    other = make_expense(spent_on=date(2026, 4, 2))
    share_expenses()

    def listed(**filters: object) -> set[Expense]:
        return set(client.get(reverse(LIST), filters).context["cl"].result_list)

    assert listed(reach="direct") == {direct}
    assert listed(reach="shared") == {shared, other}
    assert listed(reach="unplaced") == {shared, other}
    assert listed(type=music.pk) == {direct, shared}
    assert listed(spent_on_from="2026-03-14", spent_on_to="2026-04-01") == {direct, shared}
    assert listed(shares__event__id__exact=event.pk) == set()


def test_an_event_shows_its_ladder_from_gross_to_net_revenue(client):
    event = make_event()
    order = make_order(event, gross="100.00")
    make_seat(order)
    make_line(order, LedgerKind.SALE, "100.00")
    make_line(order, LedgerKind.TAX, "-7.00")
    make_line(order, LedgerKind.REFUND, "-10.00")
    make_expense("150.00", event=event)

    response = client.get(reverse("admin:events_event_change", args=[event.pk]))

    result = {f.label: _plain(f.value) for f in response.context["panels_above"][0].figures}
    assert result["Net sales"] == "€83.00"
    assert result["Net revenue"] == "-€67.00"
    assert "nova-loss" in response.text
    assert f"ledgerline/?event__id__exact={event.pk}&amp;kind__exact=refund" in response.text


def _plain(cell: object) -> str:
    text = str(cell)
    while "<" in text:
        before, _, rest = text.partition("<")
        text = before + rest.partition(">")[2]
    return text


def test_an_order_shows_what_is_left_of_it(client):
    order = make_order(gross="20.00")
    make_line(order, LedgerKind.SALE, "20.00")
    make_line(order, LedgerKind.EVENTBRITE_FEE, "-1.50")

    response = client.get(reverse("admin:customers_order_change", args=[order.pk]))

    ladder = {f.label: _plain(f.value) for f in response.context["panels_above"][0].figures}
    assert ladder["Net sales"] == "€18.50"


def test_the_ledger_adds_up_what_is_filtered_and_takes_no_change_from_anybody(client):
    order = make_order()
    line = make_line(order, LedgerKind.SALE, "20.00")
    make_line(order, LedgerKind.TAX, "-1.00")
    make_line(make_order(), LedgerKind.SALE, "5.00")
    url = reverse("admin:finance_ledgerline_changelist")

    sums = figures_of(client.get(url, {"event__id__exact": order.event.pk}))
    change = reverse("admin:finance_ledgerline_change", args=[line.pk])
    statuses = [
        client.post(change, {"amount": "1"}).status_code,
        client.post(reverse("admin:finance_ledgerline_delete", args=[line.pk])).status_code,
        client.post(
            url, {"action": "delete_selected", "_selected_action": [line.pk], "post": "yes"}
        ).status_code,
    ]

    assert sums == {"EUR": ["€20.00", "-€1.00", "€0.00", "€0.00", "€0.00", "€19.00"]}
    assert statuses[:2] == [403, 403]
    assert LedgerLine.objects.count() == 3
