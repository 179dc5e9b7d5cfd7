"""What campaigns cost and sold, as the page and the file say it."""

import csv
from datetime import date, timedelta

import pytest

from customers.models import Channel, Touch, TouchKind
from finance.models import Category, LedgerKind
from finance.services import share_expenses
from tests.factories import (
    make_campaign,
    make_customer,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_touch,
)
from tests.staff import client_of

pytestmark = pytest.mark.django_db

ROI = "/admin/reports/marketing-roi/"
BOARD = "/admin/reports/marketing/"
MARCH = {"start": "2026-03-01", "end": "2026-03-31"}
HEADINGS = "Campaign,Channel,Currency,Spend,Orders,Seats,First-time buyers,Net sales,ROI %,CAC"


def sell(event, net, buyer=None, seats=1, days=0):
    buyer = buyer or make_customer()
    at = event.start_at - timedelta(days=3 + days)
    order = make_order(event, net, buyer=buyer, ordered_at=at)
    make_line(order, LedgerKind.SALE, net)
    for _ in range(seats):
        make_seat(order)
    return order


def reach(order, campaign, days, **fields):
    at = order.ordered_at - timedelta(days=days)
    return make_touch(campaign, customer=order.buyer, occurred_at=at, **fields)


@pytest.fixture
def season():
    """Two campaigns and a show: 400 sold in four orders by three people, for 120 of marketing."""
    insta = make_campaign("Insta", channel=Channel.SOCIAL)
    news = make_campaign("News", channel=Channel.EMAIL)
    event = make_event()
    fan = make_customer()
    reach(sell(event, "100.00", fan, days=2), insta, 20)
    both = sell(event, "90.00", fan, seats=3)
    reach(both, news, 1)
    reach(both, news, 0, kind=TouchKind.OPEN)
    reach(sell(event, "200.00", seats=2), insta, 0)
    sell(event, "10.00")
    make_expense("50.00", event=event, campaign=insta, category=Category.MARKETING)
    make_expense("30.00", campaign=news, category=Category.PRODUCTION)
    make_expense("40.00", event=event, category=Category.MARKETING)
    make_expense("999.00", event=event, campaign=insta, status="planned")
    share_expenses()
    return insta, news


def exported(client, url=ROI, **filters):
    response = client.get(url, {**MARCH, **filters, "export": "csv"})
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode().splitlines()


def test_the_file_has_the_agreed_headings_and_the_last_row_is_unattributed(admin_client, season):
    assert exported(admin_client, model="first") == [
        HEADINGS,
        # (390 - 50) / 50 = 680 %; 50 / 2 first-time buyers.
        "Insta,Social media,EUR,50.00,3,6,2,390.00,680.00,25.00",
        "News,E-mail,EUR,30.00,0,0,0,0.00,-100.00,",
        "No campaign,,EUR,40.00,0,0,0,0.00,,",
        "Unattributed,,EUR,0.00,1,1,1,10.00,,",
    ]


def test_a_shared_order_counts_in_each_row_and_its_money_once(admin_client, season):
    rows = list(csv.DictReader(exported(admin_client, model="linear")))

    assert [(row["Campaign"], row["Orders"], row["Net sales"]) for row in rows] == [
        ("Insta", "3", "345.00"),
        ("News", "1", "45.00"),
        ("No campaign", "0", "0.00"),
        ("Unattributed", "1", "10.00"),
    ]
    page = admin_client.get(ROI, {**MARCH, "model": "linear"})
    figures = {figure.label: figure.value for figure in page.context["panels"][0].figures}
    assert figures == {
        "Spend": "€120.00",
        "Net sales": "€400.00",
        "With a touch": "97.5 %",
        "ROI": "225.0 %",  # (390 - 120) / 120
        "First-time buyers": "3",
        "Blended CAC": "€40.00",
        "Cost per attendee": "€12.86",  # 90 of the show itself / 7 seats
    }


def test_a_shorter_window_takes_old_touches_away(admin_client, season):
    rows = list(csv.DictReader(exported(admin_client, days="10")))

    assert [(row["Campaign"], row["Net sales"]) for row in rows] == [
        ("Insta", "200.00"),
        ("News", "90.00"),
        ("No campaign", "0.00"),
        ("Unattributed", "110.00"),
    ]


def test_channels_and_sources_are_rows_too(admin_client, season):
    by_channel = exported(admin_client, by="channel")
    by_source = exported(admin_client, by="source", model="linear")

    assert by_channel[1] == "Social media,EUR,50.00,2,3,2,300.00,500.00,25.00"
    assert by_source[0] == (
        "Source,Seen as,Campaign,Currency,Orders,Seats,First-time buyers,Net sales"
    )
    assert by_source[1:] == [
        "insta,Click in an e-mail,Insta,EUR,3,6,2,345.00",
        "news,Click in an e-mail,News,EUR,1,3,0,45.00",
        "Unattributed,,,EUR,1,1,1,10.00",
    ]


def test_currencies_are_never_added(admin_client, season):
    insta, _ = season
    yen = make_event(date(2026, 3, 20), currency="JPY")
    reach(sell(yen, "5000"), insta, 1)
    make_expense("1000", event=yen, campaign=insta)

    rows = exported(admin_client)

    assert rows[3:] == [
        "No campaign,,EUR,40.00,0,0,0,0.00,,",
        "Insta,Social media,JPY,1000,1,1,1,5000,400.00,1000",
        "Unattributed,,EUR,0.00,1,1,1,10.00,,",
        "Unattributed,,JPY,0,0,0,0,0,,",
    ]
    assert exported(admin_client, currency="JPY")[1:] == [rows[4], rows[6]]


def test_a_wrong_filter_is_said_beside_it(admin_client):
    page = admin_client.get(ROI, {**MARCH, "model": "best", "days": "0"}).content.decode()

    assert "Model: choose one of the list." in page
    assert "Days before the order: write 1 or more." in page


def test_the_dashboard_sets_the_five_models_beside_each_other(admin_client, season):
    rows = exported(admin_client, BOARD)

    assert rows == [
        "Campaign,Channel,Currency,Spend,First touch,Last touch,Linear,Position 40/20/40,"
        "Time decay",
        # Of 90.00 with touches 22 and 1 days before: weights 2^-(22/7) and 2^-(1/7), so 1 : 8.
        "Insta,Social media,EUR,50.00,390.00,300.00,345.00,345.00,310.00",
        "News,E-mail,EUR,30.00,0.00,90.00,45.00,45.00,80.00",
        "No campaign,,EUR,40.00,0.00,0.00,0.00,0.00,0.00",
        "Unattributed,,EUR,0.00,10.00,10.00,10.00,10.00,10.00",
    ]
    page = admin_client.get(BOARD, MARCH)
    touches = {row[0]: row[3] for row in page.context["panels"][1].rows}
    assert touches["E-mail opened"] == "no, only shown"


def test_a_trial_shows_who_gains_and_who_loses(admin_client, season):
    rows = list(csv.DictReader(exported(admin_client, BOARD, model="first", days="10")))

    assert [(row["Campaign"], row["On trial"], row["Shift"]) for row in rows] == [
        ("Insta", "200.00", "-100.00"),
        ("News", "90.00", "0.00"),
        ("No campaign", "0.00", "0.00"),
        ("Unattributed", "110.00", "100.00"),
    ]
    page = admin_client.get(BOARD, {**MARCH, "days": "10"}).content.decode()
    assert "On trial: last touch and 10 days, against last touch and 90 days." in page


@pytest.mark.parametrize("role", ["Marketing", "Producer"])
def test_marketing_and_producers_reach_the_dashboard_by_the_menu(role, season):
    client = client_of(role)

    home = client.get("/admin/")

    assert BOARD in home.content.decode()
    assert client.get(BOARD, MARCH).status_code == 200


@pytest.mark.parametrize("url", [ROI, BOARD])
def test_three_campaigns_take_as_many_queries_as_one(
    admin_client, season, django_assert_max_num_queries, url
):
    assert Touch.objects.count()
    with django_assert_max_num_queries(35) as few:
        admin_client.get(url, MARCH)
    event = make_event()
    for _ in range(3):
        campaign = make_campaign()
        reach(sell(event, "5.00"), campaign, 1)
        make_expense("5.00", event=event, campaign=campaign)

    with django_assert_max_num_queries(len(few)):
        admin_client.get(url, MARCH)
