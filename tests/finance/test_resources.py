"""Expenses and seats by file: what comes in, what is refused and in which words."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tablib import Dataset

from customers.models import Attendance, AttendanceStatus, Customer, Order, OrderStatus
from customers.services import erase_person
from finance.models import (
    Basis,
    Category,
    Expense,
    ExpenseShare,
    ExpenseStatus,
    LedgerLine,
    Vendor,
)
from finance.resources import AttendanceResource, ExpenseResource
from finance.services import post_orders
from nova_project.exports import stream_csv
from nova_project.imports.reading import open_table
from tests.factories import (
    make_customer,
    make_event,
    make_expense,
    make_order,
    make_seat,
    make_show_type,
)

pytestmark = pytest.mark.django_db

EXPENSE = ["Reference", "Date", "Category", "Amount", "Currency"]


def bring(resource, headings, *rows, dry_run=False, **options):
    return resource(**options).import_data(Dataset(*rows, headers=headings), dry_run=dry_run)


def problems(result):
    """(row, heading, message) of every problem; the heading of a whole row is "__all__"."""
    return [
        (row.number, heading, message)
        for row in result.invalid_rows
        for heading, messages in row.error_dict.items()
        for message in messages
    ]


def outcomes(result):
    return [row.import_type for row in result.rows]


def exported(resource, queryset):
    """The rows of an export as the import reads them again from its CSV."""
    made = resource()
    response = stream_csv(made.headings(), made.export_rows(queryset), "file")
    content = b"".join(response.streaming_content)
    return open_table(lambda: io.BytesIO(content), made.known_headings())


def reimported(resource, queryset, **options):
    table = exported(resource, queryset)
    return bring(resource, table.headings, *(cells for _, cells in table.rows()), **options)


# Expenses


def test_a_row_becomes_an_expense_with_all_it_says():
    event = make_event(name="Comedy Night", starts_on=date(2026, 3, 14))

    bring(
        ExpenseResource,
        ["DATE", "category", "Amount", "currency ", "vendor", "Status", "Budget-or actual",
         "event"],
        ["14.03.2026", "room_rental", "1.250,00", "eur", " The House ", "PAID", "budget",
         "comedy  night, 14.03.2026"],
    )  # fmt: skip

    expense = Expense.objects.get()
    assert expense.reference.startswith("C-")
    assert (expense.spent_on, expense.category) == (date(2026, 3, 14), Category.ROOM_RENTAL)
    assert (expense.amount, expense.currency) == (Decimal("1250"), "EUR")
    assert (expense.vendor_name, expense.status, expense.basis) == (
        "The House",
        ExpenseStatus.PAID,
        Basis.BUDGET,
    )
    assert expense.event == event


def test_the_sign_beside_an_amount_is_its_currency():
    bring(ExpenseResource, ["Date", "Category", "Amount"], ["2026-03-14", "Staff", "£ 12,50"])

    expense = Expense.objects.get()
    assert (expense.amount, expense.currency) == (Decimal("12.5"), "GBP")


def test_a_known_reference_changes_its_expense():
    expense = make_expense("100.00", reference="R-1", vendor="The House", note="old")

    result = bring(
        ExpenseResource,
        [*EXPENSE, "Note"],
        ["R-1", "2026-03-14", "Room rental", "120", "EUR", "new"],
    )

    expense.refresh_from_db()
    assert outcomes(result) == ["update"]
    assert (expense.amount, expense.note, expense.vendor_name) == (
        Decimal("120"),
        "new",
        "The House",
    )


def test_a_blank_cell_leaves_or_clears_as_asked():
    expense = make_expense(reference="R-1", vendor="The House", event=make_event())
    row = ["R-1", str(expense.spent_on), "Room rental", "100", "", "", ""]
    headings = [*EXPENSE, "Vendor", "Event"]

    left = bring(ExpenseResource, headings, row)
    cleared = bring(ExpenseResource, headings, row, clears_blanks=True)

    expense.refresh_from_db()
    assert (outcomes(left), outcomes(cleared)) == (["skip"], ["update"])
    assert (expense.vendor, expense.event, expense.currency) == (None, None, "EUR")


def test_without_reference_the_same_file_again_changes_nothing():
    rows = [["2026-03-14", "Staff", "50", "Bar"]] * 2
    headings = ["Date", "Category", "Amount", "Vendor"]
    bring(ExpenseResource, headings, *rows)

    again = bring(ExpenseResource, ["Date", "Category", "Amount", "Vendor"], *rows)

    assert Expense.objects.count() == 2
    assert outcomes(again) == ["skip", "skip"]


def test_without_reference_a_planned_cost_is_found_when_it_is_paid():
    headings = ["Date", "Category", "Amount", "Status"]
    bring(ExpenseResource, headings, ["2026-03-14", "Staff", "50", "Planned"])

    bring(ExpenseResource, headings, ["14.03.2026", "staff", "50,00", "Paid"])

    assert Expense.objects.get().status == ExpenseStatus.PAID


def test_a_preview_writes_nothing():
    make_expense(reference="R-1")

    result = bring(
        ExpenseResource,
        EXPENSE,
        ["R-1", "2026-03-14", "Staff", "7", "EUR"],
        ["R-2", "2026-03-14", "Staff", "7", "EUR"],
        dry_run=True,
    )

    assert outcomes(result) == ["update", "new"]
    assert Expense.objects.get().category == Category.ROOM_RENTAL


def test_every_problem_names_its_row_and_column():
    event = make_event(name="Comedy Night", starts_on=date(2026, 3, 14), eventbrite_id="71")
    make_event(name="Twice", starts_on=date(2026, 3, 15), eventbrite_id="72")
    make_event(name="Twice", starts_on=date(2026, 3, 15), eventbrite_id="73")
    make_show_type("Improv")
    good = {
        "Reference": "", "Date": "2026-03-14", "Category": "Staff", "Amount": "5",
        "Currency": "EUR", "Vendor": "", "Status": "", "Event": "", "Shared by show type": "",
        "Shared from": "", "Shared until": "", "Campaign": "",
    }  # fmt: skip
    cases = [
        ({"Date": "14.3.26"}, "Date",
         "“14.3.26” is no day. Write it like 2026-03-14 or 14.03.2026."),
        ({"Date": ""}, "Date", "Is missing."),
        ({"Category": "rent"}, "Category",
         "“rent” is none of: Room rental, Marketing, Production, Staff."),
        ({"Category": ""}, "Category", "Is missing."),
        ({"Amount": "x"}, "Amount", "“x” is no amount."),
        ({"Amount": "0"}, "Amount", "An expense of nothing is not an expense."),
        ({"Amount": "5.5", "Currency": "JPY"}, "Amount", "JPY has 0 digits after the point."),
        ({"Currency": "EURO"}, "Currency",
         "“EURO” is no currency that Nova knows. Use three letters such as EUR."),
        ({"Vendor": "x" * 161}, "Vendor", "Has 161 characters; 160 fit."),
        ({"Status": "open"}, "Status", "“open” is none of: Planned, Committed, Paid."),
        ({"Event": "Twice, 2026-03-15"}, "Event",
         "There are 2 events “Twice, 2026-03-15”. Write the id of the right one: 72, 73."),
        ({"Event": "Comedy Night"}, "Event",
         "Which one? Add the date: “Comedy Night, 2026-03-14”."),
        ({"Event": "Comedy Night, 2026-03-15"}, "Event",
         "There is no event “Comedy Night, 2026-03-15”. “Comedy Night” is on: 2026-03-14."),
        ({"Event": "99"}, "Event", "No event in Nova has the Eventbrite id 99."),
        ({"Event": "Lost, 2026-03-15"}, "Event",
         "There is no event “Lost, 2026-03-15” in Nova. Check the name, or add the event first."),
        ({"Shared by show type": "Opera"}, "Shared by show type",
         "There is no show type “Opera”. Known are: Improv. Add it first, or mend the name."),
        ({"Campaign": "Posters"}, "Campaign",
         "There is no campaign “Posters”. Add it first, or mend the name."),
        ({"Event": "71", "Shared by show type": "improv"}, "Event",
         "Choose an event, or what the cost is shared by; not both."),
        ({"Shared from": "2026-03-01"}, "Shared until",
         "Give both days of the shared period, the first one first."),
        ({"Shared until": "2026-03-01"}, "Shared from",
         "Give both days of the shared period, the first one first."),
        ({"Shared from": "2026-03-02", "Shared until": "2026-03-01"}, "Shared until",
         "Give both days of the shared period, the first one first."),
    ]  # fmt: skip

    result = bring(ExpenseResource, list(good), *([*(good | c[0]).values()] for c in cases))

    assert problems(result) == [
        (number, heading, message) for number, (_, heading, message) in enumerate(cases, start=2)
    ]
    assert Expense.objects.count() == 0
    assert event.expenses.count() == 0


def test_the_good_rows_of_a_file_go_in():
    result = bring(
        ExpenseResource,
        EXPENSE,
        ["R-1", "2026-03-14", "Staff", "x", "EUR"],
        ["R-2", "2026-03-14", "Staff", "5", "EUR"],
    )

    assert outcomes(result) == ["invalid", "new"]
    assert Expense.objects.get().reference == "R-2"


def test_a_reference_that_comes_twice_names_both_rows():
    row = ["R-1", "2026-03-14", "Staff", "5", "EUR"]

    result = bring(ExpenseResource, EXPENSE, row, ["R-2", *row[1:]], row)

    assert problems(result) == [
        (4, "__all__", "Is about the same expense as row 2. Keep one of the two.")
    ]


def test_a_row_with_more_cells_than_headings_is_refused():
    table = open_table(
        lambda: io.BytesIO(b"Date,Category,Amount\n2026-03-14,Staff,12,50\n"), {"date"}
    )

    result = bring_table(table)

    assert [message for _, _, message in result] == [
        "Has more cells than there are headings. Is a separator missing?"
    ]


def bring_table(table):
    """The problems of a table whose rows may be longer than its headings."""
    from nova_project.imports.rows import chunks

    resource = ExpenseResource()
    resource.accept(table.headings)
    rows = [row for chunk in chunks(table.rows()) for row in chunk]
    resource.plan(rows)
    return [(row.number, *problem) for row in rows for problem in row.problems]


def test_shared_costs_are_shared_anew():
    event = make_event(starts_on=date(2026, 3, 20))

    bring(ExpenseResource, EXPENSE, ["R-1", "2026-03-14", "Marketing", "90", "EUR"])

    share = ExpenseShare.objects.get()
    assert (share.event, share.amount) == (event, Decimal("90"))


def test_history_tells_before_and_after(django_user_model):
    user = django_user_model.objects.create_user("bookkeeper")
    Expense.objects.bulk_create([
        Expense(reference="R-1", category="staff", amount=5, spent_on=date(2026, 3, 14))
    ])  # fmt: skip

    for amount in ("7", "9"):
        ExpenseResource(user_id=user.pk).import_data(
            Dataset(["R-1", "2026-03-14", "Staff", amount, "EUR"], headers=EXPENSE)
        )

    entries = Expense.history.order_by("history_id")
    assert list(entries.values_list("amount", "history_type", "history_user", "vendor")) == [
        (Decimal("5"), "+", None, None),
        (Decimal("7"), "~", user.pk, None),
        (Decimal("9"), "~", user.pk, None),
    ]


def test_exported_expenses_come_back_unchanged():
    show_type, event = make_show_type("Improv"), make_event(name="Night, late")
    make_expense("12.50", event=event, vendor="=HYPERLINK()", note='said "no"\nand left')
    make_expense("-7", vendor="'quoted", status="planned", basis="budget")
    make_expense(
        "1000.00",
        currency="JPY",
        show_type=show_type,
        shared_from=date(2026, 3, 1),
        shared_until=date(2026, 3, 31),
    )
    make_expense("1.234", currency="KWD", vendor=" spaces ")
    for _ in range(2):
        make_expense("5", event=make_event(name="Twin", starts_on=date(2026, 5, 1)))
    make_expense("5", event=make_event(name="Twin", starts_on=date(2026, 5, 1), eventbrite_id=None))

    result = reimported(ExpenseResource, Expense.objects.all(), clears_blanks=True)

    assert problems(result) == []
    assert outcomes(result) == ["skip"] * 7


@given(
    text=st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40
    ).map(lambda text: text[:160])
    | st.sampled_from(["=1+1", "+49 30", "-5", "@cmd", "\t=x", "\r=x", "'=x", "''", "'", "a;b,c"])
)
def test_any_text_survives_the_way_out_and_in(text):
    Expense.objects.all().delete()
    make_expense(vendor=text, reference="R-1")

    result = reimported(ExpenseResource, Expense.objects.all(), clears_blanks=True)

    assert outcomes(result) == ["skip"]


def test_an_import_takes_as_many_queries_for_ten_rows_as_for_three(django_assert_num_queries):
    make_event(name="Night", starts_on=date(2026, 3, 14))

    def rows(number, prefix):
        return [
            [f"{prefix}{n}", "2026-03-14", "Staff", "5", "EUR", "Night, 2026-03-14"]
            for n in range(number)
        ]

    counts = [
        _queries(lambda n=n, p=p: bring(ExpenseResource, [*EXPENSE, "Event"], *rows(n, p)))
        for n, p in ((3, "a"), (10, "b"), (3, "a"), (10, "b"))
    ]

    assert counts[0] == counts[1]
    assert counts[2] == counts[3]


def _queries(work):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


# Seats


SALE = ["Event", "Ticket", "Price paid", "Buyer e-mail", "Buyer name", "Status"]


@pytest.fixture
def night():
    return make_event(name="Night", starts_on=date(2026, 3, 14), currency="EUR")


def test_a_sale_at_the_door_makes_an_order_a_seat_a_person_and_ledger_lines(night):
    bring(
        AttendanceResource,
        SALE,
        ["Night, 2026-03-14", "Door", "18,00", "Ada@Example.org", "Ada King Smith", "Checked in"],
    )

    customer = Customer.objects.get()
    order, seat = Order.objects.get(), Attendance.objects.get()
    assert (customer.first_name, customer.last_name, customer.email) == (
        "Ada King",
        "Smith",
        "ada@example.org",
    )
    assert (order.buyer, order.gross, order.gross_paid, order.refund) == (customer, 18, 18, 0)
    assert (order.status, order.currency, order.ordered_at) == ("placed", "EUR", night.start_at)
    assert (seat.order, seat.event, seat.holder, seat.price) == (order, night, customer, 18)
    assert (seat.status, seat.ticket_name) == (AttendanceStatus.CHECKED_IN, "Door")
    assert list(LedgerLine.objects.values_list("kind", "amount")) == [("sale", Decimal("18"))]
    customer.refresh_from_db()
    assert customer.is_rollup_due


def test_a_sale_to_nobody_known_counts_as_a_guest(night):
    bring(
        AttendanceResource, ["Event", "Price paid", "Guest name"], [night.eventbrite_id, "5", "Bob"]
    )

    seat = Attendance.objects.get()
    assert (seat.holder, seat.guest_name, seat.order.buyer) == (None, "Bob", None)
    assert Customer.objects.count() == 0


def test_equal_sales_are_as_many_as_there_are_rows_however_often_they_come(night):
    row = ["Night, 2026-03-14", "Door", "18", "ada@example.org", "", ""]
    anonymous = ["Night, 2026-03-14", "Door", "18", "", "", ""]
    first = bring(AttendanceResource, SALE, row, row, anonymous)

    again = bring(AttendanceResource, SALE, row, row, anonymous)
    more = bring(AttendanceResource, SALE, row, row, row, anonymous)

    assert outcomes(first) == ["new"] * 3
    assert outcomes(again) == ["skip"] * 3
    assert outcomes(more) == ["skip", "skip", "new", "skip"]
    assert Attendance.objects.count() == Order.objects.count() == 4
    assert LedgerLine.objects.count() == 4


def test_a_price_that_was_wrong_is_corrected_and_no_refund(night):
    bring(AttendanceResource, SALE, ["Night, 2026-03-14", "Door", "180", "ada@example.org", "", ""])
    seat = Attendance.objects.get()

    bring(
        AttendanceResource,
        ["Seat ID", "Event", "Price paid"],
        [f"nova-{seat.pk}", "Night, 2026-03-14", "18"],
    )

    order = Order.objects.get()
    assert (order.gross, order.gross_paid, order.refund) == (18, 18, 0)
    assert list(LedgerLine.objects.order_by("pk").values_list("kind", "amount")) == [
        ("sale", Decimal("180")),
        ("sale", Decimal("-162")),
    ]


def test_a_sale_given_back_is_a_refund(night):
    row = ["Night, 2026-03-14", "Door", "18", "ada@example.org", "", ""]
    bring(AttendanceResource, SALE, row)

    result = bring(AttendanceResource, SALE, [*row[:5], "Refunded"])

    order = Order.objects.get()
    assert outcomes(result) == ["update"]
    assert (order.status, order.gross_paid, order.refund) == (OrderStatus.REFUNDED, 18, 18)
    assert sum(LedgerLine.objects.values_list("amount", flat=True)) == 0


def test_what_eventbrite_keeps_is_not_changed_here(night):
    order = make_order(night, buyer=make_customer("ada@example.org"))
    seat = make_seat(order, ticket_name="Balcony", price=Decimal("20"))
    headings = ["Seat ID", "Event", "Price paid", "Ticket"]

    same = bring(
        AttendanceResource, headings, [seat.eventbrite_id, night.eventbrite_id, "20", "Balcony"]
    )
    other = bring(
        AttendanceResource, headings, [seat.eventbrite_id, night.eventbrite_id, "20", "Stalls"]
    )

    assert outcomes(same) == ["skip"]
    assert problems(other) == [
        (
            2,
            "Ticket",
            "Eventbrite keeps this seat, and the next pull would undo the change. "
            "Change it on Eventbrite.",
        )
    ]
    seat.refresh_from_db()
    assert seat.ticket_name == "Balcony"


def test_every_problem_of_a_sale_names_its_column(night):
    make_customer("gone@example.org")
    erase_person(email="gone@example.org")
    good = {"Seat ID": "", "Event": "Night, 2026-03-14", "Price paid": "5", "Status": "",
            "Buyer e-mail": "", "Ordered at": ""}  # fmt: skip
    cases = [
        ({"Event": ""}, "__all__", "A sale at the door needs an event and a price."),
        ({"Price paid": "-5"}, "Price paid",
         "A price cannot be negative. To give money back set the status to Refunded."),
        ({"Price paid": "5.555"}, "Price paid",
         "“5.555” can be read in two ways. Write 5555.00 or 5.55, "
         "without a separator of thousands."),
        ({"Price paid": "0.555"}, "Price paid", "EUR has 2 digits after the point."),
        ({"Status": "Transferred away"}, "Status",
         "A sale at the door is one of: Attending, Checked in, Refunded, Cancelled."),
        ({"Buyer e-mail": "ada"}, "Buyer e-mail", "“ada” is no e-mail address."),
        ({"Buyer e-mail": "gone@example.org"}, "Buyer e-mail",
         "This person asked to be forgotten. The address may not come back."),
        ({"Ordered at": "2026-03-14 25:00"}, "Ordered at",
         "“2026-03-14 25:00” is no time. Write it like 2026-03-14 19:30."),
        ({"Seat ID": "123"}, "Seat ID",
         "There is no seat 123 in Nova. Seats of Eventbrite come with the next pull; "
         "for a sale at the door leave this cell blank."),
    ]  # fmt: skip

    result = bring(AttendanceResource, list(good), *([*(good | c[0]).values()] for c in cases))

    assert problems(result) == [
        (number, heading, message) for number, (_, heading, message) in enumerate(cases, start=2)
    ]
    assert Order.objects.count() == 0


def test_exported_seats_come_back_unchanged(night):
    buyer, friend = make_customer("ada@example.org"), make_customer("bob@example.org")
    order = make_order(night, buyer=buyer, buyer_name="Ada Smith")
    make_seat(order, holder=buyer, price=Decimal("12.5"), ticket_name="=Balcony")
    make_seat(
        order,
        holder=friend,
        status="transferred",
        checked_in_at=datetime(2026, 3, 14, 19, 1, 2, 3, tzinfo=UTC),
    )
    make_seat(order, guest_name="A guest", price=Decimal("7"))
    make_seat(make_order(night), status="unknown")
    by_hand = make_order(night, eventbrite_id=None, buyer=buyer, gross="14.00")
    for _ in range(2):
        make_seat(by_hand, eventbrite_id=None, price=Decimal("7"), holder=buyer)
    post_orders([by_hand.pk])

    result = reimported(AttendanceResource, Attendance.objects.order_by("pk"), clears_blanks=True)

    assert problems(result) == []
    assert outcomes(result) == ["skip"] * 6


def test_the_seats_of_a_file_take_as_many_queries_for_ten_rows_as_for_three(night):
    def rows(number, prefix):
        return [
            ["Night, 2026-03-14", "Door", "5", f"{prefix}{n}@example.org", "", ""]
            for n in range(number)
        ]

    bring(AttendanceResource, SALE, *rows(1, "x"))
    counts = [
        _queries(lambda n=n, p=p: bring(AttendanceResource, SALE, *rows(n, p)))
        for n, p in ((3, "a"), (10, "b"), (3, "a"), (10, "b"))
    ]

    assert counts[0] == counts[1]
    assert counts[2] == counts[3]


def test_an_export_takes_as_many_queries_for_ten_rows_as_for_three(night):
    def written():
        return len(list(AttendanceResource().export_rows(Attendance.objects.all()))), len(
            list(ExpenseResource().export_rows(Expense.objects.all()))
        )

    def add(number):
        for _ in range(number):
            make_seat(make_order(night, buyer=make_customer()), holder=make_customer())
            make_expense(event=night)

    add(3)
    few = _queries(written)
    add(7)

    assert _queries(written) == few


# Vendors, tax, spreading and credit notes in files

BOOKS = [*EXPENSE, "Vendor", "Reclaimable tax", "Spread over shows", "Credit note for"]


def test_unknown_vendors_are_told_before_they_are_added():
    make_expense(vendor="The House")
    rows = [
        ["R-1", "2026-03-14", "Staff", "5", "EUR", "the house"],
        ["R-2", "2026-03-14", "Staff", "5", "EUR", "Bar"],
        ["R-3", "2026-03-14", "Staff", "5", "EUR", "BAR"],
    ]
    resource = ExpenseResource()

    resource.import_data(Dataset(*rows, headers=[*EXPENSE, "Vendor"]), dry_run=True)
    told = resource.findings()
    before = Vendor.objects.count()
    bring(ExpenseResource, [*EXPENSE, "Vendor"], *rows)

    assert told == ["1 vendor is new and will be added with the rows: “Bar”."]
    assert before == 1
    rows = Expense.objects.filter(reference__startswith="R-").order_by("reference")
    names = list(rows.values_list("vendor__name", flat=True))
    assert names == ["The House", "Bar", "Bar"]
    assert Vendor.history.filter(name="Bar").get().history_change_reason == "CSV import"


def test_tax_spreading_and_credit_notes_come_in_and_go_out():
    make_expense("100", reference="R-0")

    result = bring(
        ExpenseResource,
        BOOKS,
        ["R-1", "2026-03-14", "Staff", "119", "EUR", "Bar", "19", "By seats", ""],
        ["R-2", "2026-03-15", "Staff", "-60", "EUR", "Bar", "", "", "R-0"],
        ["R-3", "2026-03-15", "Staff", "-41", "EUR", "Bar", "", "", "R-0"],
        ["R-4", "2026-03-15", "Staff", "10", "EUR", "Bar", "11", "", ""],
        ["R-5", "2026-03-15", "Staff", "-1", "EUR", "Bar", "", "", "R-9"],
    )

    assert outcomes(result)[:2] == ["new", "new"]
    assert [problem[1:] for problem in problems(result)] == [
        ("Credit note for", "The credit notes for this expense would come to €101.00, and it is "
         "only €100.00."),
        ("Reclaimable tax", "The reclaimable tax is a part of the amount: it cannot be larger, "
         "and a credit note has a negative one."),
        ("Credit note for", "There is no expense “R-9” yet. Import it first."),
    ]  # fmt: skip
    seats, note = Expense.objects.filter(reference__in=["R-1", "R-2"]).order_by("reference")
    assert (seats.tax_amount, seats.spread) == (19, "seats")
    assert note.credits.reference == "R-0"
    again = reimported(ExpenseResource, Expense.objects.all(), clears_blanks=True)
    assert outcomes(again) == ["skip"] * 3
