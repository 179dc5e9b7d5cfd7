"""Working a file off: check, confirm, import, go on after a kill, forget."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.utils import timezone

from finance.models import Expense, ExpenseShare
from finance.resources import ExpenseResource
from nova_project.imports import jobs
from nova_project.imports.models import ImportJob, ImportState
from nova_project.tasks import tend_imports, work_import
from tests.factories import make_event, make_expense

pytestmark = pytest.mark.django_db

HEADINGS = "Reference,Date,Category,Amount"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def open_job(*lines, headings=HEADINGS, **options):
    user = User.objects.get_or_create(username="bookkeeper")[0]
    content = "\n".join([headings, *lines]).encode()
    upload = SimpleUploadedFile("expenses.csv", content)
    return jobs.open_job(upload=upload, resource=ExpenseResource, user=user, **options)


def line(number, amount="5"):
    return f"R-{number},2026-03-14,Staff,{amount}"


def counts(job):
    job.refresh_from_db()
    return job.created_count, job.updated_count, job.unchanged_count, job.failed_count


def test_a_check_counts_and_writes_nothing():
    make_expense("5", reference="R-1", category="staff", spent_on=date(2026, 3, 14))
    make_expense("9", reference="R-2", category="staff", spent_on=date(2026, 3, 14), vendor="Bar")
    job = open_job(line(1), line(2), line(3), line(4, "x"))

    job = jobs.work(job.pk)

    assert job.state == ImportState.READY
    assert counts(job) == (1, 1, 1, 1)
    assert job.sample == [{"row": 3, "title": "Bar R-2", "cells": [["Amount", "9.00", "5.00"]]}]
    assert list(job.problems.values_list("row_number", "messages", "cells")) == [
        (5, [["Amount", "“x” is no amount."]], ["R-4", "2026-03-14", "Staff", "x"])
    ]
    assert Expense.objects.count() == 2


def test_a_confirmed_import_brings_in_the_good_rows_and_keeps_the_bad_ones():
    event = make_event(starts_on=date(2026, 3, 20))
    job = jobs.work(open_job(line(1), line(2, "x")).pk)

    job = jobs.work(jobs.confirm(job).pk)

    assert (job.state, counts(job)) == (ImportState.DONE, (1, 0, 0, 1))
    assert Expense.objects.get().reference == "R-1"
    assert ExpenseShare.objects.get().event == event
    assert jobs.bad_rows_headings(job) == [*HEADINGS.split(","), "Problem"]
    assert list(jobs.bad_rows(job)) == [
        ["R-2", "2026-03-14", "Staff", "x", "Amount: “x” is no amount."]
    ]


def test_the_file_of_bad_rows_can_be_mended_and_imported():
    job = open_job(
        "R-2,2026-03-14,Staff,5,Amount: “x” is no amount.", headings=f"{HEADINGS},Problem"
    )

    jobs.work(jobs.confirm(jobs.work(job.pk)).pk)

    job.refresh_from_db()
    assert (job.notices, counts(job)) == ([], (1, 0, 0, 0))


def test_a_killed_import_goes_on_where_it_stopped():
    lines = [line(n) for n in range(5_000)]
    lines[4_500] = line(7)  # a reference of the first chunk comes again in the last one
    job = jobs.confirm(jobs.work(open_job(*lines).pk))

    stopped = jobs.work(job.pk, seconds=0.000001)
    done_then = stopped.rows_done, Expense.objects.count()
    ended = jobs.work(job.pk)

    assert done_then == (2_000, 2_000)
    assert ended.state == ImportState.DONE
    assert counts(ended) == (4_999, 0, 0, 1)
    assert Expense.objects.count() == Expense.history.count() == 4_999
    assert "row 9" in ended.problems.get().text


def test_a_chunk_goes_in_whole_or_not_at_all():
    class Killed(BaseException):
        pass

    class Dying(ExpenseResource):
        def write(self, rows):
            super().write(rows)
            if any(row.number > 2_001 for row in rows):
                raise Killed

    job = jobs.confirm(jobs.work(open_job(*(line(n) for n in range(2_100))).pk))
    walk = jobs._Walk(job)
    walk.resource = Dying()

    with pytest.raises(Killed):
        walk.go(until=None)

    job.refresh_from_db()
    assert (job.state, job.rows_done) == (ImportState.IMPORTING, 2_000)
    assert Expense.objects.count() == 2_000
    assert counts(jobs.work(job.pk)) == (2_100, 0, 0, 0)


def test_a_row_that_only_the_database_refuses_is_found_and_named():
    job = jobs.confirm(jobs.work(open_job(*(line(n) for n in range(50))).pk))
    name = connection.ops.quote_name("finance_expense")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE UNIQUE INDEX odd_rule ON {name} (amount) WHERE note = 'odd'")
    make_expense("77", note="odd")
    odd = open_job("R-x,2026-03-14,Staff,77,odd", line(60) + ",", headings=f"{HEADINGS},Note")

    jobs.work(job.pk)
    ended = jobs.work(jobs.confirm(jobs.work(odd.pk)).pk)

    assert counts(ended) == (1, 0, 0, 1)
    assert ended.problems.get().text.startswith("The database refuses this row: ")
    with pytest.raises(IntegrityError):
        make_expense("77", note="odd")


def test_only_what_was_checked_can_be_confirmed():
    job = open_job(line(1))

    with pytest.raises(ValidationError, match="does not wait for a confirmation"):
        jobs.confirm(job)


def test_a_file_that_changes_nothing_needs_no_confirmation():
    make_expense("5", reference="R-1", category="staff", spent_on=date(2026, 3, 14))
    job = jobs.work(open_job(line(1)).pk)

    with pytest.raises(ValidationError, match="There is nothing to import"):
        jobs.confirm(job)


def test_a_file_that_breaks_off_is_refused_at_once():
    with pytest.raises(ValidationError, match="Row 3 cannot be read: a quotation mark"):
        open_job(line(1), 'R-2,2026-03-14,"Staff,5')


def test_a_file_that_is_gone_fails_in_words():
    job = open_job(line(1))
    job.file.storage.delete(job.file.name)

    job = jobs.work(job.pk)

    assert (job.state, job.message) == (
        ImportState.FAILED,
        "The uploaded file is gone. Please upload it again.",
    )


@pytest.mark.parametrize(
    ("headings", "problem"),
    [
        ("Reference,Amount", "lacks columns that Nova needs: “Date”, “Category”. Its headings"),
        ("Date,Category,Amount,amount", "The column “amount” is there twice."),
    ],
)
def test_headings_that_do_not_do_are_refused_before_anything_is_kept(headings, problem):
    with pytest.raises(ValidationError) as refusal:
        open_job(line(1), headings=headings)

    assert problem in " ".join(refusal.value.messages)
    assert ImportJob.objects.count() == 0
    assert not default_storage.exists("imports") or default_storage.listdir("imports")[1] == []


def test_headings_alone_are_nothing_to_import():
    with pytest.raises(ValidationError, match="headings and no rows"):
        open_job()


def test_a_cancelled_import_forgets_its_file(django_capture_on_commit_callbacks):
    job = jobs.work(open_job(line(1), line(2, "x")).pk)
    name = job.file.name

    with django_capture_on_commit_callbacks(execute=True):
        jobs.cancel(job)

    job.refresh_from_db()
    assert (job.state, job.file.name) == (ImportState.CANCELLED, "")
    assert not default_storage.exists(name)
    assert job.problems.count() == 0


def test_a_week_later_the_personal_part_is_forgotten_and_the_counts_stay():
    done = jobs.work(jobs.confirm(jobs.work(open_job(line(1), line(2, "x")).pk)).pk)
    left = jobs.work(open_job(line(3)).pk)
    recent = jobs.work(open_job(line(4)).pk)
    names = [done.file.name, left.file.name]
    old = timezone.now() - timedelta(days=jobs.KEPT_DAYS, hours=1)
    ImportJob.objects.filter(pk__in=[done.pk, left.pk]).update(created_at=old)

    number = jobs.forget_old()

    for job in (done, left, recent):
        job.refresh_from_db()
    assert number == 2
    assert [default_storage.exists(name) for name in names] == [False, False]
    assert (done.state, done.created_count, done.problems.count()) == (ImportState.DONE, 1, 0)
    assert (left.state, left.message) == (
        ImportState.CANCELLED,
        "Not confirmed within 7 days.",
    )
    assert (recent.state, bool(recent.file)) == (ImportState.READY, True)


def test_the_sweep_goes_on_with_what_nobody_works_on():
    stalled = jobs.confirm(jobs.work(open_job(line(1)).pk))
    ancient, fresh = open_job(line(2)), open_job(line(3))
    now = timezone.now()
    ImportJob.objects.filter(pk=stalled.pk).update(created_at=now - timedelta(minutes=3))
    ImportJob.objects.filter(pk=ancient.pk).update(created_at=now - timedelta(days=2))

    tend_imports()

    states = dict(ImportJob.objects.values_list("pk", "state"))
    assert states == {
        stalled.pk: ImportState.DONE,
        ancient.pk: ImportState.CHECKING,
        fresh.pk: ImportState.CHECKING,
    }


def test_the_task_works_a_job_off():
    job = open_job(line(1))

    work_import(job.pk)

    assert counts(job) == (1, 0, 0, 0)


def test_blank_cells_clear_only_where_the_job_says_so():
    make_expense("5", reference="R-1", category="staff", spent_on=date(2026, 3, 14), vendor="Bar")
    headings = f"{HEADINGS},Vendor"

    leaves = jobs.work(open_job(line(1) + ",", headings=headings).pk)
    clears = jobs.work(open_job(line(1) + ",", headings=headings, clears_blanks=True).pk)

    assert (counts(leaves), counts(clears)) == ((0, 0, 1, 0), (0, 1, 0, 0))
    assert Expense.objects.get().amount == Decimal("5")
