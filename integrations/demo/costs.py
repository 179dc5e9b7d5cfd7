"""What a bookkeeper would keep beside the costs themselves: budgets, receipts, rules, a credit
note, a cost shared by what was sold."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from events.models import Event
from finance.models import (
    Basis,
    Category,
    Expense,
    ExpenseStatus,
    LockedMonth,
    RecurringExpense,
    Schedule,
    Spread,
    Vendor,
)
from finance.services.receipts import add_receipts
from finance.services.recurring import plan_recurring_expenses
from finance.services.vendors import vendor_named

VENDORS = (
    ("Druckhaus Weber", "rechnung@weber.example", "DE 811 223 344", Category.MARKETING),
    ("Licht & Ton Brandt", "buero@brandt.example", "DE 290 118 277", Category.PRODUCTION),
    ("Bühnenversicherung Nord", "service@nord.example", "", Category.PRODUCTION),
    ("Hausverwaltung Linde", "miete@linde.example", "DE 145 662 901", Category.ROOM_RENTAL),
)
_RECEIPTS = 6


def add_cost_books() -> None:
    """Everything here may run again: it finds by reference or name what it made before."""
    for name, email, tax_id, category in VENDORS:
        Vendor.objects.update_or_create(
            name=name, defaults={"email": email, "tax_id": tax_id, "default_category": category}
        )
    _add_budgets()
    _add_rent()
    _add_shared_by_gross()
    _add_credit_note()
    _add_receipts()


def _enter(reference: str, **values: object) -> Expense:
    found = Expense.objects.filter(reference=reference).first()
    return found or Expense.objects.create(reference=reference, **values)


def _add_budgets() -> None:
    """Budgets a little off what shows cost; one show in seven has none, as it happens."""
    shows = Event.objects.played_or_planned().filter(currency="EUR")
    locked = LockedMonth.objects.months()  # by an earlier demo
    for number, show in enumerate(shows.order_by("start_at", "pk")):
        if number % 7 == 3 or show.starts_on.replace(day=1) in locked:
            continue
        for category, amount in _budget_of(show, number):
            _enter(
                f"DEMO-BUDGET-{show.eventbrite_id}-{category}",
                category=category,
                amount=amount,
                currency=show.currency,
                event=show,
                spent_on=show.starts_on,
                basis=Basis.BUDGET,
                status=ExpenseStatus.PLANNED,
            )


def _budget_of(show: Event, number: int) -> Iterator[tuple[Category, Decimal]]:
    seats = show.capacity or 80
    yield Category.ROOM_RENTAL, Decimal(120 + seats)
    yield Category.PRODUCTION, Decimal(200 + 10 * (number % 3))
    yield Category.STAFF, Decimal(50 + seats // 2)
    yield Category.MARKETING, Decimal(120 + 20 * (number % 4))


def _add_rent() -> None:
    today = timezone.localdate()
    RecurringExpense.objects.get_or_create(
        name="Rent of the office",
        defaults={
            "schedule": Schedule.MONTHLY,
            "starts_on": today.replace(day=1),
            "category": Category.ROOM_RENTAL,
            "amount": Decimal("952.00"),
            "tax_amount": Decimal("152.00"),
            "vendor": vendor_named("Hausverwaltung Linde"),
            "note": "Rent of the office",
        },
    )
    plan_recurring_expenses()


def _add_shared_by_gross() -> None:
    last_month = timezone.localdate().replace(day=1) - timedelta(days=1)
    _enter(
        "DEMO-BOOKKEEPING",
        category=Category.STAFF,
        amount=Decimal("476.00"),
        tax_amount=Decimal("76.00"),
        currency="EUR",
        vendor=vendor_named("Steuerbüro Amann"),
        spent_on=last_month,
        spread=Spread.GROSS,
        note="Bookkeeping, shared by what each show took in",
    )


def _add_credit_note() -> None:
    """A printer gives back a part of a month's booklet."""
    booklets = Expense.objects.filter(vendor__name="Druckhaus Weber", amount__gt=0)
    original = booklets.order_by("spent_on", "pk").first()
    if original is not None:
        _enter(
            "DEMO-CREDIT-NOTE",
            category=original.category,
            amount=Decimal("-42.00"),
            currency=original.currency,
            vendor=original.vendor,
            spent_on=original.spent_on + timedelta(days=9),
            shared_from=original.shared_from,
            shared_until=original.shared_until,
            credits=original,
            note="Two hundred booklets were cut wrongly",
        )


def _add_receipts() -> None:
    bare = Expense.objects.filter(reference__startswith="DEMO-", basis=Basis.ACTUAL)
    if bare.filter(receipts__isnull=False).exists():
        return
    invoiced = bare.exclude(vendor=None).select_related("vendor").order_by("-spent_on", "-pk")
    bookkeeper = User.objects.filter(username="finance").first()
    for expense in invoiced[:_RECEIPTS]:
        content = _invoice(f"{expense.vendor_name}  {expense.reference}  {expense.amount} EUR")
        name = f"Invoice {expense.spent_on} {expense.vendor_name}.pdf"
        upload = SimpleUploadedFile(name, content)
        add_receipts(expense=expense, uploads=[upload], user=bookkeeper)


def _invoice(text: str) -> bytes:
    """A PDF of one page with one line on it."""
    line = text.encode("latin-1", "replace").replace(b"(", b"[").replace(b")", b"]")
    stream = b"BT /F1 14 Tf 60 760 Td (" + line + b") Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
        b"/Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
    ]
    whole, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(whole)
    whole += b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
    return whole + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
