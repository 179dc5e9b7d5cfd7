"""Computing totals again from their sources, and naming each that differs. Changes nothing.

Each rule is one or two statements over whole tables; only what differs comes out of the database.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Greatest, Least

from customers.models import Order, OrderStatus
from customers.models.ticketing import PAID_STATUSES
from customers.services import wrong_rollups
from events.models import Event
from finance.models import COST, CheckRule, Expense, ExpenseShare, LedgerKind, LedgerLine
from finance.models.expenses import IS_COUNTED
from finance.services.profit import event_money
from finance.services.totals import totals
from nova_project.models import sum_of
from nova_project.money import ZERO, MoneyField, quantize

_AT_A_TIME = 1_000


class Difference(NamedTuple):
    """A figure of a record that is not what its sources add up to."""

    rule: str
    model: str
    record_id: int | None
    record: str
    figure: str
    kept: str
    computed: str
    currency: str = ""


def all_differences() -> Iterator[Difference]:
    """Those of every rule, in the order of `CheckRule`. A constant number of statements."""
    for rule in CheckRule:
        yield from _RULES[rule]()


class _Compared(NamedTuple):
    """A record whose amounts a rule compares."""

    rule: CheckRule
    model: str
    pk: int | None
    name: str
    currency: str

    def differences(self, figure: str, kept: Any, computed: Any) -> Iterator[Difference]:
        """One, if the amounts differ as people write them; SQLite gives sums as floats."""
        mine, theirs = self._shown(kept), self._shown(computed)
        if mine != theirs:
            yield Difference(
                self.rule, self.model, self.pk, self.name, figure, mine, theirs, self.currency
            )

    def _shown(self, amount: Any) -> str:
        return str(quantize(Decimal(str(amount)), self.currency))


_SIGNED = {
    LedgerKind.SALE: "gross_paid",
    LedgerKind.TAX: "-tax",
    LedgerKind.EVENTBRITE_FEE: "-eventbrite_fee",
    LedgerKind.PROCESSING_FEE: "-payment_fee",
    LedgerKind.REFUND: "-refund",
}
"""What the lines of a kind add up to, as columns of the order."""
_KINDS = tuple(_SIGNED)
_POSTED = "SELECT order_id, event_id, currency, {sums} FROM finance_ledgerline GROUP BY 1, 2, 3"
_DUE = "SELECT id, eventbrite_id, event_id, currency, {amounts} FROM customers_order"
_ORDERS = """
WITH posted AS ({posted}), due AS ({due})
SELECT due.id, due.eventbrite_id, due.currency, {posted_sums}, {due_sums}
FROM due LEFT JOIN posted ON posted.order_id = due.id
    AND posted.event_id = due.event_id AND posted.currency = due.currency
WHERE {differs} ORDER BY due.id
"""
_STRAY = """
WITH posted AS ({posted})
SELECT due.id, due.eventbrite_id, posted.currency, {posted_sums}, {due_sums}
FROM posted JOIN customers_order due ON due.id = posted.order_id
WHERE (posted.event_id <> due.event_id OR posted.currency <> due.currency) AND ({differs})
ORDER BY due.id
"""


def _of_orders() -> Iterator[Difference]:
    return _of_lines(CheckRule.ORDER, _ORDERS)


def _stray() -> Iterator[Difference]:
    """Lines under a show or currency that their order has no more: they must be zero in all."""
    return _of_lines(CheckRule.STRAY, _STRAY)


def _of_lines(rule: CheckRule, statement: str) -> Iterator[Difference]:
    size = len(_KINDS)
    for pk, number, currency, *sums in _rows(_filled(statement, rule)):
        order = _Compared(rule, "customers.order", pk, f"Order {number or pk}", currency)
        for kind, kept, computed in zip(_KINDS, sums[:size], sums[size:], strict=True):
            yield from order.differences(str(kind.label), kept, computed)


def _filled(statement: str, rule: CheckRule) -> str:
    """The statement with a column for every kind of line."""
    paid = ", ".join(f"'{status.value}'" for status in PAID_STATUSES)  # our own constants
    sums = [f"SUM(CASE WHEN kind = '{kind}' THEN amount ELSE 0 END) AS {kind}" for kind in _KINDS]
    amounts = [
        f"CASE WHEN status IN ({paid}) THEN {column} ELSE 0 END AS {kind}"
        for kind, column in _SIGNED.items()
    ]
    posted = [f"COALESCE(posted.{kind}, 0)" for kind in _KINDS]
    due = [f"due.{kind}" if rule == CheckRule.ORDER else "0" for kind in _KINDS]
    pairs = zip(posted, due, strict=True)
    return statement.format(
        posted=_POSTED.format(sums=", ".join(sums)),
        due=_DUE.format(amounts=", ".join(amounts)),
        posted_sums=", ".join(posted),
        due_sums=", ".join(due),
        differs=" OR ".join(f"ROUND({mine} - {theirs}, 3) <> 0" for mine, theirs in pairs),
    )


def _rows(statement: str) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_AT_A_TIME):
            yield from rows


_ORPHANS = """
SELECT line.id, line.amount, line.currency FROM finance_ledgerline line
LEFT JOIN customers_order bought ON bought.id = line.order_id
LEFT JOIN events_event event ON event.id = line.event_id
WHERE bought.id IS NULL OR event.id IS NULL ORDER BY line.id
"""


def _orphans() -> Iterator[Difference]:
    """Lines whose order or show is gone, which the database should never have let happen."""
    for pk, amount, currency in _rows(_ORPHANS):
        name = f"Ledger line {pk}"
        line = _Compared(CheckRule.ORPHAN, "finance.ledgerline", pk, name, currency)
        yield from line.differences("Amount", amount, ZERO)


def _refunds() -> Iterator[Difference]:
    """Orders whose refund is not the greatest of what tells of it. See `refund_of`."""
    money = MoneyField()
    fall = F("gross_paid") - F("gross")
    told = Greatest(fall, "refund_requested", "refund_imported", Value(ZERO), output_field=money)
    is_assumed = Q(told=0, status__in=[OrderStatus.REFUNDED, OrderStatus.CANCELLED])
    due = Case(
        When(is_assumed, then=F("gross_paid")),
        default=Least("told", "gross_paid", output_field=money),
        output_field=money,
    )
    wrong = Order.objects.annotate(told=told).annotate(due=due).exclude(refund=F("due"))
    fields = ("pk", "eventbrite_id", "refund", "due", "currency")
    for pk, number, refund, right, currency in wrong.order_by("pk").values_list(*fields).iterator():
        name = f"Order {number or pk}"
        order = _Compared(CheckRule.REFUND, "customers.order", pk, name, currency)
        yield from order.differences("Refund", refund, right)


def _customers() -> Iterator[Difference]:
    for wrong in wrong_rollups():
        kept, computed = ("" if v is None else str(v) for v in (wrong.kept, wrong.computed))
        pk, name = wrong.customer_id, f"Customer {wrong.customer_id}"
        yield Difference(
            CheckRule.CUSTOMER, "customers.customer", pk, name, wrong.figure, kept, computed
        )


def _shares() -> Iterator[Difference]:
    """Costs whose parts are not the cost. A cost that no show can bear has no parts at all."""
    parts = ExpenseShare.objects.filter(currency=F("expense__currency"))
    due = Case(
        When(IS_COUNTED, event=None, then=COST),
        default=Value(ZERO),
        output_field=MoneyField(),
    )
    wrong = (
        Expense.objects.filter(pk__in=ExpenseShare.objects.values("expense"))
        .annotate(borne=sum_of(parts, "amount", per="expense"), due=due)
        .exclude(borne=F("due"))
        .order_by("pk")
    )
    fields = ("pk", "reference", "borne", "due", "currency")
    for pk, reference, borne, right, currency in wrong.values_list(*fields).iterator():
        name = f"Expense {reference}"
        cost = _Compared(CheckRule.SHARE, "finance.expense", pk, name, currency)
        yield from cost.differences("Parts", borne, right)


def _profit() -> Iterator[Difference]:
    """The totals of the profit report over all shows against direct sums.

    Two ways to add up cannot look at one moment, so a difference counts only if it is there twice.
    """
    first = set(_profit_once())
    yield from sorted(first & set(_profit_once())) if first else ()


def _profit_once() -> Iterator[Difference]:
    reported, summed = _reported(), _summed()
    for currency, figure in reported | summed:
        shows = _Compared(CheckRule.PROFIT, "", None, "Profit of all shows", currency)
        key = currency, figure
        yield from shows.differences(figure, reported.get(key, ZERO), summed.get(key, ZERO))


_Sums = dict[tuple[str, str], Decimal]
"""Amounts by currency and figure."""
_NET, _OWN, _SHARED = "Net sales", "Own costs", "Shared costs"


def _reported() -> _Sums:
    found: _Sums = {}
    for total in totals(row for row in event_money(Event.objects.all()) if row.is_listed):
        found[total.currency, _NET] = total.net_sales
        found[total.currency, _SHARED] = total.shared_costs
        found[total.currency, _OWN] = total.direct_expenses
    return found


def _summed() -> _Sums:
    sources: tuple[tuple[str, QuerySet[Any], Any], ...] = (
        (_NET, LedgerLine.objects.all(), F("amount")),
        (_OWN, Expense.objects.counted().direct(), COST),
        (_SHARED, ExpenseShare.objects.all(), F("amount")),
    )
    return {
        (currency, figure): total
        for figure, rows, amount in sources
        for currency, total in rows.order_by().values_list("currency").annotate(total=Sum(amount))
    }


_RULES: dict[CheckRule, Callable[[], Iterator[Difference]]] = {
    CheckRule.ORDER: _of_orders,
    CheckRule.STRAY: _stray,
    CheckRule.ORPHAN: _orphans,
    CheckRule.REFUND: _refunds,
    CheckRule.CUSTOMER: _customers,
    CheckRule.SHARE: _shares,
    CheckRule.PROFIT: _profit,
}
