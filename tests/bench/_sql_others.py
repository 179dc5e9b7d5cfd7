"""What a person would write by hand for the reports of costs, payouts and planning."""

from tests.bench._sql_profit import NOW

BUDGET = """
SELECT CASE WHEN e.id IS NULL THEN '' ELSE coalesce(e.eventbrite_id, 'nova-' || e.id) END,
    coalesce(e.name, 'Shared by several shows'), e.starts_on,
    coalesce(own.name, shared.name, CASE WHEN e.id IS NULL THEN 'All shows' ELSE 'No show type' END)
    AS show_type, initcap(left(category, 1)) || replace(substr(category, 2), '_', ' '), x.currency,
    budget, planned, committed, paid, committed + paid,
    CASE WHEN budget = 0 THEN committed + paid ELSE 0 END,
    CASE WHEN budget <> 0 THEN budget - committed - paid END,
    (committed + paid) * 100 / nullif(budget, 0)
FROM (
    SELECT event_id, show_type_id, category, currency,
        coalesce(sum(amount - tax_amount) FILTER (WHERE basis = 'budget'), 0) AS budget,
        coalesce(sum(amount - tax_amount) FILTER (WHERE basis = 'actual'
            AND status = 'planned'), 0) AS planned,
        coalesce(sum(amount - tax_amount) FILTER (WHERE basis = 'actual'
            AND status = 'committed'), 0) AS committed,
        coalesce(sum(amount - tax_amount) FILTER (WHERE basis = 'actual'
            AND status = 'paid'), 0) AS paid
    FROM finance_expense WHERE event_id IS NOT NULL
        OR spent_on >= %(start)s AND spent_on < %(end)s
    GROUP BY 1, 2, 3, 4
) AS x
LEFT JOIN events_event e ON e.id = x.event_id
LEFT JOIN events_showtype own ON own.id = e.show_type_id
LEFT JOIN events_showtype shared ON shared.id = x.show_type_id
WHERE e.id IS NULL OR e.starts_on >= %(start)s AND e.starts_on < %(end)s
ORDER BY e.id IS NULL, e.starts_on, e.name COLLATE "C", e.id, 4,
    array_position(ARRAY['room_rental', 'marketing', 'production', 'staff'], category::text), 6
"""
RECONCILIATION = """
WITH lines AS (
    SELECT l.event_id, l.currency, sum(amount) AS expected,
        coalesce(sum(amount) FILTER (WHERE kind = 'sale'), 0) AS gross,
        coalesce(-sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunds,
        coalesce(-sum(amount) FILTER (WHERE kind = 'tax'), 0) AS tax,
        coalesce(-sum(amount) FILTER (WHERE kind = 'eventbrite_fee'), 0) AS eventbrite_fees,
        coalesce(-sum(amount) FILTER (WHERE kind = 'processing_fee'), 0) AS processing_fees
    FROM finance_ledgerline l JOIN customers_order o ON o.id = l.order_id
    WHERE o.eventbrite_id IS NOT NULL AND (o.paid_through = 'eventbrite' OR o.paid_through = ''
        AND NOT (o.gross_paid > 0 AND o.eventbrite_fee > 0 AND o.payment_fee = 0))
    GROUP BY l.event_id, l.currency
), arrived AS (
    SELECT event_id, currency, sum(amount) AS deposited FROM finance_depositmatch GROUP BY 1, 2
), payouts AS (
    SELECT e.id, e.eventbrite_id, e.name, e.starts_on, e.start_at, l.*,
        coalesce(a.deposited, 0) AS deposited,
        (e.end_at AT TIME ZONE e.time_zone)::date + 3 AS due_on
    FROM events_event e JOIN lines l ON l.event_id = e.id
    LEFT JOIN arrived a ON a.event_id = e.id AND a.currency = l.currency
    WHERE e.starts_on >= %(start)s AND e.starts_on < %(end)s
), waiting AS (
    SELECT d.id, d.booked_on, d.currency, d.description,
        d.amount - coalesce((SELECT sum(m.amount) FROM finance_depositmatch m
            WHERE m.deposit_id = d.id), 0) AS rest
    FROM finance_deposit d WHERE d.left_at IS NULL AND d.booked_on >= %(start)s
        AND d.booked_on < %(end)s
)
SELECT eventbrite_id, name, day, currency, gross, refunds, tax, eventbrite_fees, processing_fees,
    expected, deposited, deposited - expected, status
FROM (
    SELECT 1 AS part, id, eventbrite_id, name, starts_on AS day, start_at, currency, gross, refunds,
        tax, eventbrite_fees, processing_fees, expected, deposited, CASE
        WHEN expected = deposited AND %(today)s < due_on AND deposited = 0 THEN 'Not due'
        WHEN expected = deposited THEN 'Matched'
        WHEN deposited <> 0 THEN 'Partial'
        WHEN %(today)s < due_on THEN 'Not due'
        WHEN %(today)s <= due_on + 11 THEN 'Awaiting' ELSE 'Overdue' END AS status
    FROM payouts UNION ALL
    SELECT 2, id, '', description, booked_on, NULL, currency, 0, 0, 0, 0, 0, 0, rest,
        'Unmatched deposit'
    FROM waiting WHERE rest <> 0
) AS rows ORDER BY part, day, start_at, id
"""
HEATMAP = f"""{NOW}, placed AS (
    SELECT show_type, show_type_id, trim(to_char(starts_on, 'Day')) AS weekday,
        extract(isodow FROM starts_on) AS day, currency, seats, net_revenue,
        CASE WHEN hour >= 5 AND hour < 17 THEN 1 WHEN hour >= 17 AND hour < 21 THEN 2 ELSE 3
        END AS slot
    FROM (
        SELECT f.*, extract(hour FROM start_at AT TIME ZONE time_zone) AS hour
        FROM figures f WHERE start_at <= now()
    ) AS started
)
SELECT show_type, weekday, (ARRAY['Afternoon', 'Early evening', 'Late'])[slot], currency,
    count(*), sum(seats), sum(net_revenue), sum(net_revenue) / count(*),
    CASE WHEN count(*) < 3 THEN 'Few shows' ELSE 'Enough shows' END
FROM placed GROUP BY show_type, show_type_id, weekday, day, slot, currency
ORDER BY show_type_id IS NULL, lower(show_type), day, slot, currency
"""
PACING = """
WITH planned AS (
    SELECT id, starts_on, show_type_id, venue_id,
        starts_on - (now() AT TIME ZONE time_zone)::date + 1 AS known
    FROM events_event WHERE start_at > now() AND starts_on < %(soon)s AND show_type_id IS NOT NULL
), sold AS (
    SELECT a.event_id, (o.ordered_at AT TIME ZONE e.time_zone)::date AS day, count(*) AS seats
    FROM customers_attendance a JOIN customers_order o ON o.id = a.order_id
        JOIN events_event e ON e.id = a.event_id
    WHERE a.status IN ('attending', 'checked_in') AND o.status = 'placed' GROUP BY 1, 2
), compared AS (
    SELECT p.id, coalesce(sum(s.seats) FILTER (WHERE e.starts_on - s.day >= p.known), 0) AS seats,
        sum(s.seats) AS finish,
        extract(isodow FROM e.starts_on) = extract(isodow FROM p.starts_on) AS is_same_day
    FROM planned p JOIN events_event e ON e.show_type_id = p.show_type_id AND e.start_at <= now()
        AND e.venue_id = p.venue_id
        AND e.starts_on >= p.starts_on - 730 AND e.starts_on >= current_date - 730
        JOIN sold s ON s.event_id = e.id
    GROUP BY p.id, e.id, is_same_day
), chosen AS (
    SELECT *, count(*) FILTER (WHERE is_same_day) OVER (PARTITION BY id) AS same_days
    FROM compared
), quartiles AS (
    SELECT id, percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY seats) AS usual,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY finish - seats) AS still
    FROM chosen WHERE is_same_day OR same_days < 5 GROUP BY id HAVING count(*) >= 5
)
SELECT id, floor(usual[1] + 0.5), floor(usual[2] + 0.5), floor(usual[3] + 0.5),
    floor(still + 0.5)
FROM quartiles ORDER BY id
"""
