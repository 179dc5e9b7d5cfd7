"""The pages: upload, preview, confirm, follow, download."""

import csv
import io
import re

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from customers.models import Campaign
from customers.resources import CampaignResource
from finance.models import Expense
from finance.resources import ExpenseResource
from nova_project.imports import jobs
from nova_project.imports.models import ImportJob, ImportState
from tests.factories import make_customer, make_event, make_expense, make_order, make_seat

pytestmark = pytest.mark.django_db

IMPORT = "/admin/finance/expense/import/"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def staff(client):
    """A client of somebody who may do everything with expenses, and nothing else."""
    return client_with(client, "add_expense", "change_expense", "view_expense")


def client_with(client, *permissions):
    user = User.objects.create_user("bookkeeper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def upload(client, text, url=IMPORT, name="expenses.csv", **fields):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(url, {"file": SimpleUploadedFile(name, content), **fields}, follow=True)


def read_csv(response):
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_a_file_is_shown_before_anything_is_written(staff):
    make_expense("100.00", reference="R-1", vendor="The House")

    page = upload(
        staff, "Reference,Date,Category,Amount\nR-1,2026-03-14,Staff,120\nR-2,2026-03-14,Staff,5\n"
    )

    text = page.content.decode()
    assert "Nothing is written yet" in text
    assert "Import 2 rows" in text
    assert re.search(r"<del>Room rental</del>.*<ins>Staff</ins>", text, re.DOTALL)
    assert re.search(r"<del>100.00</del>.*<ins>120.00</ins>", text, re.DOTALL)
    assert list(Expense.objects.values_list("reference", "amount")) == [("R-1", 100)]


def test_confirming_writes_what_was_shown(staff):
    upload(staff, "Reference,Date,Category,Amount\nR-2,2026-03-14,Staff,5\n")
    job = ImportJob.objects.get()

    page = staff.post(reverse("admin:finance_expense_import_confirm", args=[job.pk]), follow=True)

    assert "Done." in page.content.decode()
    expense = Expense.objects.get()
    assert (expense.reference, expense.amount) == ("R-2", 5)
    history = expense.history.get()
    assert (history.history_user.username, history.history_change_reason, history.history_type) == (
        "bookkeeper",
        "CSV import",
        "+",
    )


def test_a_file_that_cannot_be_read_says_so_on_the_form(staff):
    page = upload(staff, b"\x89PNG\0")

    assert "neither a CSV nor an XLSX" in page.content.decode()
    assert ImportJob.objects.count() == 0


def test_no_file_is_a_clear_message(staff):
    page = staff.post(IMPORT)

    assert "Choose a file." in page.content.decode()


def test_problems_are_shown_by_row_and_column_and_downloaded_as_given(staff):
    page = upload(
        staff,
        "Reference,Date,Category,Amount\n=R,2026-03-14,Rent & more,-5\nR-2,2026-03-14,Staff,5\n",
    )
    job = ImportJob.objects.get()
    file = staff.get(reverse("admin:finance_expense_import_problems", args=[job.pk]))

    message = "“Rent & more” is none of: Room rental, Marketing, Production, Staff."
    text = page.content.decode()
    assert "Rows with problems stay out" in text
    assert message.replace("&", "&amp;") in text
    assert read_csv(file) == [
        ["Reference", "Date", "Category", "Amount", "Problem"],
        ["'=R", "2026-03-14", "Rent & more", "'-5", f"Category: {message}"],
    ]


def test_a_file_with_bad_rows_only_cannot_be_confirmed(staff):
    page = upload(staff, "Date,Category,Amount\n2026-03-14,Staff,x\n")

    text = page.content.decode()
    assert "Nothing can be imported." in text
    assert "/confirm/" not in text


def test_a_file_that_changes_nothing_says_so(staff):
    make_expense("5.00", reference="R-1")

    page = upload(staff, "Reference,Date,Category,Amount\nR-1,2026-03-14,Room rental,5\n")

    assert "all 1 rows are in Nova just as they are in the file" in page.content.decode()


def test_a_large_file_waits_for_a_worker_and_can_go_on_here(staff):
    lines = "".join(f"R-{n},2026-03-14,Staff,5\n" for n in range(2_100))

    page = upload(staff, f"Reference,Date,Category,Amount\n{lines}")

    job = ImportJob.objects.get()
    text = page.content.decode()
    assert (job.state, job.rows_total) == (ImportState.CHECKING, 2_100)
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "<script>" not in text
    progress = staff.get(reverse("admin:finance_expense_import_progress", args=[job.pk])).json()
    assert progress == {"state": "checking", "done": 0, "total": 2_100}
    page = staff.post(reverse("admin:finance_expense_import_work", args=[job.pk]), follow=True)
    assert "Import 2,100 rows" in page.content.decode()
    staff.post(reverse("admin:finance_expense_import_confirm", args=[job.pk]))
    page = staff.post(reverse("admin:finance_expense_import_work", args=[job.pk]), follow=True)
    assert "2,100 new, 0 changed" in page.content.decode()
    assert Expense.objects.count() == 2_100


def test_the_preview_of_many_rows_stays_small(staff):
    for number in range(250):
        make_expense(reference=f"R-{number}")
    changed = "".join(f"R-{n},2026-03-14,Staff,7\n" for n in range(250))
    bad = "".join(f"B-{n},2026-03-14,Staff,x\n" for n in range(250))

    page = upload(staff, f"Reference,Date,Category,Amount\n{changed}{bad}")

    text = page.content.decode()
    assert "The first 100 of 250 changed rows." in text
    assert "The first 200 of 250 rows." in text
    assert len(text) < 300_000


def test_an_import_can_be_cancelled(staff, django_capture_on_commit_callbacks):
    upload(staff, "Date,Category,Amount\n2026-03-14,Staff,5\n")
    job = ImportJob.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        page = staff.post(
            reverse("admin:finance_expense_import_cancel", args=[job.pk]), follow=True
        )

    assert "Cancelled." in page.content.decode()
    assert Expense.objects.count() == 0


def test_the_template_has_the_headings_and_an_example_that_goes_in(staff):
    file = staff.get(reverse("admin:finance_expense_import_template"))
    headings, example = read_csv(file)

    assert headings[:4] == ["Reference", "Date", "Category", "Amount"]
    page = upload(
        staff,
        ",".join(headings) + "\n" + ",".join(cell.replace(",", "") for cell in example) + "\n",
    )
    assert "Import 1 row" in page.content.decode()


@pytest.mark.parametrize(
    "permissions", [("view_expense",), ("view_expense", "add_expense"), ("change_expense",)]
)
def test_importing_needs_the_permissions_to_add_and_to_change(client, permissions):
    client_with(client, *permissions)
    user = User.objects.get()
    job = jobs.open_job(
        upload=SimpleUploadedFile("a.csv", b"Date,Category,Amount\n2026-03-14,Staff,5\n"),
        resource=ExpenseResource,
        user=user,
    )
    gets = ("import_job", "import_progress", "import_problems")
    posts = ("import_confirm", "import_cancel", "import_work")

    answers = [client.get(IMPORT), client.get(f"{IMPORT}template/")]
    answers += [client.get(reverse(f"admin:finance_expense_{end}", args=[job.pk])) for end in gets]
    answers += [
        client.post(reverse(f"admin:finance_expense_{end}", args=[job.pk])) for end in posts
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert "/import/" not in client.get("/admin/finance/expense/").content.decode()


def test_an_import_of_another_kind_is_not_found(staff, client):
    job = jobs.open_job(
        upload=SimpleUploadedFile("a.csv", b"Name\nPosters\n"),
        resource=CampaignResource,
        user=User.objects.get(),
    )

    answer = staff.get(reverse("admin:finance_expense_import_job", args=[job.pk]))

    assert answer.status_code == 404


def test_whoever_may_look_may_export_and_nobody_else(client):
    client_with(client, "view_expense")
    make_expense(reference="R-1")

    seen = client.get("/admin/finance/expense/export/")
    unseen = [client.get(f"/admin/customers/customer/export/{end}") for end in ("", "xlsx/")]

    assert len(read_csv(seen)) == 2
    assert {answer.status_code for answer in unseen} == {403}


def test_an_export_holds_what_the_list_shows(staff):
    make_expense(reference="R-1", vendor="Bar", category="staff")
    make_expense(reference="R-2", vendor="Bar")
    make_expense(reference="R-3", vendor="Elsewhere", category="staff")

    file = staff.get("/admin/finance/expense/export/?category__exact=staff&q=bar")

    rows = read_csv(file)
    assert [row[0] for row in rows] == ["Reference", "R-1"]
    assert file["Content-Disposition"].startswith('attachment; filename="expenses-')


def test_selected_rows_can_be_exported(staff):
    wanted = make_expense(reference="R-1")
    make_expense(reference="R-2")

    file = staff.post(
        "/admin/finance/expense/",
        {"action": "export_selected", ACTION_CHECKBOX_NAME: [wanted.pk]},
    )

    assert [row[0] for row in read_csv(file)] == ["Reference", "R-1"]


@pytest.mark.parametrize(
    "path", ["finance/expense", "customers/customer", "customers/campaign", "customers/attendance"]
)
def test_every_kind_has_import_and_export(admin_client, path):
    seat = make_seat(make_order(make_event(), buyer=make_customer()))
    Campaign.objects.create(name="Posters")
    make_expense(event=seat.event)

    listed = admin_client.get(f"/admin/{path}/").content.decode()
    form = admin_client.get(f"/admin/{path}/import/")
    csv_file = admin_client.get(f"/admin/{path}/export/")
    xlsx = admin_client.get(f"/admin/{path}/export/xlsx/")
    content = b"".join(csv_file.streaming_content)
    again = upload(admin_client, content, url=f"/admin/{path}/import/")
    excel = upload(admin_client, xlsx.content, url=f"/admin/{path}/import/", name="a.xlsx")

    assert f"/admin/{path}/import/" in listed
    assert f"/admin/{path}/export/" in listed
    assert form.status_code == 200
    assert "Nothing to import" in again.content.decode()
    assert "Nothing to import" in excel.content.decode()


def test_import_exports_own_second_step_is_closed(staff):
    assert staff.post("/admin/finance/expense/process_import/").status_code == 404
