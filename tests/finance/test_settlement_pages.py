from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from finance.models import LedgerKind, Settlement
from finance.services import close_settlement, compare_settlements
from tests.factories import (
    make_agreement,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_performer,
    make_seat,
)
from tests.staff import client_of

pytestmark = pytest.mark.django_db
D = Decimal


def page_of(event, step: str = "of_event", *args: int) -> str:
    return reverse(f"admin:finance_settlement_{step}", args=[event.pk, *args])


def sold(gross: str = "100.00", **fields):
    event = make_event(**fields)
    order = make_order(event, gross=gross)
    make_line(order, LedgerKind.SALE, gross)
    make_seat(order)
    return event


@pytest.mark.parametrize(
    ("role", "closes", "reopens"),
    [("Finance", 302, 302), ("Producer", 302, 403), ("Viewer", 403, 403), ("Marketing", 403, 403)],
)
def test_producer_and_bookkeeper_close_and_only_the_bookkeeper_reopens(role, closes, reopens):
    event, closed = sold(), sold()
    close_settlement(event=closed, user=User.objects.create(username="x"))
    client = client_of(role)

    statuses = (
        client.post(page_of(event, "close")).status_code,
        client.post(page_of(closed, "reopen"), {"reason": "Late"}).status_code,
    )

    assert statuses == (closes, reopens)
    assert event.settlements.exists() == (closes == 302)
    assert closed.settlements.standing().exists() == (reopens == 403)
    assert client.get(page_of(event, "close")).status_code == 405


def test_each_rung_opens_the_lines_that_it_is_the_sum_of():
    event = sold()
    make_expense("30.00", event=event, vendor="Sound & Light")
    make_agreement(event)
    client = client_of("Finance")

    page = client.get(page_of(event))

    urls = {url for panel in page.context["panels"] for row in panel.rows for url in hrefs(row[-1])}
    assert {url.partition("?")[0] for url in urls if "?" in url} == {
        reverse("admin:finance_ledgerline_changelist"),
        reverse("admin:finance_expense_changelist"),
        reverse("admin:finance_performeragreement_changelist"),
        reverse("reports:report", args=["reconciliation"]),
    }
    for url in urls:
        assert client.get(url.replace("&amp;", "&")).status_code == 200


def hrefs(cell: object) -> list[str]:
    return [part.partition('"')[0] for part in str(cell).split('href="')[1:]]


def test_what_moved_since_stands_beside_the_closed_version():
    event = sold()
    client = client_of("Finance")
    client.post(page_of(event, "close"))
    make_expense("30.00", event=event)

    page = client.get(page_of(event)).text

    assert "Moved since it was closed" in page
    assert "-€30.00" in page
    assert "€70.00" in page
    printed = client.get(page_of(event, "print")).text
    assert "€100.00" in printed
    assert "€70.00" not in printed


def test_a_performer_gets_nothing_of_anybody_else_on_paper():
    event = sold("400.00")
    make_expense("30.00", event=event)
    act = make_performer("The Foxes", email="fox@example.org", payment_details="DE02 1203")
    own = make_agreement(event, performer=act, kind="door_split", percentage=D("50"))
    make_agreement(event, performer=make_performer("Somebody Else"), guarantee=D("33"))
    client = client_of("Finance")

    printed = client.get(page_of(event, "print_performer", own.pk)).text

    assert "Preliminary" in printed
    for words in ("The Foxes", "50 % of net sales", "€400.00", "€200.00"):
        assert words in printed
    for words in ("Somebody Else", "€33.00", "€30.00", "€137.00", "DE02", "fox@example.org"):
        assert words not in printed
    other = make_agreement(sold())
    assert client.get(page_of(event, "print_performer", other.pk)).status_code == 404


def test_closing_warns_of_what_is_not_certain():
    event = sold()
    make_expense("9.00", event=event, status="planned")

    page = client_of("Finance").post(page_of(event, "close"), follow=True)

    assert "1 planned expense is not counted" in " ".join(map(str, page.context["messages"]))
    assert event.settlements.get().figures["warnings"]


def test_the_lists_find_what_is_to_be_settled_and_what_moved():
    waiting, closed, moved = sold(name="Waiting"), sold(name="Still"), sold(name="Moving")
    client = client_of("Finance")
    for event in (closed, moved):
        client.post(page_of(event, "close"))
    make_expense("30.00", event=moved)
    compare_settlements()

    def events(**filters: str) -> set[str]:
        page = client.get(reverse("admin:events_event_changelist"), filters)
        return {event.name for event in page.context["cl"].result_list}

    assert events(settlement="open") == {"Waiting"}
    assert events(settlement="closed") == {"Still", "Moving"}
    assert events(settlement="moved") == {"Moving"}
    listed = client.get(reverse("admin:finance_settlement_changelist"), {"state": "moved"})
    assert [row.event.name for row in listed.context["cl"].result_list] == ["Moving"]
    inbox = client.get(reverse("inbox")).text
    assert "Moving, 14 Mar 2026" in inbox
    assert "Net revenue €100.00 → €70.00" in inbox
    assert "Still, 14 Mar 2026" not in inbox
    assert waiting.settlements.count() == 0


def test_the_page_takes_as_many_queries_for_ten_lines_as_for_one(django_assert_max_num_queries):
    client = client_of("Finance")
    event = sold()
    client.get(page_of(event))
    for number in range(10):
        make_agreement(event, kind="door_split", percentage=D("1"))
        make_expense("1.00", event=event, status="committed", vendor=f"Vendor {number}")

    with django_assert_max_num_queries(40):
        client.get(page_of(event))


def test_settlements_are_exported_with_every_rung():
    event = sold()
    client = client_of("Finance")
    client.post(page_of(event, "close"))

    file = client.get(reverse("admin:finance_settlement_export")).getvalue().decode()

    headings, row = (line.split(",") for line in file.splitlines())
    whole = dict(zip(headings, row, strict=True))
    assert whole["Event"] == event.name
    assert (whole["Version"], whole["State"], whole["Seats"]) == ("1", "Closed", "1")
    assert (whole["Paid by buyers"], whole["Net revenue"]) == ("100.00", "100.00")
    assert Settlement.objects.count() == 1


def test_payment_details_are_for_those_only_who_may_change_performers():
    act = make_performer("The Foxes", payment_details="DE02 1203 0000")
    url = reverse("admin:finance_performer_change", args=[act.pk])

    pages = {role: client_of(role).get(url).text for role in ("Finance", "Viewer")}

    assert "DE02 1203 0000" in pages["Finance"]
    assert "The Foxes" in pages["Viewer"]
    assert "DE02 1203 0000" not in pages["Viewer"]


def test_the_page_of_a_show_says_where_it_breaks_even():
    event = sold("20.00", capacity=60)
    make_expense("100.00", event=event)
    lost = sold("20.00", capacity=60)
    make_expense("1300.00", event=lost)
    client = client_of("Finance")

    pages = [
        client.get(reverse("admin:events_event_change", args=[show.pk])).text
        for show in (event, lost)
    ]

    assert "5 tickets" in pages[0]
    assert "4 more to go" in pages[0]
    assert "Not within capacity" in pages[1]
    assert "With all 60 seats sold, net revenue is -€100.00." in pages[1]
