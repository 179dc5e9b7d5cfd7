"""The one statement that shares the net sales of orders among touches, for both databases.

All of it is whole numbers: cents of the currency, seconds, and decay weights in millionths. So both
databases give the same shares to the cent, and no share depends on how a row is stored.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from customers.models import Attendance, Campaign, Order, OrderStatus, Touch, TouchKind
from customers.models.marketing import NO_MARKETING
from customers.models.ticketing import PAID_STATUSES, SEATED
from finance.models import LedgerLine
from nova_project.currencies import EXPONENTS

DAY = 86_400
HALF_LIFE = 7 * DAY
"""Seconds after which a touch counts half in the model of time decay."""
FINEST = 1_000_000
"""The decay weight of a touch at the moment of the order; no touch weighs less than 1."""


def _running(part: str, of: str) -> str:
    """`units` × `part` ÷ `of`, rounded half away from zero, in whole numbers."""
    return f"(2 * units * ({part}) + sign * ({of})) / (2 * ({of}))"


_BETWEEN = "5 * (touches - 2)"
_LINEAR = f"{_running('place', 'touches')} - {_running('place - 1', 'touches')}"
# Each model as the running share of `units` after a touch less that before it, so the shares of an
# order add up to it, whatever its sign.
CREDITS = {
    "first": "CASE WHEN place = 1 THEN units ELSE 0 END",
    "last": "CASE WHEN place = touches THEN units ELSE 0 END",
    "linear": _LINEAR,
    "position": f"""CASE WHEN touches <= 2 THEN {_LINEAR}
        WHEN place = touches THEN units - {_running("3", "5")}
        WHEN place = 1 THEN {_running("2", "5")}
        ELSE {_running("2 * (touches - 2) + place - 1", _BETWEEN)}
            - {_running("2 * (touches - 2) + place - 2", _BETWEEN)} END""",
    "decay": f"{_running('upto', 'weights')} - {_running('upto - weight', 'weights')}",
}
_GIVES_ALL_TO = {"first": "place = 1", "last": "place = touches"}
"""Asked for alone, these models need no sum by order: one touch of it has all."""
_GROUPS = {
    "campaign": ("t.campaign_id", "''"),
    "channel": ("CAST(NULL AS bigint)", "coalesce(c.channel, '')"),
    "source": ("t.campaign_id", "t.kind || ' ' || lower(t.source)"),
}

_SALES = """
shown (show_id) AS ({shown}),
line AS (
    SELECT order_id, currency, CAST(sum(thousandths) AS bigint) AS net FROM (
        SELECT order_id, currency, CAST(round(amount * 1000) AS bigint) AS thousandths
        FROM {ledger} WHERE event_id IN (SELECT show_id FROM shown)
        UNION ALL
        SELECT id, currency, 0 FROM {order}
        WHERE status IN {paid} AND event_id IN (SELECT show_id FROM shown)
    ) AS lines
    WHERE %s IN ('', currency)
    GROUP BY order_id, currency
),
seat AS (
    SELECT order_id, count(*) AS seats FROM {seat}
    WHERE status IN {seated} AND event_id IN (SELECT show_id FROM shown) GROUP BY order_id
),
newcomer AS (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY buyer_id ORDER BY ordered_at, id) AS place
        FROM {order} WHERE status = '{placed}' AND buyer_id IS NOT NULL
    ) AS placed WHERE place = 1
),
sale AS (
    SELECT sold.order_id, currency, buyer_id, ordered_at, opens_at, sign, orders,
        (2 * net + sign * unit) / (2 * unit) AS units, orders * coalesce(seat.seats, 0) AS seats,
        CASE WHEN newcomer.id IS NULL THEN 0 ELSE orders END AS newcomers
    FROM (
        SELECT o.id AS order_id, line.currency, o.buyer_id, o.ordered_at,
            {opens_at} AS opens_at, line.net, {unit} AS unit,
            CASE WHEN line.net < 0 THEN -1 ELSE 1 END AS sign,
            CASE WHEN o.status = '{placed}' AND o.currency = line.currency
                AND o.event_id IN (SELECT show_id FROM shown) THEN 1 ELSE 0 END AS orders
        FROM line JOIN {order} AS o ON o.id = line.order_id
    ) AS sold
    LEFT JOIN seat ON seat.order_id = sold.order_id
    LEFT JOIN newcomer ON newcomer.id = sold.order_id
)"""
_PAIRS = """
    SELECT s.order_id, s.currency, s.units, s.sign, s.orders, s.seats, s.newcomers,
        t.id AS touch_id, t.occurred_at, {moment_of_order} - {moment_of_touch} AS age,
        {campaign} AS campaign_id, {label} AS label
    FROM sale AS s
    JOIN {touch} AS t ON {whose}
    LEFT JOIN {campaigns} AS c ON c.id = t.campaign_id
    WHERE t.occurred_at <= s.ordered_at AND t.occurred_at >= s.opens_at AND {earns}"""
EARNS = (
    "t.kind <> '{open}' AND (t.campaign_id IS NOT NULL OR lower(t.source) NOT IN {no_marketing})"
)
"""Which touches `t` earn anything; to be filled in from `names`."""
_WHOSE = (
    "t.customer_id = s.buyer_id",
    "t.order_id = s.order_id AND t.order_id IS NOT NULL AND (t.customer_id IS NULL"
    " OR s.buyer_id IS NULL OR t.customer_id <> s.buyer_id)",
)
_RANKED = """
ranked AS (
    SELECT *, row_number() OVER in_turn AS place, count(*) OVER of_order AS touches{weights}
    FROM {pairs}
    WINDOW of_order AS (PARTITION BY order_id, currency),
        in_turn AS (PARTITION BY order_id, currency ORDER BY occurred_at, touch_id)
)"""
_WEIGHED = f"""(
        SELECT *, CASE WHEN age > {20 * HALF_LIFE} THEN 1 ELSE CAST(round({FINEST} * power(
            CAST(2 AS double precision), CAST(-age AS double precision) / {HALF_LIFE})) AS integer)
            END AS weight FROM pair
    ) AS weighed"""
_WEIGHTS = """,
        sum(weight) OVER (in_turn ROWS UNBOUNDED PRECEDING) AS upto,
        sum(weight) OVER of_order AS weights"""
_SUMS = """
SELECT 'credit', campaign_id, label, currency, {counted}, {sums} FROM {shared}
GROUP BY campaign_id, label, currency
UNION ALL
SELECT 'touched', NULL, '', currency, {counted}, {units} FROM ranked WHERE place = 1
GROUP BY currency
UNION ALL
SELECT 'whole', NULL, '', currency, {counted}, {units} FROM sale GROUP BY currency
"""
_SHARED = """(
    SELECT order_id, currency, campaign_id, label, max(orders) AS orders, max(seats) AS seats,
        max(newcomers) AS newcomers, {shares}
    FROM ranked GROUP BY order_id, currency, campaign_id, label
) AS shared"""


def ask(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement of this module, with the memory that its sorts want on PostgreSQL.

    Its own default is for small statements: half of the time would go into files.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def touched_sales(
    shows: QuerySet[Any, Any], *, days: int, currency: str, by: str, is_weighed: bool = False
) -> tuple[str, list[Any]]:
    """The common tables up to `ranked`: a row for each touch that earns a part of an order of
    `shows`, with its `place` among the order's `touches`; and their parameters.

    `is_weighed` adds what time decay reads, `upto` and `weights`.
    """
    shown, params = shows.query.sql_with_params()
    found = names() | {"shown": shown, "earns": EARNS.format(**names())}
    campaign, label = _GROUPS[by]
    pairs = [
        _PAIRS.format(**found, whose=whose, campaign=campaign, label=label) for whose in _WHOSE
    ]
    pair = f"pair AS ({' UNION ALL '.join(pairs)}\n)"
    ranked = _RANKED.format(
        pairs=_WEIGHED if is_weighed else "pair", weights=_WEIGHTS if is_weighed else ""
    )
    tables = [_SALES.format(**found), pair, ranked]
    return f"WITH {','.join(tables)}", [*params, currency, days * DAY]


def statement(
    shows: QuerySet[Any, Any], *, days: int, currency: str, by: str, models: Sequence[str]
) -> tuple[str, list[Any]]:
    """The sums of `models` by group, those of all touched orders and those of all orders."""
    tables, params = touched_sales(
        shows, days=days, currency=currency, by=by, is_weighed="decay" in models
    )
    units = ", ".join(["sum(units)"] * len(models))
    if len(models) == 1 and models[0] in _GIVES_ALL_TO:
        sums, shared = units, f"ranked WHERE {_GIVES_ALL_TO[models[0]]}"
    else:
        shares = ", ".join(f"sum({CREDITS[model]}) AS share_{model}" for model in models)
        sums = ", ".join(f"sum(share_{model})" for model in models)
        shared = _SHARED.format(shares=shares)
    counted = "sum(orders), sum(seats), sum(newcomers)"
    return tables + _SUMS.format(counted=counted, sums=sums, shared=shared, units=units), params


def names() -> dict[str, str]:
    """Tables, values and the expressions in which the databases differ."""
    if connection.vendor == "postgresql":
        moment = "CAST(floor(date_part('epoch', {0})) AS bigint)"
        opens_at = "date_trunc('second', o.ordered_at) - %s * interval '1 second'"
    else:
        moment = "CAST(strftime('%%s', {0}) AS integer)"
        opens_at = "datetime(o.ordered_at, '-' || %s || ' seconds')"
    tables = {"ledger": LedgerLine, "order": Order, "seat": Attendance, "touch": Touch}
    quote = connection.ops.quote_name
    return {
        **{name: quote(model._meta.db_table) for name, model in tables.items()},
        "campaigns": quote(Campaign._meta.db_table),
        "opens_at": opens_at,
        "moment_of_order": moment.format("s.ordered_at"),
        "moment_of_touch": moment.format("t.occurred_at"),
        "unit": _unit(),
        "paid": _listed(PAID_STATUSES),
        "seated": _listed(SEATED),
        "placed": OrderStatus.PLACED.value,
        "open": TouchKind.OPEN.value,
        "no_marketing": _listed(NO_MARKETING),
    }


def _unit() -> str:
    """How many thousandths the smallest unit of a line's currency has."""
    cases = "".join(
        f" WHEN line.currency IN {_listed(codes)} THEN {10 ** (3 - digits)}"
        for digits in (0, 3)
        if (codes := [code for code, found in EXPONENTS.items() if found == digits])
    )
    return f"CASE{cases} ELSE 10 END"


def _listed(values: Sequence[str]) -> str:
    """Constants of our own, never anything that somebody entered."""
    return f"({', '.join(repr(str(value)) for value in values)})"
