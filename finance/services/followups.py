"""What follow-ups brought: those who got one against those who were held out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from customers.models import Attendance, FollowUp, FollowUpMessage, MessageState, Order
from customers.models.messages import REACHED
from finance.models import LedgerLine
from finance.services.proportions import Interval, difference
from nova_project.money import ZERO, MoneyField, company_currency
from nova_project.periods import Period

LEAST = 20
"""With fewer people in either group nothing is said of a difference."""
_HELD, _REACHED, _OPEN = "held", "reached", "open"
_COMPARED = (*REACHED, MessageState.HELD_OUT)


@dataclass(frozen=True, slots=True)
class Group:
    """People of one kind whose days are over: how many, how many booked, what they brought."""

    people: int = 0
    won: int = 0
    net_sales: Decimal = ZERO

    @property
    def share(self) -> Decimal | None:
        """Of 100 people, so many booked."""
        return Decimal(100 * self.won) / self.people if self.people else None

    @property
    def net_sales_each(self) -> Decimal | None:
        return self.net_sales / self.people if self.people else None


@dataclass(frozen=True, slots=True)
class Result:
    """One follow-up. `open` are people whose days of booking are not over yet, of both groups."""

    follow_up: str
    follow_up_id: int
    days: int
    currency: str
    reached: Group = Group()
    held: Group = Group()
    open: int = 0

    @property
    def is_enough(self) -> bool:
        return min(self.reached.people, self.held.people) >= LEAST

    @property
    def lift(self) -> Decimal | None:
        """By how many in a hundred more booked; None where there are too few people to tell."""
        if not self.is_enough or self.reached.share is None or self.held.share is None:
            return None
        return self.reached.share - self.held.share

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of `lift`, as shares of 1."""
        if not self.is_enough:
            return None
        return difference(self.reached.won, self.reached.people, self.held.won, self.held.people)

    @property
    def verdict(self) -> str:
        """What it comes to, in words."""
        if self.interval is None:
            return f"Too few to tell: it takes {LEAST} people in each group."
        low, high = (round(100 * bound, 1) for bound in self.interval)
        reach = f"between {low:+} and {high:+} points".replace("-", "−")
        if low > 0:
            return f"It brings people back: {reach}."
        return f"It drives people away: {reach}." if high < 0 else f"No difference shown: {reach}."


def follow_up_results(
    period: Period | None = None, follow_ups: Iterable[int] | None = None
) -> list[Result]:
    """Each follow-up with at least one person who got it or was held out, by name. Two queries.

    A person counts once, from the first message on; a booking counts that is ordered within the
    follow-up's days after it. `period` is about the local day of that message. Net sales are those
    of the orders of these days, in the company's currency.
    """
    wanted = FollowUp.objects.all()
    if follow_ups is not None:
        wanted = wanted.filter(pk__in=follow_ups)
    groups: dict[int, dict[str, Group]] = {}
    for row in _grouped(_contacts(period, wanted)):
        group = Group(row["people"], row["won"], row["sales"] or ZERO)
        groups.setdefault(row["follow_up_id"], {})[row["kind"]] = group
    return [_result(one, groups[one.pk]) for one in wanted.order_by("name") if one.pk in groups]


def _result(follow_up: FollowUp, groups: dict[str, Group]) -> Result:
    return Result(
        follow_up=follow_up.name,
        follow_up_id=follow_up.pk,
        days=follow_up.result_days,
        currency=company_currency(),
        reached=groups.get(_REACHED, Group()),
        held=groups.get(_HELD, Group()),
        open=groups.get(_OPEN, Group()).people,
    )


def _contacts(period: Period | None, follow_ups: QuerySet[FollowUp]) -> QuerySet[Any]:
    """The first message to each person that went out or was held out. Adds `until`."""
    done = FollowUpMessage.objects.filter(state__in=_COMPARED)
    earlier = done.filter(follow_up=OuterRef("follow_up"), customer=OuterRef("customer"))
    earlier = earlier.filter(
        Q(decided_at__lt=OuterRef("decided_at"))
        | Q(decided_at=OuterRef("decided_at"), pk__lt=OuterRef("pk"))
    )
    day = Value(timedelta(days=1), DurationField())
    count = Cast("follow_up__result_days", IntegerField())  # SQLite multiplies no other kind
    days = ExpressionWrapper(count * day, DurationField())
    first = done.filter(~Exists(earlier), follow_up__in=follow_ups)
    if period is not None:
        start, end = period.moments()
        first = first.filter(decided_at__gte=start, decided_at__lt=end)
    return first.annotate(until=ExpressionWrapper(F("decided_at") + days, DateTimeField()))


def _grouped(contacts: QuerySet[Any]) -> QuerySet[Any, dict[str, Any]]:
    """By follow-up and kind: people, how many of them booked, and net sales."""
    within = {"ordered_at__gt": OuterRef("decided_at"), "ordered_at__lte": OuterRef("until")}
    orders = Order.objects.placed().filter(buyer=OuterRef("customer"), **within)
    seats = Attendance.objects.valid().filter(
        holder=OuterRef("customer"),
        order__ordered_at__gt=OuterRef("decided_at"),
        order__ordered_at__lte=OuterRef("until"),
    )
    kind = Case(
        When(until__gt=timezone.now(), then=Value(_OPEN)),
        When(state=MessageState.HELD_OUT, then=Value(_HELD)),
        default=Value(_REACHED),
        output_field=CharField(),
    )
    told = contacts.annotate(kind=kind, has_booked=Exists(orders) | Exists(seats), sold=_sold())
    return (
        told.order_by()
        .values("follow_up_id", "kind")
        .annotate(people=Count("pk"), won=Count("pk", filter=Q(has_booked=True)), sales=Sum("sold"))
    )


def _sold() -> Coalesce:
    """Net sales of the orders of a person in the days of a contact: their lines of the ledger."""
    lines = LedgerLine.objects.filter(
        order__buyer=OuterRef("customer"),
        order__ordered_at__gt=OuterRef("decided_at"),
        order__ordered_at__lte=OuterRef("until"),
        currency=company_currency(),
    )
    summed = lines.order_by().values("order__buyer").annotate(net=Sum("amount")).values("net")
    return Coalesce(Subquery(summed), Value(ZERO), output_field=MoneyField())
