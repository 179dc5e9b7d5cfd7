"""What a person would write by hand for each report: one statement of PostgreSQL, the same rows.

It may use what is known of `_world`: shared costs are all in EUR and in equal parts, deals have
no bonus, and every show has its money in its own currency.
"""

_LEDGER = """
SELECT event_id, currency,
    sum(amount) FILTER (WHERE kind = 'sale') AS gross,
    -sum(amount) FILTER (WHERE kind = 'refund') AS refunds,
    -sum(amount) FILTER (WHERE kind = 'tax') AS tax,
    -sum(amount) FILTER (WHERE kind = 'eventbrite_fee') AS eventbrite_fees,
    -sum(amount) FILTER (WHERE kind = 'processing_fee') AS processing_fees
FROM {lines} GROUP BY event_id, currency
"""
_OWN = """
SELECT event_id, currency,
    sum(amount - tax_amount) FILTER (WHERE category = 'room_rental') AS room_rental,
    sum(amount - tax_amount) FILTER (WHERE category = 'marketing') AS marketing,
    sum(amount - tax_amount) FILTER (WHERE category = 'production') AS production,
    sum(amount - tax_amount) FILTER (WHERE category = 'staff') AS staff
FROM {costs} WHERE event_id IS NOT NULL AND basis = 'actual' AND status IN ('committed', 'paid')
GROUP BY event_id, currency
"""
_MONEY = """
WITH costs AS ({costs}), ledger AS ({ledger}), own AS ({own}), shared AS ({shared}),
seats AS ({seats}), money AS (
    SELECT e.id, e.eventbrite_id, e.name, e.starts_on, e.start_at, e.time_zone, e.venue_id,
        e.show_type_id, coalesce(t.name, 'No show type') AS show_type, e.currency,
        {seats_or_none} AS seats, coalesce(gross, 0) AS gross, coalesce(refunds, 0) AS refunds,
        coalesce(tax, 0) AS tax, coalesce(eventbrite_fees, 0) AS eventbrite_fees,
        coalesce(processing_fees, 0) AS processing_fees, coalesce(room_rental, 0) AS room_rental,
        coalesce(marketing, 0) AS marketing, coalesce(production, 0) AS production,
        coalesce(staff, 0) AS staff, coalesce(shared_costs, 0) AS shared_costs
    FROM events_event e
    LEFT JOIN events_showtype t ON t.id = e.show_type_id
    LEFT JOIN ledger l ON l.event_id = e.id AND l.currency = e.currency
    LEFT JOIN own ON own.event_id = e.id AND own.currency = e.currency
    LEFT JOIN shared s ON s.event_id = e.id AND s.currency = e.currency
    LEFT JOIN seats ON seats.event_id = e.id
    WHERE e.starts_on >= %(start)s AND e.starts_on < %(end)s
        AND e.status NOT IN ('draft', 'cancelled', 'deleted') AND NOT e.is_series_parent
), net AS (
    SELECT *, gross - refunds - tax AS revenue,
        gross - refunds - tax - eventbrite_fees - processing_fees AS net_sales,
        room_rental + marketing + production + staff + shared_costs AS expenses
    FROM money
), dues AS (
    SELECT a.event_id, sum(greatest(round(CASE a.kind WHEN 'flat' THEN a.guarantee
        ELSE greatest(net_sales, 0) * a.percentage / 100 END,
        CASE a.currency WHEN 'JPY' THEN 0 ELSE 2 END), 0)) AS performers
    FROM {agreements} a JOIN net ON net.id = a.event_id AND net.currency = a.currency
    WHERE a.status <> 'draft' GROUP BY a.event_id
), figures AS (
    SELECT net.*, coalesce(performers, 0) AS performers,
        net_sales - expenses - coalesce(performers, 0) AS net_revenue
    FROM net LEFT JOIN dues ON dues.event_id = net.id
)
"""
_SEATS = """
SELECT a.event_id, count(*) AS seats
FROM customers_attendance a JOIN customers_order o ON o.id = a.order_id
WHERE a.status IN ('attending', 'checked_in') AND o.status = 'placed' GROUP BY a.event_id
"""
NOW = _MONEY.format(
    costs="SELECT 1",
    ledger=_LEDGER.format(lines="finance_ledgerline"),
    own=_OWN.format(costs="finance_expense"),
    shared="SELECT event_id, currency, sum(amount) AS shared_costs FROM finance_expenseshare "
    "GROUP BY event_id, currency",
    seats=_SEATS,
    seats_or_none="coalesce(seats, 0)",
    agreements="finance_performeragreement",
)
_KEPT = """
SELECT * FROM (
    SELECT DISTINCT ON (id) * FROM {history} WHERE history_date < %(moment)s
    ORDER BY id, history_id DESC
) AS kept WHERE history_type <> '-'
"""
_SHARED_THEN = """
SELECT event_id, currency, sum((units / bearers + (place <= units %% bearers)::int) / 100.0)
    AS shared_costs
FROM (
    SELECT e.id AS event_id, e.currency, ((c.amount - c.tax_amount) * 100)::bigint AS units,
        count(*) OVER (PARTITION BY c.id) AS bearers,
        row_number() OVER (PARTITION BY c.id ORDER BY e.id) AS place
    FROM costs c JOIN events_event e ON e.currency = c.currency
        AND date_trunc('month', e.starts_on) = date_trunc('month', c.spent_on)
        AND e.status NOT IN ('draft', 'cancelled', 'deleted') AND NOT e.is_series_parent
    WHERE c.event_id IS NULL AND c.basis = 'actual' AND c.status IN ('committed', 'paid')
) AS parts GROUP BY event_id, currency
"""
_SEATS_THEN = """
SELECT a.event_id, CASE WHEN bool_or(a.updated_at >= %(moment)s OR o.updated_at >= %(moment)s)
    THEN NULL ELSE count(*) FILTER (WHERE a.status IN ('attending', 'checked_in')
    AND o.status = 'placed') END AS seats
FROM customers_attendance a JOIN customers_order o ON o.id = a.order_id
WHERE a.created_at < %(moment)s GROUP BY a.event_id
"""
THEN = _MONEY.format(
    costs=_KEPT.format(history="finance_historicalexpense"),
    ledger=_LEDGER.format(lines="finance_ledgerline WHERE known_at < %(moment)s"),
    own=_OWN.format(costs="costs"),
    shared=_SHARED_THEN,
    seats=_SEATS_THEN,
    seats_or_none="CASE WHEN seats.event_id IS NULL THEN 0 ELSE seats END",
    agreements=f"({_KEPT.format(history='finance_historicalperformeragreement')})",
)
"""The same as it was known at a moment."""

_EVENT_PROFIT = """
SELECT eventbrite_id, name, starts_on, show_type, currency, seats, gross, refunds, tax,
    eventbrite_fees, processing_fees, net_sales, room_rental, marketing, production, staff,
    performers, shared_costs, expenses, net_revenue, net_revenue * 100 / nullif(revenue, 0),
    marketing / nullif(seats, 0)
FROM figures ORDER BY starts_on, start_at, id
"""
EVENT_PROFIT, EVENT_PROFIT_THEN = NOW + _EVENT_PROFIT, THEN + _EVENT_PROFIT
_SUMS = """
currency, count(*) AS events, sum(seats) AS seats, sum(gross) AS gross,
sum(net_sales) AS net_sales, sum(expenses) AS expenses, sum(net_revenue) AS net_revenue,
sum(net_revenue) * 100 / nullif(sum(revenue), 0) AS margin
"""
SHOW_TYPE_MARGIN = f"""{NOW}
SELECT show_type, {_SUMS} FROM figures GROUP BY show_type, show_type_id, currency
ORDER BY show_type_id IS NULL, lower(show_type), currency
"""
BY_MONTH = f"""{NOW}, months AS (
    SELECT date_trunc('month', starts_on)::date AS month, {_SUMS} FROM figures GROUP BY 1, 2
), days AS (
    SELECT starts_on, currency, sum(net_revenue) AS net_revenue FROM figures GROUP BY 1, 2
), compared AS (
    SELECT m.*, CASE WHEN month <= %(today)s THEN (SELECT coalesce(sum(d.net_revenue), 0)
        FROM days d WHERE d.currency = m.currency AND d.starts_on >= month
        AND d.starts_on < month + interval '1 month' AND d.starts_on <= %(today)s) END AS to_date,
        {{before}} AS before, {{year_before}} AS year_before
    FROM months m
)
SELECT to_char(month, 'Mon YYYY'), currency, events, seats, gross, net_sales, expenses, net_revenue,
    margin, to_date, before, to_date - before, year_before, to_date - year_before
FROM compared ORDER BY currency, month
"""
_BEFORE = """
CASE WHEN month <= %(today)s THEN (SELECT coalesce(sum(d.net_revenue), 0) FROM days d
    WHERE d.currency = m.currency AND d.starts_on >= month - interval '{ago}'
    AND d.starts_on < least(month - interval '{ago}' + interval '1 month',
        CASE WHEN %(today)s < month + interval '1 month' - interval '1 day'
        THEN month - interval '{ago}' + (%(today)s::date - month + 1) * interval '1 day' END)) END
"""
BY_MONTH = BY_MONTH.format(
    before=_BEFORE.format(ago="1 month"), year_before=_BEFORE.format(ago="1 year")
)
_BY_NAME = f"""{NOW}
SELECT coalesce(g.name, 'No {{none}}'), {_SUMS.replace("currency", "f.currency", 1)},
    coalesce(sum(net_revenue) FILTER (WHERE starts_on <= %(today)s), 0) AS to_date, 0,
    coalesce(sum(net_revenue) FILTER (WHERE starts_on <= %(today)s), 0),
    coalesce(sum(net_revenue) FILTER (WHERE starts_on < %(year_before)s), 0),
    coalesce(sum(net_revenue) FILTER (WHERE starts_on <= %(today)s), 0)
        - coalesce(sum(net_revenue) FILTER (WHERE starts_on < %(year_before)s), 0)
FROM figures f LEFT JOIN {{names}} GROUP BY g.name, f.currency
ORDER BY g.name IS NULL, lower(g.name) COLLATE "C", f.currency
"""
BY_VENUE = _BY_NAME.format(none="venue", names="events_venue g ON g.id = f.venue_id")
BY_SHOW_TYPE = _BY_NAME.format(none="show type", names="events_showtype g ON g.id = f.show_type_id")
BY_PERFORMER = _BY_NAME.format(
    none="performer",
    names="(SELECT a.event_id, p.name FROM finance_performeragreement a JOIN finance_performer p "
    "ON p.id = a.performer_id WHERE a.status <> 'draft') g ON g.event_id = f.id",
)
