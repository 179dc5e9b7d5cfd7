"""One file of each kind, generation and language; files that lack something; what stays out."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from customers.models import Attendance, EmailAddress, Order, Suppression
from events.models import Event
from finance.models import LedgerLine
from integrations.eventbrite.files.cells import read_moment_of_file
from nova_project.imports import jobs
from tests.factories import make_event
from tests.integrations.eventbrite.files.conftest import payload
from tests.staff import client_of

pytestmark = pytest.mark.django_db

OLD_SHOW = {"name": "Old Show", "starts_on": datetime(2026, 3, 21, tzinfo=UTC).date()}


def orders():
    names = "eventbrite_id currency gross tax eventbrite_fee payment_fee refund status".split()
    rows = Order.objects.order_by("eventbrite_id").values_list(*names)
    return [(row[0], row[1], *(f"{amount:.2f}" for amount in row[2:7]), row[7]) for row in rows]


def seats():
    rows = Attendance.objects.order_by("eventbrite_id").values_list(
        "eventbrite_id", "ticket_name", "holder__addresses__address", "guest_name", "status"
    )
    return list(rows)


def said(job):
    return [(problem.row_number, problem.text) for problem in job.problems.order_by("row_number")]


def test_a_classic_american_report_brings_orders_seats_and_the_event(bring_in):
    job = bring_in("attendees-classic-us.csv")

    assert said(job) == []
    assert orders() == [
        ("7001", "EUR", "46.20", "2.00", "3.20", "1.00", "0.00", "placed"),
        ("7002", "EUR", "0.00", "0.00", "0.00", "0.00", "0.00", "placed"),
    ]
    assert seats() == [
        ("501", "Standard", "ada@example.org", "", "checked_in"),
        ("502", "Standard", "bo@example.org", "", "attending"),
        ("503", "Guest list", "cy@example.org", "", "cancelled"),
    ]
    event = Event.objects.get()
    assert (event.eventbrite_id, str(event), event.time_zone) == (
        "9001",
        "Comedy Night, 14 Mar 2026",
        "Europe/Berlin",
    )
    assert event.start_at == datetime(2026, 3, 14, 19, 0, tzinfo=UTC)
    assert Order.objects.get(eventbrite_id="7001").affiliate_code == "newsletter"
    assert sum(LedgerLine.objects.values_list("amount", flat=True)) == Decimal("40.00")


def test_a_british_report_may_have_signs_of_money_and_guests_without_address(bring_in):
    job = bring_in("attendees-classic-uk.csv")

    assert said(job) == []
    assert orders() == [("7101", "GBP", "25.00", "0.00", "2.00", "1.00", "0.00", "placed")]
    assert seats() == [
        ("511", "Standard", "di@example.org", "", "attending"),
        ("512", "Standard", None, "", "attending"),
    ]
    assert any("do not say who bought" in notice for notice in job.notices)


def test_a_german_report_has_semicolons_umlauts_and_decimal_commas(bring_in):
    job = bring_in("attendees-classic-de.csv")

    assert said(job) == []
    assert orders() == [("7201", "EUR", "1012.50", "0.00", "0.00", "0.00", "0.00", "placed")]
    assert seats() == [("521", "Stehplatz", "joerg@example.org", "", "attending")]
    assert Order.objects.get().buyer_name == "Jörg Müller"
    assert Event.objects.get().name == "Späte Bühne"


def test_the_oldest_report_names_its_currency_in_the_headings(bring_in):
    job = bring_in("attendees-oldest.csv")

    assert said(job) == []
    assert orders() == [("7301", "USD", "15.00", "0.00", "1.25", "0.00", "0.00", "placed")]
    assert Event.objects.get().eventbrite_id is None


def test_the_old_orders_report_finds_the_only_event_of_the_name(bring_in):
    event = make_event(**OLD_SHOW)

    job = bring_in("orders-old.csv")

    assert said(job) == []
    assert orders() == [("7401", "GBP", "40.00", "0.00", "3.00", "1.00", "0.00", "placed")]
    assert Order.objects.get().event == event


def test_an_event_that_may_be_two_or_none_is_not_guessed(bring_in):
    unknown = bring_in("orders-old.csv")
    make_event(**OLD_SHOW)
    make_event(name="Old Show", starts_on=datetime(2026, 4, 21, tzinfo=UTC).date())
    twice = bring_in("orders-old.csv")

    assert "is not in Nova" in said(unknown)[0][1]
    assert "There are 2 events “Old Show”" in said(twice)[0][1]
    assert not Order.objects.exists()


def test_the_new_reports_belong_together_orders_first(bring_in):
    alone = bring_in("attendees-new.csv")
    assert "Import the orders report of the event first" in said(alone)[0][1]

    first, then = bring_in("orders-new.csv"), bring_in("attendees-new.csv")

    assert (said(first), said(then)) == ([], [])
    assert orders() == [
        ("7501", "USD", "50.00", "2.50", "4.00", "1.50", "0.00", "placed"),
        ("7502", "USD", "25.00", "1.25", "2.00", "0.75", "25.00", "refunded"),
        ("7503", "USD", "0.00", "0.00", "0.00", "0.00", "0.00", "placed"),
    ]
    assert seats() == [
        ("541", "Stalls", "gus@example.org", "", "attending"),
        ("542", "Stalls", None, "", "attending"),
    ]
    ordered_at = Order.objects.get(eventbrite_id="7501").ordered_at
    assert ordered_at == datetime(2026, 2, 6, 18, 36, 54, tzinfo=UTC)
    assert any("does not say which seats were cancelled" in notice for notice in then.notices)


@pytest.mark.parametrize(
    "name",
    ["attendees-classic-us.csv", "attendees-classic-uk.csv", "attendees-classic-de.csv"],
)
def test_the_same_file_again_has_nothing_to_bring(bring_in, name):
    bring_in(name)
    before = list(LedgerLine.objects.values_list("pk", flat=True))

    again = bring_in(name)

    assert (again.good_count, again.failed_count) == (0, 0)
    assert list(LedgerLine.objects.values_list("pk", flat=True)) == before


def test_a_changed_file_shows_the_difference_before_it_is_written(bring_in):
    bring_in("attendees-classic-us.csv")
    lower = payload("attendees-classic-us.csv").replace("23.10,2.10", "13.10,2.10", 1)

    job = bring_in(text=lower, confirm=False)

    assert [change["cells"] for change in job.sample] == [
        [["Gross now", "46.20", "36.20"], ["Price paid", "23.10", "13.10"]]
    ]
    assert orders()[0][2] == "46.20"


def test_the_greatest_sign_of_a_refund_counts_and_never_their_sum(bring_in):
    text = payload("orders-new.csv")
    bring_in(text=text)
    headings, first, *_ = text.splitlines()
    lower = first.replace(",50.00,", ",40.00,")

    bring_in(text=f"{headings},Refund\n{lower},15.00\n")

    assert orders()[0][6] == "15.00"
    refunds = LedgerLine.objects.filter(order__eventbrite_id="7501", kind="refund")
    assert [line.amount for line in refunds] == [Decimal("-15.00")]


def test_an_amount_with_two_readings_stays_out_with_the_seats_of_its_order(bring_in):
    text = payload("attendees-classic-us.csv").replace("EUR,23.10", "EUR,1.234", 1)

    job = bring_in(text=text)

    assert [row for row, _ in said(job)] == [2, 3]
    assert "can be read in two ways" in said(job)[0][1]
    assert "Row 2 of the same order cannot be read" in said(job)[1][1]
    assert [row[0] for row in orders()] == ["7002"]
    rows = list(jobs.bad_rows(job))
    assert (rows[0][17], rows[0][20]) == ("7001", "1.234")
    assert "two ways" in rows[0][-1]


def test_a_number_that_excel_has_shortened_and_a_seat_that_comes_twice_stay_out(bring_in):
    text = payload("attendees-classic-us.csv")
    short = bring_in(text=text.replace(",503,", ",1.23457E+12,"), confirm=False)
    twice = bring_in(text=text.replace(",502,", ",501,"), confirm=False)

    assert [row for row, _ in said(short)] == [4]
    assert "may have shortened it" in said(short)[0][1]
    assert "same seat as row 2" in said(twice)[0][1]


def test_erased_people_do_not_come_back_and_their_money_counts(bring_in):
    Suppression.objects.create(digest=Suppression.digest_of("ada@example.org"))

    job = bring_in("attendees-classic-us.csv")
    again = bring_in("attendees-classic-us.csv")

    assert (said(job), again.good_count) == ([], 0)
    assert set(EmailAddress.objects.values_list("address", flat=True)) == {
        "bo@example.org",
        "cy@example.org",
    }
    order = Order.objects.get(eventbrite_id="7001")
    assert (order.buyer, order.buyer_name, order.is_buyer_erased) == (None, "", True)
    assert orders()[0][2] == "46.20"
    assert "Smith" not in repr(seats())


@pytest.mark.parametrize(
    ("headings", "sentence"),
    [
        ("Event name,Gross sales,Net sales,Tickets sold", "no column with the order's number"),
        ("Order #,First Name,Ticket Type,Event ID", "no column that tells one from the other"),
        ("Order ID,Event ID,First Name", "no orders report"),
        ("Order #,Attendee #,Total Paid", "Add a column “Event ID”"),
    ],
)
def test_a_file_that_lacks_something_says_what_to_do(bring_in, headings, sentence):
    with pytest.raises(ValidationError, match=sentence):
        bring_in(text=f"{headings}\n{','.join('1' for _ in headings.split(','))}\n")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("3/14/26 20:30", datetime(2026, 3, 14, 20, 30)),  # noqa: DTZ001 - a cell without zone
        ("14/3/2026 8:30 PM", datetime(2026, 3, 14, 20, 30)),  # noqa: DTZ001
        ("March 14, 2026 7:41 PM", datetime(2026, 3, 14, 19, 41)),  # noqa: DTZ001
        ("2026-03-14 20:30:00+00:00", datetime(2026, 3, 14, 20, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_every_spelling_of_the_reports(text, moment):
    assert read_moment_of_file(text) == moment


def test_a_day_that_may_be_a_month_is_refused():
    with pytest.raises(ValueError, match="two ways"):
        read_moment_of_file("3/4/2026 20:30")


@pytest.mark.parametrize(("role", "may"), [("Box office", 200), ("Finance", 200), ("Viewer", 403)])
def test_box_office_and_bookkeeper_import_from_the_lists(settings, tmp_path, role, may):
    settings.MEDIA_ROOT = tmp_path
    client = client_of(role)
    url = "/admin/customers/order/import/"
    content = payload("orders-new.csv").encode()

    page = client.get(url)
    lists = [client.get(f"/admin/customers/{name}/") for name in ("order", "attendance")]
    sent = client.post(url, {"file": SimpleUploadedFile("orders.csv", content)}, follow=True)

    assert page.status_code == may
    assert ["Import from Eventbrite" in one.content.decode() for one in lists] == [may == 200] * 2
    assert sent.status_code == may
    assert ("Import 3 rows" in sent.content.decode()) == (may == 200)
    assert client.get("/admin/customers/order/add/").status_code == 403
