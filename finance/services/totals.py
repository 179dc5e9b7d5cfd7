"""The money of shows added up: by show type, month and period, never across currencies."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

from finance.services.figures import AMOUNTS, EventMoney, Figures, PeriodMoney, ShowTypeMoney
from nova_project.money import ZERO, company_currency
from nova_project.periods import Period


def totals(rows: Iterable[EventMoney | ShowTypeMoney]) -> list[PeriodMoney]:
    """The sums of `rows`, a row per currency, the company's first."""
    by_currency = _grouped(rows, lambda row: row.currency)
    ordered = sorted(by_currency, key=lambda code: (code != company_currency(), code))
    return [_total(currency, by_currency[currency]) for currency in ordered]


def show_type_totals(rows: Iterable[EventMoney]) -> list[ShowTypeMoney]:
    """The sums of `rows` by show type and currency: by name, those without a type last."""
    groups = _grouped(rows, lambda row: (row.show_type, row.show_type_id, row.currency))
    ordered = sorted(groups, key=lambda group: (group[1] is None, group[0].casefold(), group[2]))
    return [
        ShowTypeMoney(
            show_type=group[0],
            show_type_id=group[1],
            currency=group[2],
            events=len(groups[group]),
            **sums(groups[group]),
        )
        for group in ordered
    ]


def month_totals(rows: Iterable[EventMoney], currency: str) -> list[tuple[date, PeriodMoney]]:
    """The sums of those of `rows` in `currency` by month, from the first month with a row to the
    last; months are named by their first day, and one without rows is all zero.
    """
    by_month = _grouped(
        (row for row in rows if row.currency == currency), lambda row: row.starts_on.replace(day=1)
    )
    if not by_month:
        return []
    months = Period.inclusive(min(by_month), max(by_month)).months()
    return [(month, _total(currency, by_month.get(month, []))) for month in months]


def _grouped(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _total(currency: str, rows: Sequence[EventMoney | ShowTypeMoney]) -> PeriodMoney:
    return PeriodMoney(currency=currency, events=sum(row.events for row in rows), **sums(rows))


_amounts = attrgetter(*AMOUNTS)


def sums(rows: Sequence[Figures]) -> dict[str, Any]:
    """Seats and amounts of rows in one currency; seats are None where one of them is not known."""
    columns = zip(*map(_amounts, rows), strict=True) if rows else ((),) * len(AMOUNTS)
    amounts = {name: sum(column, ZERO) for name, column in zip(AMOUNTS, columns, strict=True)}
    seats = [row.seats for row in rows if row.seats is not None]
    return {"seats": sum(seats) if len(seats) == len(rows) else None, **amounts}
