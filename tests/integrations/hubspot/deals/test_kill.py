"""A run that stops anywhere between two statements is completed by the next one."""

from contextlib import suppress
from datetime import date

import pytest
from django.db import connection

from finance.models import Expense
from integrations.models import DealLink
from tests.factories import make_buyer, make_event, make_expense

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Ends a run as a kill does: nothing of Nova's catches it."""


def killing(number):
    """Ends the run before its write number `number` to the tables of this part."""
    seen = []

    def watch(execute, sql, params, many, context):
        if (
            sql.startswith(("INSERT", "UPDATE", "DELETE")) and "deal" in sql
        ) or "remotewrite" in sql:
            seen.append(sql)
            if len(seen) == number:
                raise Killed
        return execute(sql, params, many, context)

    return connection.execute_wrapper(watch)


@pytest.mark.parametrize("number", [1, 3, 8, 14, 20, 28, 36])
def test_nothing_is_lost_or_doubled(world, sync, enter, expenses, sales, number):
    show = make_event(date(2026, 3, 14), eventbrite_id="700077")
    for _ in range(3):
        enter(nova_event="700077")
        make_expense(event=show)
    make_buyer("ada@x.org", events=4)
    world.add_deal("Venue hire")

    with killing(number), suppress(Killed):
        sync()
    sync()

    assert (len(expenses()), len(sales())) == (6, 4)
    assert Expense.objects.count() == 6
    assert DealLink.objects.linked().count() == 10
    assert all(world.associated("deals", link.hubspot_id, "contacts") for link in _of_orders())
    last = sync(full=True)
    assert (last.meter.writes, last.total("created"), last.total("updated")) == (0, 0, 0)


def _of_orders():
    return DealLink.objects.filter(kind="order")
