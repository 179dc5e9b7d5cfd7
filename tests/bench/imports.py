"""CSV import and export of expenses against django-import-export as it comes.

Both write to the same database in the same run. Nova's time is that of the real thing: the file is
read, every row checked, compared and written, history kept, shared costs shared anew.
"""

import csv
import io
import resource
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROWS = 100_000
STOCK_ROWS = 1_000
EVENTS = 300
DEPOSITS = 100_000
HEADINGS = ("Reference", "Date", "Category", "Amount", "Currency", "Vendor", "Status", "Event")


def run(report: Callable[..., None]) -> None:
    """Reports rows a second of both, and how many times faster Nova is."""
    report(
        "CSV import and export, expenses",
        (
            *("What", "Rows", "Seconds", "Rows a second", "Stock rows a second", "Ratio"),
            "Peak memory of the process, MB",
        ),
        list(measure()),
    )
    report(
        "Bank statement as CSV, deposits",
        ("What", "Rows", "Seconds", "Rows a second", "Peak memory of the process, MB"),
        list(measure_deposits()),
    )


def measure(rows: int = ROWS, stock_rows: int = STOCK_ROWS) -> Iterator[tuple[str, ...]]:
    from django.test import override_settings

    from tests.bench.syncs import new_database

    with (
        new_database(),
        TemporaryDirectory() as folder,
        override_settings(MEDIA_ROOT=Path(folder)),
    ):
        _make_events()
        stock = _time_stock(stock_rows)
        own = _time_own(rows)
        peak = _peak_memory()
        for what, seconds in own.items():
            slower = stock.get(what)
            yield (
                what,
                f"{rows:,}",
                f"{seconds:.1f}",
                f"{rows / seconds:,.0f}",
                f"{stock_rows / slower:,.0f}" if slower else "",
                f"{rows / seconds / (stock_rows / slower):.1f}" if slower else "",
                peak,
            )


def _peak_memory() -> str:
    """The most that this process had until now, in MB."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}"


def _make_events() -> None:
    from tests.factories import make_event

    first = date(2026, 1, 1)
    for number in range(EVENTS):
        make_event(name=f"Show {number}", starts_on=first + timedelta(days=number))


def _lines(rows: int, prefix: str, surcharge: int) -> Iterator[tuple[str, ...]]:
    """Expenses of one event each; another surcharge makes each of them another amount."""
    first = date(2026, 1, 1)
    categories = ("Room rental", "Marketing", "Production", "Staff")
    for number in range(rows):
        day = first + timedelta(days=number % EVENTS)
        yield (
            f"{prefix}-{number}",
            day.isoformat(),
            categories[number % 4],
            f"{100 + number % 900 + surcharge}.50",
            "EUR",
            f"Vendor {number % 500}",
            "Paid",
            f"Show {number % EVENTS}, {day}",
        )


def _text(rows: int, prefix: str, surcharge: int) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([HEADINGS, *_lines(rows, prefix, surcharge)])
    return file.getvalue()


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _time_own(rows: int) -> dict[str, float]:
    from django.contrib.auth.models import User
    from django.core.files.uploadedfile import SimpleUploadedFile

    from finance.models import Expense
    from finance.resources import ExpenseResource
    from nova_project.exports import stream_csv
    from nova_project.imports import jobs

    user = User.objects.create_user("bench")
    found: dict[str, float] = {}

    def bring_in(what: str, surcharge: int) -> None:
        content = _text(rows, "own", surcharge).encode()
        upload = SimpleUploadedFile("expenses.csv", content)
        job = jobs.open_job(upload=upload, resource=ExpenseResource, user=user)
        found[f"Check before {what.lower()}"] = _seconds(lambda: jobs.work(job.pk))
        jobs.confirm(job)
        found[what] = _seconds(lambda: jobs.work(job.pk))
        job.refresh_from_db()
        assert job.good_count == rows, job.message

    def export() -> None:
        resource = ExpenseResource()
        written = resource.export_rows(Expense.objects.filter(reference__startswith="own-"))
        for _ in stream_csv(resource.headings(), written, "expenses").streaming_content:
            pass

    bring_in("Create", 0)
    bring_in("Update", 7)
    found["Export"] = _seconds(export)
    return found


def _time_stock(rows: int) -> dict[str, float]:
    """A ModelResource without any setting that makes it faster, its event by Eventbrite id."""
    from import_export import fields, resources, widgets
    from tablib import Dataset

    from events.models import Event
    from finance.models import Expense, Vendor

    class Stock(resources.ModelResource):
        event = fields.Field("event", "Event", widgets.ForeignKeyWidget(Event, "name"))
        vendor = fields.Field("vendor", "vendor", widgets.ForeignKeyWidget(Vendor, "name"))

        class Meta:
            model = Expense
            import_id_fields = ("reference",)
            skip_unchanged = True
            fields = ("reference", "spent_on", "category", "amount", "currency", "vendor", "status")
            fields = (*fields, "event")

    Vendor.objects.bulk_create(
        (Vendor(name=f"Vendor {number}") for number in range(500)), ignore_conflicts=True
    )

    def dataset(surcharge: int) -> Dataset:
        names = ("reference", "spent_on", "category", "amount", "currency", "vendor", "status")
        return Dataset(
            *(
                (*line[:2], line[2].lower().replace(" ", "_"), *line[3:6], "paid", line[7][:-12])
                for line in _lines(rows, "stock", surcharge)
            ),
            headers=[*names, "Event"],
        )

    def bring_in(surcharge: int) -> float:
        data = dataset(surcharge)
        return _seconds(lambda: Stock().import_data(data, raise_errors=True))

    found = {"Create": bring_in(0), "Update": bring_in(7)}
    assert Expense.objects.filter(reference__startswith="stock-").count() == rows
    found["Export"] = _seconds(
        lambda: Stock().export(Expense.objects.filter(reference__startswith="stock-")).csv
    )
    return found


def measure_deposits(rows: int = DEPOSITS) -> Iterator[tuple[str, ...]]:
    """A bank's file: made Nova's own, checked, imported, and imported once more."""
    from django.contrib.auth.models import User
    from django.test import override_settings

    from tests.bench.syncs import new_database

    with (
        new_database(),
        TemporaryDirectory() as folder,
        override_settings(MEDIA_ROOT=Path(folder)),
    ):
        user = User.objects.create_user("bench")
        for what in ("Import", "The same file again"):
            job: list[Any] = []
            seconds = _seconds(lambda found=job: found.append(_bring_in_statement(rows, user)))
            expected = rows if what == "Import" else 0
            assert job[0].created_count == expected, job[0].message
            yield what, f"{rows:,}", f"{seconds:.1f}", f"{rows / seconds:,.0f}", _peak_memory()


def _bring_in_statement(rows: int, user: Any) -> Any:
    from finance.models import BankAccount
    from finance.resources import DepositResource
    from finance.resources.recognising import guess
    from finance.resources.statements import convert
    from nova_project.imports import jobs

    account, _ = BankAccount.objects.get_or_create(name="Bench", defaults={"payout_words": ""})
    content = _statement(rows).encode()

    def open_file() -> io.BytesIO:
        return io.BytesIO(content)

    with convert(guess(open_file), account, open_file, "bank.csv").file as upload:
        job = jobs.open_job(upload=upload, resource=DepositResource, user=user)
    job = jobs.work(job.pk)
    if job.good_count:
        jobs.confirm(job)
        job = jobs.work(job.pk)
    return job


def _statement(rows: int) -> str:
    first = date(2024, 1, 1)
    lines = ["Buchungstag;Betrag;Verwendungszweck;Auftraggeber"]
    for number in range(rows):
        day = first + timedelta(days=number % 700)
        amount = f"{number % 2_000},{number % 90 + 10}"
        lines.append(f"{day:%d.%m.%Y};{amount};EB PAYOUT {number % 9_000};Eventbrite")
    return "\n".join(lines)
