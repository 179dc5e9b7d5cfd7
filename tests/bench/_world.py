"""A made-up organiser of any size, written by PostgreSQL itself: 1,000,000 seats in a minute.

Every event has venue, type, orders, seats, ledger lines, own and shared costs, budget, performers
and, once it is over, a deposit. Ledger lines are what orders say, so that `check_ledger` finds
nothing.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

FIRST_DAY, DAYS = date(2025, 1, 1), 1_000
LAST_DAY = FIRST_DAY + timedelta(days=DAYS)
OPENED_AT = datetime(2024, 10, 1, tzinfo=UTC)
"""When all rows were created, and known; two months before the first show."""


class Size(NamedTuple):
    events: int
    orders_per_event: int

    def __str__(self) -> str:
        return f"{self.events:,} events, {self.events * self.orders_per_event * 5 // 2:,} seats"


LARGE = Size(5_000, 80)


def make_world(size: Size) -> None:
    """Fills an empty database, as its superuser. Statements without a loop, each takes seconds."""
    from django.db import connection

    from finance.services import share_expenses

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no foreign keys are looked up
        _make_programme(size)
        _make_sales(size)
        _make_costs()
        _make_deposits()
        cursor.execute("SET session_replication_role = origin")
        share_expenses()
        cursor.execute("VACUUM ANALYZE")


def fill(model: Any, source: str, /, **columns: str) -> None:
    """Inserts a row of `model` for each of `source`; `columns` are SQL, the others the defaults."""
    from django.db import connection

    fields = {f.column: f for f in model._meta.concrete_fields}
    stamps = {name: "%s" for name in ("created_at", "updated_at") if name in fields}
    given = {name: _escaped(sql) for name, sql in (stamps | columns).items()}
    values: list[Any] = [OPENED_AT for sql in given.values() if sql == "%s"]
    for name, field in fields.items():
        if name not in given and not field.primary_key:
            given[name] = f"%s::{field.db_type(connection)}"
            values.append(field.get_db_prep_save(field.get_default(), connection))
    names = ", ".join(f'"{name}"' for name in given)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({names}) "
            f"SELECT {', '.join(given.values())} FROM {_escaped(source)}",
            values,
        )


def _escaped(sql: str) -> str:
    return sql if sql == "%s" else sql.replace("%", "%%")


def _make_programme(size: Size) -> None:
    from events.models import Event, ShowType, Venue
    from finance.models import Performer, Vendor

    kinds = "unnest(ARRAY['Stand-up', 'Improv', 'Music', 'Magic', 'Brunch']) name"
    fill(ShowType, kinds, name="name")
    fill(Venue, "generate_series(1, 20) n", name="'House ' || n")
    fill(Performer, "generate_series(1, 200) n", name="'Performer ' || n")
    fill(Vendor, "generate_series(1, 500) n", name="'Vendor ' || n")
    place = f"(n - 1) * {DAYS} / {size.events}"
    fill(
        Event,
        f"generate_series(1, {size.events}) n, LATERAL (SELECT '{FIRST_DAY}'::timestamptz "
        f"+ make_interval(days => {place}, hours => 14 + n * 7 % 7) AS start_at) t "
        "ORDER BY n",
        eventbrite_id="10000000000 + n",
        name="'Show ' || n",
        start_at="start_at",
        end_at="start_at + interval '1 hour'",
        starts_on="(start_at AT TIME ZONE 'Europe/Berlin')::date",
        currency="CASE WHEN n % 20 = 0 THEN 'JPY' ELSE 'EUR' END",
        capacity="500",
        show_type_id=f"(SELECT id FROM {ShowType._meta.db_table} OFFSET n * 31 % 6 LIMIT 1)",
        venue_id=f"(SELECT min(id) FROM {Venue._meta.db_table}) + n * 13 % 20",
    )


_ORDERS = """
events_event e CROSS JOIN generate_series(1, {count}) n, LATERAL (SELECT
    (e.id * 7919 + n * 104729) % 1000 AS chance, 20 + (e.id * 31 + n * 7) % 180 AS gross,
    round((20 + (e.id * 31 + n * 7) % 180) * 0.04) AS fee) t
"""
_LINES = """
customers_order o, LATERAL (VALUES ('sale', o.gross_paid), ('tax', -o.tax),
    ('eventbrite_fee', -o.eventbrite_fee), ('processing_fee', -o.payment_fee),
    ('refund', -o.refund)) AS line (kind, amount) WHERE line.amount <> 0 ORDER BY o.id
"""


def _make_sales(size: Size) -> None:
    from customers.models import Attendance, Order
    from finance.models import LedgerLine

    orders = _ORDERS.format(count=size.orders_per_event)
    given_back = "CASE WHEN chance < 30 THEN gross WHEN chance < 60 THEN 10 ELSE 0 END"
    fill(
        Order,
        f"{orders} ORDER BY e.id, n",
        eventbrite_id="e.id * 100000 + n",
        event_id="e.id",
        status="CASE WHEN chance < 30 THEN 'cancelled' ELSE 'placed' END",
        ordered_at="e.start_at - CASE WHEN e.start_at - make_interval(days => n * 7 % 61) < "
        "current_date THEN make_interval(days => n * 7 % 61) ELSE interval '400 days' END",
        changed_at="%s",
        currency="e.currency",
        gross="gross",
        gross_paid="gross",
        tax="round(gross * 0.16)",
        eventbrite_fee="fee",
        payment_fee="fee",
        refund=given_back,
        refund_requested=given_back,
    )
    fill(
        Attendance,
        "customers_order o, generate_series(1, (2 + o.id % 2)::int) n ORDER BY o.id",
        eventbrite_id="o.id || '-' || n",
        order_id="o.id",
        event_id="o.event_id",
        status="CASE WHEN (o.id * 7 + n) % 33 = 0 THEN 'cancelled' ELSE 'attending' END",
        changed_at="o.changed_at",
        currency="o.currency",
        price="round(o.gross / 3)",
    )
    fill(
        LedgerLine,
        _LINES,
        order_id="o.id",
        event_id="o.event_id",
        kind="line.kind",
        amount="line.amount",
        currency="o.currency",
        occurred_at="o.ordered_at",
        known_at="o.ordered_at",
    )


_COSTS = """
events_event e, unnest(ARRAY['room_rental', 'marketing', 'production', 'staff']) category,
    generate_series(1, 3) n, LATERAL (SELECT (e.id * 37 + n * 101) % 290 + 10 AS amount) t
ORDER BY e.id
"""


def _make_costs() -> None:
    """Two costs and a budget for each event and category, a shared one for each month, and what
    performers are due: a flat fee of every third show, a share of every other third.
    """
    from finance.models import Expense, PerformerAgreement

    fill(
        Expense,
        _COSTS,
        reference="'B-' || e.id || category || n",
        category="category",
        amount="amount",
        tax_amount="CASE WHEN category = 'production' THEN 1 ELSE 0 END",
        currency="e.currency",
        spent_on="e.starts_on",
        event_id="e.id",
        basis="CASE WHEN n = 3 THEN 'budget' ELSE 'actual' END",
        vendor_id="(SELECT min(id) FROM finance_vendor) + (e.id * 7 + n) % 500",
    )
    fill(
        Expense,
        f"generate_series('{FIRST_DAY}'::date, '{LAST_DAY}'::date, interval '10 days') day",
        reference="'S-' || day::date",
        category="'marketing'",
        amount="999.99",
        currency="'EUR'",
        spent_on="day::date",
    )
    fill(
        PerformerAgreement,
        "events_event e WHERE e.id % 3 > 0",
        event_id="e.id",
        performer_id="(SELECT min(id) FROM finance_performer) + e.id * 17 % 200",
        currency="e.currency",
        kind="CASE e.id % 3 WHEN 1 THEN 'flat' ELSE 'door_split' END",
        guarantee="CASE e.id % 3 WHEN 1 THEN 100 END",
        percentage="CASE e.id % 3 WHEN 2 THEN 10 END",
    )
    for model in (Expense, PerformerAgreement):
        kept = {f.column for f in model.history.model._meta.concrete_fields}
        same = {f.column: f.column for f in model._meta.concrete_fields if f.column in kept}
        fill(
            model.history.model,
            f"{model._meta.db_table} ORDER BY id",
            **same,
            history_date="created_at",
            history_type="'+'",
        )


_OWED = """
(SELECT e.id, e.eventbrite_id, e.currency, e.starts_on, sum(l.amount) AS owed
    FROM events_event e JOIN finance_ledgerline l ON l.event_id = e.id
    WHERE e.end_at < now() - interval '4 days' GROUP BY e.id ORDER BY e.id) AS owing
"""
WAITING = 500


def _make_deposits() -> None:
    """A deposit for each show that is over; the last ones wait, every second with its reference."""
    from finance.models import BankAccount, Deposit, DepositMatch

    fill(BankAccount, "unnest(ARRAY['EUR', 'JPY']) code", name="code", currency="code")
    fill(
        Deposit,
        _OWED,
        account_id="(SELECT id FROM finance_bankaccount b WHERE b.currency = owing.currency)",
        booked_on="starts_on + 5",
        amount="owed",
        currency="owing.currency",
        description="CASE WHEN owing.id % 2 = 0 THEN eventbrite_id ELSE 'Payout' END",
        external_id="owing.id",
        fingerprint="'bench-' || owing.id",
        source="'statement'",
    )
    fill(
        DepositMatch,
        f"(SELECT * FROM finance_deposit ORDER BY id DESC OFFSET {WAITING}) d",
        deposit_id="d.id",
        event_id="d.external_id::bigint",
        amount="d.amount",
        currency="d.currency",
        origin="'automatic'",
    )
