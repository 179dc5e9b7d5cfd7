"""Vendors, receipts, credit notes and the sheet, as people with a role meet them."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from finance.models import (
    Expense,
    ExpenseShare,
    LockedMonth,
    Receipt,
    RecurringExpense,
    Vendor,
)
from finance.services import (
    change_expense,
    plan_recurring_expenses,
    record_expense,
    share_expenses,
)
from tests.factories import make_event, make_expense
from tests.staff import client_of

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\nreceipt"
SHEET = "admin:finance_expense_sheet"


def form(**fields: object) -> dict[str, object]:
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


def change_url(expense: Expense) -> str:
    return reverse("admin:finance_expense_change", args=[expense.pk])


# Vendors


def test_a_typed_vendor_is_found_in_any_case_or_added_and_gives_its_category():
    client = client_of("Finance")
    known = Vendor.objects.create(name="The House", default_category="room_rental")
    add = reverse("admin:finance_expense_add")

    client.post(add, form(vendor="the house", category=""))
    client.post(add, form(vendor="Newcomer", reference="R-2"))

    first, second = Expense.objects.order_by("reference")
    assert (first.vendor, first.category) == (known, "room_rental")
    assert second.vendor_name == "Newcomer"
    assert Vendor.objects.count() == 2


def test_a_vendor_shows_what_was_spent_a_year():
    expense = make_expense("119", tax_amount=Decimal("19"))
    make_expense("50", status="planned")

    page = client_of("Finance").get(
        reverse("admin:finance_vendor_change", args=[expense.vendor_id])
    )

    (panel,) = page.context["panels_below"]
    assert [row[0] for row in panel.rows] == ["2026"]
    assert "€119.00" in str(panel.rows[0][1])
    assert "€100.00" in str(panel.rows[0][2])


# Receipts


@pytest.fixture
def receipt(settings, tmp_path) -> Receipt:
    settings.MEDIA_ROOT = tmp_path
    expense = make_expense()
    client_of("Finance").post(
        change_url(expense),
        form(new_receipts=[SimpleUploadedFile(name, PDF) for name in ("a.pdf", "b.pdf")]),
    )
    return expense.receipts.order_by("pk")[0]


def test_receipts_are_handed_out_as_files_that_run_nothing(receipt):
    user = User.objects.get(username="Finance")
    client = Client()
    client.force_login(user)

    response = client.get(reverse("admin:finance_receipt_file", args=[receipt.pk]))

    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert receipt.uploaded_by == user


@pytest.mark.parametrize("role", ["Box office", "Marketing", "Viewer", "Producer"])
def test_who_may_not_see_receipts_gets_none(receipt, role):
    response = client_of(role).get(reverse("admin:finance_receipt_file", args=[receipt.pk]))

    assert response.status_code == 403


def test_receipts_survive_an_edit_and_go_with_their_expense(receipt, tmp_path, transactional_db):
    client = Client()
    client.force_login(User.objects.get(username="Finance"))

    client.post(change_url(receipt.expense), form(note="changed"))
    kept = list((tmp_path / "receipts").iterdir())
    client.post(reverse("admin:finance_expense_delete", args=[receipt.expense_id]), {"post": "yes"})

    assert len(kept) == 2
    assert not Receipt.objects.exists()
    assert list((tmp_path / "receipts").iterdir()) == []


def test_expenses_without_receipt_are_listed(receipt):
    bare = make_expense()

    client = Client()
    client.force_login(User.objects.get(username="Finance"))
    page = client.get(reverse("admin:finance_expense_changelist"), {"receipt": "no"})

    assert list(page.context["cl"].result_list) == [bare]


# Tax and credit notes


@pytest.mark.parametrize(("amount", "tax"), [("100", "100.01"), ("100", "-1"), ("-100", "1")])
def test_reclaimable_tax_is_a_part_of_the_amount(amount, tax):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_expense(amount, tax_amount=Decimal(tax))
    with pytest.raises(ValidationError, match="is a part of the amount"):
        record_expense(
            category="staff", amount=Decimal(amount), tax_amount=Decimal(tax), vendor="Bar"
        )


def test_credit_notes_take_back_no_more_than_the_expense():
    original = make_expense("100")
    values = {"category": "staff", "credits": original, "spent_on": date(2026, 3, 20)}
    note = record_expense(amount=Decimal("-60"), **values)

    with pytest.raises(ValidationError, match=r"would come to €100\.01, and it is only €100\.00"):
        record_expense(amount=Decimal("-40.01"), **values)
    with pytest.raises(ValidationError, match=r"it is only €59\.00"):
        change_expense(expense=original, amount=Decimal("59"))
    with pytest.raises(ValidationError, match="Only an actual expense"):
        record_expense(amount=Decimal("-1"), **values | {"credits": note})
    record_expense(amount=Decimal("-40"), **values)

    assert sum(original.credit_notes.values_list("amount", flat=True)) == -100


def test_a_credit_note_starts_with_what_is_left():
    original = make_expense("100", event=make_event())
    make_expense("-30", credits=original)

    page = client_of("Finance").get(
        reverse("admin:finance_expense_add"), {"credits": str(original.pk)}
    )

    initial = page.context["adminform"].form.initial
    assert (initial["amount"], initial["event"]) == (Decimal("-70.00"), original.event)


def test_the_page_of_a_shared_cost_lists_who_bears_it_and_why_equally():
    first, second = make_event(date(2026, 3, 1)), make_event(date(2026, 3, 2))
    cost = make_expense("0.03", spread="seats")
    share_expenses()

    page = client_of("Finance").get(change_url(cost))

    borne_by = next(p for p in page.context["panels_below"] if p.title == "Borne by")
    assert [row[1] for row in borne_by.rows] == [first.starts_on, second.starts_on]
    assert borne_by.note == "These shows have no seats yet: until then they bear it equally."


def test_expenses_are_set_to_paid_in_the_list_with_history():
    make_event(date(2026, 3, 1))
    planned = make_expense(status="planned")

    client_of("Finance").post(
        reverse("admin:finance_expense_changelist"),
        {"action": "mark_paid", "_selected_action": [planned.pk]},
    )

    planned.refresh_from_db()
    assert planned.status == "paid"
    assert planned.history.first().history_change_reason == "Set to paid in the list"
    assert ExpenseShare.objects.get().amount == 100


# The sheet


def row(number: int, **cells: str) -> dict[str, str]:
    whole = {"spent_on": "2026-03-14", "category": "Staff", "currency": "EUR", "status": "Paid"}
    return {f"{number}-{name}": text for name, text in (whole | cells).items()}


def test_good_rows_are_saved_and_bad_ones_stay_with_what_is_wrong():
    client = client_of("Finance")
    sent = {
        "token": "abc",
        **row(1, amount="12,50", vendor_id="Bar"),
        **row(2, amount="1.234", note="two readings"),
        **row(3),
        **row(4, amount="7", category="Food"),
    }

    page = client.post(reverse(SHEET), sent)
    again = client.post(reverse(SHEET), sent | row(2, amount="1234", note="two readings"))

    kept = [one["number"] for one in page.context["rows"]]
    problems = {c["name"]: c["problem"] for one in page.context["rows"] for c in one["cells"]}
    assert kept == [2, 4]
    assert "is none of: Room rental" in problems["category"]
    assert 'value="two readings"' in page.text
    assert [one["number"] for one in again.context["rows"]] == [4]
    saved = Expense.objects.order_by("amount")
    assert [expense.amount for expense in saved] == [Decimal("12.5"), Decimal("1234")]
    entry = saved[0].history.get()
    assert (entry.history_change_reason, entry.history_user.username) == (
        "Entered in the sheet",
        "Finance",
    )


def test_a_producer_enters_plans_and_budgets_and_nothing_that_counts():
    client = client_of("Producer")
    sent = {**row(1, amount="5"), **row(2, amount="6", status="Planned"),
            **row(3, amount="7", basis="Budget")}  # fmt: skip

    page = client.post(reverse(SHEET), sent)
    refused = client.post(reverse("admin:finance_expense_add"), form())

    assert [one["number"] for one in page.context["rows"]] == [1]
    assert {expense.amount for expense in Expense.objects.all()} == {6, 7}
    assert "You may enter planned costs and budgets" in refused.text
    paid = make_expense()
    client.post(change_url(paid), form(status="planned"))
    paid.refresh_from_db()
    assert paid.status == "paid"


def test_nothing_of_a_locked_month_is_entered_marked_or_planned():
    old = make_expense(status="planned")
    make_event(date(2026, 3, 20))
    LockedMonth.objects.create(month=date(2026, 3, 1))
    RecurringExpense.objects.create(
        name="Fee", schedule="per_show", category="staff", amount=5, starts_on=date(2026, 3, 1)
    )
    client = client_of("Finance")

    sent = row(1, amount="5") | row(2, amount="6", spent_on="2026-04-01")
    page = client.post(reverse(SHEET), sent)
    marked = client.post(
        reverse("admin:finance_expense_changelist"),
        {"action": "mark_paid", "_selected_action": [old.pk]},
        follow=True,
    )

    assert [one["number"] for one in page.context["rows"]] == [1]
    assert "March 2026 is locked" in page.text
    assert "1 in locked months stay as they are." in marked.text
    assert plan_recurring_expenses() == 0
    assert Expense.objects.exclude(pk=old.pk).get().amount == 6


def test_box_office_has_no_sheet():
    assert client_of("Box office").get(reverse(SHEET)).status_code == 403
