"""The reports about people against SQL written by hand that returns the same rows. PostgreSQL only.

The world is made by the database. Both read what the rollups keep of each person; the time that
these take for everybody is measured beside. The rows of both are compared.
"""

import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from tests.bench._compare import assert_equal, fetch, median_ms

PEOPLE, EVENTS, ORDERS, SEATS, TOUCHES = 300_000, 1_000, 400_000, 1_000_000, 1_000_000
START, END = date(2023, 1, 1), date(2027, 1, 1)


def run(report: Callable[..., None]) -> None:
    """Reports the median of both in milliseconds, and how much longer the report takes."""
    from django.db import connection

    from tests.bench.syncs import new_database

    if connection.vendor != "postgresql":
        return
    with new_database():
        seconds = make_people()
        report(
            f"People: {PEOPLE:,} customers, {SEATS:,} seats, {TOUCHES:,} touches",
            ("Report", "Rows", "Milliseconds", "By hand", "Ratio"),
            [list(measure(*kind)) for kind in by_hand()],
        )
        report("Rollups of everybody", ("What", "Seconds"), [["refresh_customers", seconds]])


def measure(slug: str, arguments: dict[str, Any], sql: str, given: dict[str, Any]) -> Iterator[str]:
    """The figures of one report. Raises AssertionError: the SQL by hand has other rows."""
    from nova_project.periods import Period
    from nova_project.reports import find_report

    found = find_report(slug)
    assert found is not None
    asked = {"period": Period(START, END), **arguments}

    def of_report() -> list[Any]:
        return list(found.rows(**asked))

    def of_hand() -> list[Any]:
        return fetch(sql, given | {"start": START, "end": END})  # type: ignore[arg-type]

    rows = of_report()
    columns = [column for column in found.columns_for(asked) if column.attribute != "definition"]
    assert_equal([[column.value(row) for column in columns] for row in rows], of_hand())
    own = median_ms(of_report, of_hand)
    yield f"{slug} {' '.join(map(str, arguments.values()))}".replace("None", "").strip()
    yield f"{len(rows):,}"
    yield f"{own[0]:.0f}"
    yield f"{own[1]:.0f}"
    yield f"{own[0] / own[1]:.2f}"


def by_hand() -> Iterator[tuple[str, dict[str, Any], str, dict[str, Any]]]:
    """Slug, arguments, and the SQL with its parameters."""
    from django.conf import settings
    from django.utils import timezone

    from customers.services.funnel import FunnelBy

    zone = {"zone": settings.TIME_ZONE, "now": timezone.now(), "today": timezone.localdate()}
    for by, group in ((None, "''"), (FunnelBy.SOURCE, SOURCE)):
        sql = FUNNEL.replace("{group}", group).replace("{named}", "grouped, " if by else "")
        plain = {"source": "", "campaign": None, "show_type": None}
        yield "funnel", {"by": by, **plain}, sql, zone
    yield "cohorts", {"show_type": None}, COHORTS, zone
    yield "segments", {}, SEGMENTS, zone


SOURCE = """coalesce(nullif(upper(left(source, 1)) || lower(replace(substr(source, 2), '_', ' ')),
    ''), 'Unknown')"""
FUNNEL = """
WITH click AS (
    SELECT customer_id, min(occurred_at) AS at FROM customers_touch WHERE kind = 'click'
    GROUP BY customer_id
), met AS (
    SELECT {group} AS grouped, least(c.created_at, c.crm_created_at) AS known,
        least(c.first_engaged_at, c.last_contacted_at, click.at) AS engaged,
        v.booked_at AS t3, v.returned_at AS t4
    FROM customers_customer c
    LEFT JOIN customers_firstvisits v ON v.customer_id = c.id
    LEFT JOIN click ON click.customer_id = c.id
), person AS MATERIALIZED (
    SELECT *, least(engaged, t3) AS t2, least(known, engaged, t3) AS t1,
        known > least(engaged, t3) IS TRUE AS s1,
        t3 IS NOT NULL AND (engaged > t3) IS NOT FALSE AS s2
    FROM met
    WHERE least(known, engaged, t3) >= %(start)s::timestamp AT TIME ZONE %(zone)s
        AND least(known, engaged, t3) < %(end)s::timestamp AT TIME ZONE %(zone)s
), span AS MATERIALIZED (
    SELECT grouped, t1, t2, t3, t4, s1, s2,
        CASE WHEN NOT s1 AND NOT s2 THEN e2 - e1 END AS d2,
        CASE WHEN NOT s2 THEN e3 - e2 WHEN NOT s1 THEN e3 - e1 END AS d3, e4 - e3 AS d4
    FROM person, LATERAL (
        SELECT floor(date_part('epoch', t1)) AS e1, floor(date_part('epoch', t2)) AS e2,
            floor(date_part('epoch', t3)) AS e3, floor(date_part('epoch', t4)) AS e4
    ) AS epochs
), total AS (
    SELECT grouped, count(*) AS n1, count(t2) AS n2, count(t3) AS n3, count(t4) AS n4,
        count(*) FILTER (WHERE s1) AS s1, count(*) FILTER (WHERE s2) AS s2,
        count(d2) AS c2, count(d3) AS c3, count(d4) AS c4,
        percentile_cont(ARRAY[0.5, 0.75, 0.9]) WITHIN GROUP (ORDER BY d2) AS p2,
        percentile_cont(ARRAY[0.5, 0.75, 0.9]) WITHIN GROUP (ORDER BY d3) AS p3,
        percentile_cont(ARRAY[0.5, 0.75, 0.9]) WITHIN GROUP (ORDER BY d4) AS p4
    FROM span GROUP BY grouped
), late AS (
    SELECT grouped,
        count(*) FILTER (WHERE t2 IS NULL AND date_part('epoch', %(now)s - t1)
            < CASE WHEN c2 >= 20 THEN p2[3] ELSE 7776000 END) AS w2,
        count(*) FILTER (WHERE t3 IS NULL AND date_part('epoch', %(now)s - t2)
            < CASE WHEN c3 >= 20 THEN p3[3] ELSE 7776000 END) AS w3,
        count(*) FILTER (WHERE t4 IS NULL AND date_part('epoch', %(now)s - t3)
            < CASE WHEN c4 >= 20 THEN p4[3] ELSE 7776000 END) AS w4
    FROM span JOIN total USING (grouped) GROUP BY grouped
)
SELECT {named}stage, people, people * 100.0 / nullif(before, 0), people * 100.0 / n1,
    round((p[1] / 86400)::numeric, 1), round((p[2] / 86400)::numeric, 1),
    round((p[3] / 86400)::numeric, 1), skipped, waiting
FROM total JOIN late USING (grouped) CROSS JOIN LATERAL (VALUES
    (1, 'Lead', n1, NULL, NULL, total.s1, NULL),
    (2, 'Contact', n2, n1, p2, total.s2, w2),
    (3, 'First ticket', n3, n2, p3, 0, w3),
    (4, 'Repeat customer', n4, n3, p4, 0, w4)
) AS step (number, stage, people, before, p, skipped, waiting)
ORDER BY grouped = 'Unknown', n1 DESC, grouped, number
"""
_SHARES = ", ".join(
    f"CASE WHEN month + interval '{k + 1} months' <= %(today)s THEN"
    f" coalesce(sum(people) FILTER (WHERE later <= {k}), 0) * 100.0 / sum(people) END"
    for k in range(13)
)
COHORTS = f"""
SELECT to_char(month, 'YYYY-MM'), sum(people), {_SHARES}
FROM (
    SELECT date_trunc('month', a.starts_on)::date AS month, count(*) AS people,
        CASE WHEN b.starts_on <= %(today)s THEN
            (extract(year FROM b.starts_on) - extract(year FROM a.starts_on)) * 12
            + extract(month FROM b.starts_on) - extract(month FROM a.starts_on) END AS later
    FROM customers_firstvisits v
    JOIN events_event a ON a.id = v.first_event_id
    LEFT JOIN events_event b ON b.id = v.second_event_id
    WHERE a.starts_on >= %(start)s AND a.starts_on < %(end)s AND a.starts_on <= %(today)s
    GROUP BY 1, 3
) AS counted
GROUP BY month ORDER BY month
"""
SEGMENTS = """
WITH scored AS (
    SELECT r, f, total_spend, events_booked,
        CASE WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 1 WHEN r >= 3 AND f >= 3 THEN 2
            WHEN r >= 3 AND m >= 4 THEN 3 WHEN r >= 4 AND f < 2 THEN 4 WHEN r >= 3 THEN 5
            WHEN f >= 3 OR m >= 4 THEN 6 ELSE 7 END AS segment
    FROM (
        SELECT total_spend, events_booked,
            CASE WHEN %(today)s - last_event_on <= 30 THEN 5 WHEN %(today)s - last_event_on <= 90
                THEN 4 WHEN %(today)s - last_event_on <= 180 THEN 3
                WHEN %(today)s - last_event_on <= 365 THEN 2 ELSE 1 END AS r,
            CASE WHEN events_booked >= 8 THEN 5 WHEN events_booked >= 5 THEN 4
                WHEN events_booked >= 3 THEN 3 WHEN events_booked >= 2 THEN 2 ELSE 1 END AS f,
            CASE WHEN total_spend >= 500 THEN 5 WHEN total_spend >= 250 THEN 4
                WHEN total_spend >= 100 THEN 3 WHEN total_spend >= 50 THEN 2 ELSE 1 END AS m
        FROM customers_customer
        WHERE events_booked > 0 AND first_event_on >= %(start)s AND first_event_on < %(end)s
    ) AS scores
), cell AS (
    SELECT segment, r, f, count(*) AS people, sum(total_spend) AS spend,
        sum(events_booked) AS events
    FROM scored GROUP BY segment, r, f
)
SELECT name, 'EUR', coalesce(people, 0), coalesce(people, 0) * 100.0 / sum(people) OVER (),
    coalesce(spend, 0), coalesce(spend, 0) * 100 / sum(spend) OVER (), spend / people,
    round(events::numeric / people, 1)
FROM (
    SELECT segment, sum(people) AS people, sum(spend) AS spend, sum(events) AS events
    FROM cell GROUP BY segment
) AS found
RIGHT JOIN (VALUES (1, 'Champions'), (2, 'Loyal'), (3, 'Big spenders'), (4, 'New'),
    (5, 'Promising'), (6, 'At risk'), (7, 'Lapsed')) AS names (number, name) ON number = segment
ORDER BY number
"""


def make_people() -> str:
    """Fills the database; returns how many seconds the rollups took."""
    from django.db import connection

    from customers.services import refresh_rollups

    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(PLAIN)
        for statement in WORLD:
            cursor.execute(statement)
    connection.commit()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    begun = time.perf_counter()
    refresh_rollups()
    took = time.perf_counter() - begun
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return f"{took:.0f}"


PLAIN = """
DO $$ DECLARE command text; BEGIN FOR command IN
    SELECT format('ALTER TABLE %I ALTER %I SET DEFAULT %s', table_name, column_name,
        CASE data_type WHEN 'character varying' THEN quote_literal('') WHEN 'boolean' THEN 'false'
            ELSE '0' END)
    FROM information_schema.columns WHERE is_nullable = 'NO' AND column_default IS NULL
        AND is_identity = 'NO' AND table_name ~ '^(customers|events)_'
        AND data_type IN ('character varying', 'boolean', 'smallint', 'integer', 'numeric')
LOOP EXECUTE command; END LOOP; END $$"""
"""Columns that the statements below do not name hold nothing."""
_NOW = "timestamptz '2026-11-01 12:00+00'"
WORLD = (
    "INSERT INTO events_showtype (created_at, updated_at, name, note) SELECT now(), now(), name, ''"
    " FROM unnest(ARRAY['Stand-up', 'Improv', 'Music', 'Magic', 'Brunch']) AS name",
    "INSERT INTO customers_campaign (created_at, updated_at, name, channel, currency, note)"
    " SELECT now(), now(), 'Campaign ' || n, 'email', 'EUR', '' FROM generate_series(1, 20) AS n",
    f"""
INSERT INTO events_event (created_at, updated_at, organization_id, name, status, start_at, end_at,
    time_zone, starts_on, currency, is_online, show_type_id, is_show_type_by_hand, series_id,
    is_series_parent, category_id, subcategory_id, format_id, url)
SELECT now(), now(), '', 'Show ' || n, 'live', at, at + interval '2 hours', 'Europe/Berlin',
    at::date, 'EUR', false, (SELECT min(id) FROM events_showtype) + n % 5, false, '', false, '', '',
    '', ''
FROM generate_series(1, {EVENTS}) AS n, LATERAL (
    SELECT timestamptz '2023-02-01 19:00+00' + n * interval '33 hours' AS at
) AS moment""",
    f"""
INSERT INTO customers_customer (created_at, updated_at, first_name, last_name, phone, city, country,
    consent, note, lifecycle_stage, owner, source, latest_source, crm_created_at, first_engaged_at,
    last_contacted_at, emails_delivered_count, emails_opened_count, emails_clicked_count,
    events_booked, events_attended, seats_count, total_spend, customer_type, is_rollup_due)
SELECT {_NOW}, now(), 'First ' || n, 'Last ' || n, '', '', '', 'unknown', '', 'lead', '',
    (ARRAY['ORGANIC_SEARCH', 'PAID_SOCIAL', 'EMAIL_MARKETING', 'REFERRALS', 'OFFLINE', ''])
        [1 + n % 6], '', known, CASE WHEN random() < 0.4 THEN known + random() * ({_NOW} - known)
        END, CASE WHEN random() < 0.1 THEN known + random() * ({_NOW} - known) END,
    0, 0, 0, 0, 0, 0, 0, 'lead', true
FROM generate_series(1, {PEOPLE}) AS n, LATERAL (
    SELECT {_NOW} - random() * n / n * interval '1300 days' AS known
) AS moment""",
    f"""
INSERT INTO customers_order (created_at, updated_at, event_id, buyer_id, buyer_name,
    is_buyer_erased, status, remote_status, ordered_at, changed_at, currency, gross, gross_paid,
    tax, eventbrite_fee, payment_fee, refund_requested, refund_imported, refund,
    is_refund_provisional, paid_through, promo_code, affiliate_code)
SELECT now(), now(), e.id, (SELECT min(id) FROM customers_customer) + buyer, '', false,
    CASE WHEN n % 33 = 0 THEN 'cancelled' ELSE 'placed' END, 'placed',
    e.start_at - days * interval '1 day', now(), 'EUR', paid, paid, 0, 0, 0, 0, 0,
    CASE WHEN n % 33 = 0 THEN paid ELSE 0 END, false, '', '', ''
FROM (
    SELECT n, floor(random() * {EVENTS}) AS event, floor({PEOPLE} * random() ^ 2) AS buyer,
        random() * 40 AS days, 10 + floor(random() * 90) AS paid
    FROM generate_series(1, {ORDERS}) AS n
) AS wish
JOIN events_event e ON e.id = (SELECT min(id) FROM events_event) + event""",
    f"""
INSERT INTO customers_attendance (created_at, updated_at, order_id, event_id, holder_id,
    ticket_name, guest_name, status, changed_at, currency, price, affiliate_code)
SELECT now(), now(), o.id, o.event_id,
    CASE WHEN n <= {ORDERS} THEN o.buyer_id WHEN n % 3 = 0 THEN
        (SELECT min(id) FROM customers_customer) + guest END,
    '', '', 'attending', now(), 'EUR', 10, ''
FROM (
    SELECT n, n % {ORDERS} AS place, floor(random() * {PEOPLE}) AS guest
    FROM generate_series(1, {SEATS}) AS n
) AS wish
JOIN customers_order o ON o.id = (SELECT min(id) FROM customers_order) + place""",
    f"""
INSERT INTO customers_touch (created_at, updated_at, key, customer_id, campaign_id, kind, source,
    occurred_at)
SELECT now(), now(), 'bench ' || n, (SELECT min(id) FROM customers_customer) + person,
    CASE WHEN n % 4 > 0 THEN (SELECT min(id) FROM customers_campaign) + n % 20 END,
    (ARRAY['click', 'open', 'open', 'first', 'latest'])[1 + n % 5], 'news',
    {_NOW} - ago * interval '1300 days'
FROM (
    SELECT n, floor(random() * {PEOPLE}) AS person, random() AS ago
    FROM generate_series(1, {TOUCHES}) AS n
) AS wish""",
)
