"""Marketing ROI and the dashboard at 1,000,000 touches and 300,000 orders.

Marketing ROI under last touch is compared with SQL written by hand that returns the same rows, with
what no campaign claims and what no touch earned, and has the same memory; the other models and the
dashboard of all five are timed. Rows are made by the database itself. One touch in eleven belongs
to no campaign.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.bench._compare import assert_equal, median_ms

EVENTS, CAMPAIGNS, PEOPLE = 1_000, 200, 150_000
ORDERS, TOUCHES = 300_000, 1_000_000
ROUNDS = 3
FIRST_DAY = date(2025, 1, 1)

BY_HAND = """
WITH line AS (
    SELECT order_id, currency, sum(amount) AS net FROM finance_ledgerline
    GROUP BY order_id, currency
), seat AS (
    SELECT order_id, count(*) AS seats FROM customers_attendance
    WHERE status IN ('attending', 'checked_in') GROUP BY order_id
), newcomer AS (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY buyer_id ORDER BY ordered_at, id) AS place
        FROM customers_order WHERE status = 'placed'
    ) AS placed WHERE place = 1
), last_touch AS (
    SELECT * FROM (
        SELECT o.id, t.campaign_id,
            row_number() OVER (PARTITION BY o.id ORDER BY t.occurred_at DESC, t.id DESC) AS place
        FROM customers_order o JOIN customers_touch t ON t.customer_id = o.buyer_id
            AND t.occurred_at <= o.ordered_at AND t.occurred_at >= {window_start}
            AND t.kind <> 'open' AND (t.campaign_id IS NOT NULL
                OR lower(t.source) NOT IN ('direct_traffic', 'offline'))
    ) AS ranked WHERE place = 1
), spend AS (
    SELECT campaign_id, sum(amount) AS spend FROM finance_expense
    WHERE campaign_id IS NOT NULL GROUP BY campaign_id
), credit AS (
    SELECT last_touch.id IS NULL AS is_left, last_touch.campaign_id,
        sum(CASE WHEN o.status = 'placed' THEN 1 ELSE 0 END) AS orders,
        sum(CASE WHEN o.status = 'placed' THEN seats ELSE 0 END) AS seats,
        count(newcomer.id) AS newcomers, sum(coalesce(net, 0)) AS net
    FROM customers_order o
    JOIN events_event e ON e.id = o.event_id AND e.starts_on >= %s AND e.starts_on < %s
    LEFT JOIN line ON line.order_id = o.id
    LEFT JOIN seat ON seat.order_id = o.id
    LEFT JOIN newcomer ON newcomer.id = o.id
    LEFT JOIN last_touch ON last_touch.id = o.id
    WHERE o.status IN ('placed', 'refunded', 'cancelled')
    GROUP BY last_touch.id IS NULL, last_touch.campaign_id
)
SELECT CASE WHEN is_left THEN 'Unattributed' ELSE coalesce(c.name, 'No campaign') END AS name,
    coalesce(spend, 0), orders, seats, newcomers, net
FROM credit LEFT JOIN customers_campaign c ON c.id = credit.campaign_id
LEFT JOIN spend ON spend.campaign_id = c.id
ORDER BY is_left, c.id IS NULL, net DESC, coalesce(spend, 0) DESC, c.name
"""


def run(report: Callable[..., None]) -> None:
    """Reports medians in milliseconds, and how much longer the report takes than SQL by hand."""
    from django.db import connection

    from tests.bench.syncs import new_database

    with new_database():
        make_market()
        title = f"{TOUCHES:,} touches, {ORDERS:,} orders, {CAMPAIGNS} campaigns"
        report(
            f"Attribution on {connection.display_name}: {title}",
            ("Report", "Rows", "Milliseconds", "By hand", "Ratio"),
            [measure_last(), *map(measure_alone, ("linear", "position", "decay", "dashboard"))],
        )


def scope() -> Any:
    from finance.services.attribution import Scope
    from nova_project.periods import Period

    return Scope(Period(FIRST_DAY, FIRST_DAY + timedelta(days=EVENTS)), days=90)


def measure_last() -> list[str]:
    """Raises AssertionError: the SQL by hand has other rows."""
    from finance.services.attribution import Model
    from finance.services.campaigns import marketing
    from finance.services.crediting import ask

    asked = scope()

    def of_report() -> list[Any]:
        return marketing(asked, [Model.LAST])

    def by_hand() -> list[Any]:
        sql = BY_HAND.format(window_start=window_start())
        return ask(sql, [asked.period.start, asked.period.end])

    names = ("name", "spend", "orders", "seats", "first_time_buyers", "net_sales")
    rows = of_report()
    assert_equal([[getattr(row, name) for name in names] for row in rows], by_hand())
    own = median_ms(of_report, by_hand, rounds=ROUNDS)
    figures = [f"{own[0]:.0f}", f"{own[1]:.0f}", f"{own[0] / own[1]:.2f}"]
    return ["marketing-roi, last touch", f"{len(rows):,}", *figures]


def measure_alone(what: str) -> list[str]:
    from finance.services.attribution import Model
    from finance.services.campaigns import marketing
    from finance.services.shift import models_beside

    asked = scope()

    def work() -> list[Any]:
        return models_beside(asked) if what == "dashboard" else marketing(asked, [Model(what)])

    name = "marketing, all models" if what == "dashboard" else f"marketing-roi, {what}"
    return [name, f"{len(work()):,}", f"{median_ms(work, rounds=ROUNDS)[0]:.0f}", "–", "–"]


def window_start() -> str:
    from django.db import connection

    if connection.vendor == "postgresql":
        return "o.ordered_at - interval '90 days'"
    return "datetime(o.ordered_at, '-90 days')"


def make_market() -> None:
    """Shows, people, campaigns, orders with seats and lines, touches; a few costs by hand."""
    from django.db import connection

    from customers.models import Attendance, Campaign, Customer, Order, Touch
    from events.models import Event
    from finance.models import Expense, LedgerLine

    fill(Event, EVENTS, name="'Show ' || i", eventbrite_id="CAST(i AS text)",
         starts_on=day_after("i"), start_at=moment("i * 86400"), end_at=moment("i * 86400"),
         currency="'EUR'")  # fmt: skip
    fill(Customer, PEOPLE, last_name="'Number ' || i")
    fill(Campaign, CAMPAIGNS, name="'Campaign ' || i", currency="'EUR'")
    fill(Order, ORDERS, eventbrite_id="CAST(i AS text)", event_id=f"1 + i * 7 % {EVENTS}",
         buyer_id=f"1 + i * 31 % {PEOPLE}", status="'placed'",
         ordered_at=moment(f"(i * 7 % {EVENTS} - i % 40) * 86400 + i % 3600"),
         changed_at=moment("0"), currency="'EUR'")  # fmt: skip
    for share in ("0", f"{ORDERS}"):
        fill(Attendance, ORDERS, eventbrite_id=f"CAST(i + {share} AS text)", order_id="i",
             event_id=f"1 + i * 7 % {EVENTS}", status="'attending'", changed_at=moment("0"),
             currency="'EUR'")  # fmt: skip
    for kind, amount in (("sale", "20 + i % 90"), ("eventbrite_fee", "-1 - i % 3")):
        fill(LedgerLine, ORDERS, order_id="i", event_id=f"1 + i * 7 % {EVENTS}",
             kind=f"'{kind}'", amount=amount, currency="'EUR'", occurred_at=moment("0"),
             known_at=moment("0"))  # fmt: skip
    fill(Touch, TOUCHES, key="'bench ' || i", customer_id=f"1 + i * 17 % {PEOPLE}",
         campaign_id=f"CASE WHEN i % 11 > 0 THEN 1 + i * 13 % {CAMPAIGNS} END",
         kind="CASE i % 7 WHEN 0 THEN 'open' ELSE 'click' END", source="'s' || i % 50",
         occurred_at=moment(f"i * 7919 % {EVENTS * 86_400}"))  # fmt: skip
    fill(Expense, CAMPAIGNS, reference="'B' || i", category="'marketing'", amount="100 + i",
         currency="'EUR'", spent_on=day_after("i"), event_id="i", campaign_id="i",
         vendor_id="NULL")  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def fill(model: Any, count: int, **given: str) -> None:
    """So many rows of a model, by one statement; `given` holds SQL over the number `i`."""
    from django.db import connection, models
    from django.utils import timezone

    columns: dict[str, str] = {}
    values: list[Any] = []
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        if field.attname in given:
            columns[field.column] = given[field.attname].replace("%", "%%")
            continue
        columns[field.column] = "%s"
        is_stamp = isinstance(field, models.DateTimeField) and not field.null
        value = timezone.now() if is_stamp else field.get_default()
        values.append(field.get_db_prep_save(value, connection))
    names = ", ".join(map(connection.ops.quote_name, columns))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) "
            "WITH RECURSIVE number (i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 "
            f"FROM number WHERE i < {count}) SELECT {', '.join(columns.values())} FROM number",
            values,
        )


def moment(seconds: str) -> str:
    """A time so many seconds after the first day."""
    from django.db import connection

    if connection.vendor == "postgresql":
        return f"timestamptz '{FIRST_DAY} 18:00+00' + ({seconds}) * interval '1 second'"
    return f"datetime('{FIRST_DAY} 18:00:00', ({seconds}) || ' seconds')"


def day_after(number: str) -> str:
    """The first day is the day of number 1."""
    from django.db import connection

    if connection.vendor == "postgresql":
        return f"date '{FIRST_DAY}' + CAST({number} - 1 AS integer)"
    return f"date('{FIRST_DAY}', ({number} - 1) || ' days')"
