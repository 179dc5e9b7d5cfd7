"""What agreements come to, said once in SQL. `finance.services.dues` says the same in Python.

Amounts are counted in whole thousandths and percentages in whole hundredths, so that nothing is
rounded on the way, on SQLite neither; the result is rounded once, half up, to the digits of the
currency.
"""

from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    Expression,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from customers.models import Attendance
from finance.models.expenses import COST, Expense
from finance.models.ledger import LedgerKind, LedgerLine
from nova_project.currencies import EXPONENTS
from nova_project.money import MoneyField

_GROSS = (LedgerKind.SALE, LedgerKind.REFUND)
_FEES = (LedgerKind.EVENTBRITE_FEE, LedgerKind.PROCESSING_FEE)
_KINDS_OF_BASE: dict[str, tuple[LedgerKind, ...]] = {
    "gross": _GROSS,
    "gross_less_tax": (*_GROSS, LedgerKind.TAX),
    "net_sales": (*_GROSS, LedgerKind.TAX, *_FEES),
    "net_sales_less_expenses": (*_GROSS, LedgerKind.TAX, *_FEES),
}


def _codes(digits: int) -> str:
    return ", ".join(f"'{code}'" for code, own in EXPONENTS.items() if own == digits)


# Read from the inside: what goes in; in whole numbers; shares and bonuses; the sum; rounded. A
# share is in parts of 10,000 (100 % in hundredths) of thousandths. LIMIT keeps the databases from
# working out an inner value anew at each of its uses.
_SQL = f"""(
SELECT (exact + unit / 2) / unit * unit / 10000 * 0.001 FROM (
  SELECT unit, bonus * 10000 + CASE kind
    WHEN 'flat' THEN fixed
    WHEN 'door_split' THEN share
    WHEN 'plus' THEN fixed + above
    WHEN 'versus' THEN CASE WHEN fixed > share THEN fixed ELSE share END
    ELSE paid_seats * per_seat * 10000 END AS exact
  FROM (
    SELECT kind, unit, per_seat, guarantee * 10000 AS fixed,
      CASE WHEN base > 0 THEN base * percentage ELSE 0 END AS share,
      CASE WHEN base > split_point THEN (base - split_point) * percentage ELSE 0 END AS above,
      CASE WHEN seats > above_seats THEN seats - above_seats ELSE 0 END AS paid_seats,
      (SELECT COALESCE(CAST(ROUND(SUM(step.amount) * 1000) AS bigint), 0)
       FROM finance_bonusstep step WHERE step.agreement_id = whole.id
       AND (step.from_seats <= seats OR CAST(ROUND(step.from_base * 1000) AS bigint) <= base)
      ) AS bonus
    FROM (
      SELECT id, kind, seats, COALESCE(above_seats, 0) AS above_seats,
        CAST(ROUND(base * 1000) AS bigint) AS base,
        CAST(ROUND(COALESCE(guarantee, 0) * 1000) AS bigint) AS guarantee,
        CAST(ROUND(COALESCE(split_point, 0) * 1000) AS bigint) AS split_point,
        CAST(ROUND(COALESCE(per_seat, 0) * 1000) AS bigint) AS per_seat,
        CAST(ROUND(COALESCE(percentage, 0) * 100) AS bigint) AS percentage,
        CASE WHEN currency IN ({_codes(0)}) THEN 10000000
             WHEN currency IN ({_codes(3)}) THEN 10000 ELSE 100000 END AS unit
      FROM (SELECT {{given}} LIMIT 1) given LIMIT 1
    ) whole LIMIT 1
  ) parts LIMIT 1
) added
)"""
_OWN = ("id", "kind", "currency", "guarantee", "percentage", "split_point", "per_seat")


class Due(Func):
    """What the performer of an agreement is due, in its currency; never negative."""

    output_field: Any = MoneyField()
    names = (*_OWN, "above_seats", "seats", "base")

    def __init__(self) -> None:
        super().__init__(*map(F, self.names[:-2]), _seats(), _base())

    def copy(self) -> "Due":
        copied = Due.__new__(Due)
        copied.__dict__ = self.__dict__.copy()
        copied.source_expressions = self.source_expressions[:]
        return copied

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        parts: list[str] = []
        params: list[Any] = []
        for name, source in zip(self.names, self.get_source_expressions(), strict=True):
            sql, own = compiler.compile(source)
            parts.append(f"{sql} AS {name}")
            params += own
        return _SQL.format(given=", ".join(parts)), tuple(params)


def _seats() -> Expression:
    """The valid seats of the agreement's show."""
    counted = Attendance.objects.valid().filter(event=OuterRef("event")).order_by()
    seats = Subquery(counted.values("event").annotate(n=Count("pk")).values("n"))
    return Coalesce(seats, Value(0), output_field=IntegerField())


def _base() -> Expression:
    """What the agreement is a share of, as the ledger and the show's own expenses have it."""
    of_show = {"event": OuterRef("event"), "currency": OuterRef("currency")}
    costs = _total(Expense.objects.counted().filter(**of_show), COST)
    sums = {
        base: _total(LedgerLine.objects.filter(kind__in=kinds, **of_show))
        for base, kinds in _KINDS_OF_BASE.items()
    }
    cases = [
        When(base=base, then=amount - costs if base == "net_sales_less_expenses" else amount)
        for base, amount in sums.items()
    ]
    return Case(*cases, default=Value(Decimal(0)), output_field=MoneyField())


def _total(rows: QuerySet[Any], amount: Any = "amount") -> Expression:
    sums = rows.order_by().values("event").annotate(total=Sum(amount)).values("total")
    return Coalesce(Subquery(sums), Value(Decimal(0)), output_field=MoneyField())
