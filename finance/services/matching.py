"""Which events a deposit may pay for, and why: reading only, nothing is decided here.

Certain is a deposit with exactly the amount that is expected, where its reference names the events
by Eventbrite's id, or where no other event or sum of events fits within the usual days. Whatever
else speaks for an event is a suggestion, with its evidence in words.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

from django.conf import settings

from events.models import Event
from finance.models import Deposit
from finance.services.payouts import Payout, last_day, payouts_of
from nova_project.money import format_money

_ID = re.compile(r"(?<!\d)\d{6,20}(?!\d)")
_LARGEST_SUM = 4
_MOST_SUMS = 5_000
"""Sums of several events are looked for up to so many; a busier window tries smaller sums only."""
_LOOK_BACK = timedelta(days=400)
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The events that a deposit may pay for, with the amount of each, and what speaks for it."""

    parts: tuple[tuple[Payout, Decimal], ...]
    evidence: str
    is_certain: bool = False
    is_by_reference: bool = False

    @property
    def amounts(self) -> dict[int, Decimal]:
        """What each event would get, by its id."""
        return {payout.event_id: amount for payout, amount in self.parts if payout.event_id}


@dataclass(frozen=True, slots=True)
class Arrival:
    """What of a deposit no event has yet, and what its bank says of it."""

    deposit_id: int
    booked_on: date
    currency: str
    amount: Decimal
    text: str

    @classmethod
    def of(cls, deposit: Deposit) -> "Arrival":
        """Of a deposit that was read `with_matched`."""
        text = f"{deposit.description} {deposit.counterparty} {deposit.external_id}"
        rest = deposit.unmatched  # type: ignore[attr-defined]
        return cls(deposit.pk, deposit.booked_on, deposit.currency, rest, text)


def _due_on(payout: Payout) -> date:
    return payout.due_on


@dataclass(slots=True)
class Outlook:
    """The payouts of which something is still expected, or that a deposit names, and what waits."""

    payouts: Sequence[Payout]
    arrivals: Sequence[Arrival]
    by_amount: dict[tuple[str, Decimal], list[Payout]] = field(
        default_factory=lambda: defaultdict(list)
    )
    by_id: dict[str, list[Payout]] = field(default_factory=lambda: defaultdict(list))
    rivals: dict[tuple[str, Decimal], list[Arrival]] = field(
        default_factory=lambda: defaultdict(list)
    )

    by_due: dict[str, list[Payout]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        waiting = [payout for payout in self.payouts if payout.outstanding]
        for payout in sorted(waiting, key=_due_on):
            self.by_due[payout.currency].append(payout)
            self.by_amount[payout.currency, payout.outstanding].append(payout)
        for payout in self.payouts:
            self.by_id[payout.reference].append(payout)
        for arrival in self.arrivals:
            self.rivals[arrival.currency, arrival.amount].append(arrival)

    def near(self, arrival: Arrival) -> list[Payout]:
        """Payouts in its currency that are usually paid around the day it was booked."""
        due = self.by_due.get(arrival.currency, [])
        spread = last_day(arrival.booked_on) - arrival.booked_on
        first = bisect_left(due, arrival.booked_on - spread, key=_due_on)
        return due[first : bisect_right(due, arrival.booked_on, key=_due_on)]


def fits_day(payout: Payout, arrival: Arrival) -> bool:
    return payout.due_on <= arrival.booked_on <= last_day(payout.due_on)


def outlook_of(deposits: Iterable[Deposit], rivals: Iterable[Deposit] = ()) -> Outlook:
    """What `deposits`, read `with_matched`, may be matched to. Four queries.

    `rivals` are the other deposits that might claim the same events. Events of the 400 days before
    the first deposit are looked at, and those whose id a reference names.
    """
    arrivals = [Arrival.of(deposit) for deposit in deposits]
    others = [Arrival.of(deposit) for deposit in rivals]
    if not arrivals:
        return Outlook([], [])
    first = min(arrival.booked_on for arrival in arrivals) - _LOOK_BACK
    last = max(arrival.booked_on for arrival in arrivals)
    near = Event.objects.filter(starts_on__gte=first, starts_on__lte=last)
    ids = {found for arrival in arrivals for found in _ID.findall(arrival.text)}
    named = Event.objects.filter(eventbrite_id__among=ids)
    keys = near.order_by().values("pk").union(named.order_by().values("pk"))
    events = Event.objects.filter(pk__in=keys).order_by("starts_on", "pk")
    payouts = [row for row in payouts_of(events) if row.outstanding or row.reference in ids]
    return Outlook(payouts, [*arrivals, *others])


def certain(arrival: Arrival, outlook: Outlook) -> Suggestion | None:
    """The one suggestion that is certain, if there is one; quick where there is none."""
    exact = outlook.by_amount.get((arrival.currency, arrival.amount), [])
    if not exact and not any(name in outlook.by_id for name in _ID.findall(arrival.text)):
        return None
    return next((found for found in suggest(arrival, outlook) if found.is_certain), None)


def suggest(arrival: Arrival, outlook: Outlook) -> list[Suggestion]:
    """What may be matched, the likeliest first; empty where nothing speaks for any event."""
    if named := list(_by_reference(arrival, outlook)):
        return named
    near = outlook.near(arrival)
    exact = outlook.by_amount.get((arrival.currency, arrival.amount), [])
    in_time = [payout for payout in exact if fits_day(payout, arrival)]
    sums = list(_sums(arrival, near))
    found = list(_exact(arrival, in_time, sums, outlook))
    found += [_sum_of(arrival, parts, len(in_time) + len(sums)) for parts in sums[:_SHOWN]]
    found += [_late(arrival, p) for p in exact if not fits_day(p, arrival)][:_SHOWN]
    found += list(_with_another(arrival, near, outlook))[:_SHOWN]
    known = {part[0].event_id for suggestion in found for part in suggestion.parts}
    found += [s for s in _by_name(arrival, near) if s.parts[0][0].event_id not in known][:_SHOWN]
    return found


def _by_reference(arrival: Arrival, outlook: Outlook) -> Iterator[Suggestion]:
    named = [
        payout
        for eventbrite_id in dict.fromkeys(_ID.findall(arrival.text))
        for payout in outlook.by_id.get(eventbrite_id, ())
        if payout.currency == arrival.currency
    ]
    if not named:
        return
    expected = sum((payout.outstanding for payout in named), Decimal(0))
    what = f"show {named[0].reference}" if len(named) == 1 else f"{len(named)} shows by their ids"
    if expected == arrival.amount:
        parts = tuple((payout, payout.outstanding) for payout in named if payout.outstanding)
        words = f"The reference names {what}, and the amount is exactly what is expected."
        yield Suggestion(parts, words, is_certain=True, is_by_reference=True)
    elif len(named) == 1:
        shown = f"{format_money(expected, arrival.currency)} are" if expected else "nothing more is"
        words = f"The reference names {what}; {shown} expected for it."
        yield Suggestion(((named[0], arrival.amount),), words, is_by_reference=True)
    elif 0 < expected / arrival.amount < 1:
        parts = tuple((payout, payout.outstanding) for payout in named if payout.outstanding)
        rest = format_money(arrival.amount - expected, arrival.currency)
        words = f"The reference names {what}; {rest} would be left without a show."
        yield Suggestion(parts, words, is_by_reference=True)


def _exact(
    arrival: Arrival,
    in_time: Sequence[Payout],
    sums: Sequence[Sequence[Payout]],
    outlook: Outlook,
) -> Iterator[Suggestion]:
    """Events with exactly this amount. One alone is certain, unless another deposit claims it."""
    for payout in in_time[:_SHOWN]:
        others = len(in_time) + len(sums) - 1
        rivals = [
            rival
            for rival in outlook.rivals[arrival.currency, arrival.amount]
            if rival.deposit_id != arrival.deposit_id and fits_day(payout, rival)
        ]
        words = f"Exactly what is expected for it, booked {_after(payout, arrival)}"
        if others:
            words += f"; but {_counted(others, 'other show or sum of shows fits', 'others fit')}."
        elif rivals:
            words += "; but another deposit of the same amount may be the one."
        else:
            words += "; nothing else fits."
        if _has_name(payout, arrival):
            words += " The reference bears its name."
        yield Suggestion(((payout, arrival.amount),), words, is_certain=not others and not rivals)


def _sums(arrival: Arrival, near: Sequence[Payout]) -> Iterator[tuple[Payout, ...]]:
    """Two to four events that are together exactly this amount."""
    tried = 0
    for size in range(2, _LARGEST_SUM + 1):
        for parts in combinations(near, size):
            tried += 1
            if tried > _MOST_SUMS:
                return
            if sum(payout.outstanding for payout in parts) == arrival.amount:
                yield parts


def _sum_of(arrival: Arrival, payouts: Sequence[Payout], candidates: int) -> Suggestion:
    words = f"Exactly what is expected for these {len(payouts)} shows together"
    if candidates > 1:
        fit = _counted(candidates - 1, "other show or sum of shows fits", "others fit")
        words += f"; but {fit}."
    else:
        words += "; a sum may fit by chance, so look before you accept."
    return Suggestion(tuple((payout, payout.outstanding) for payout in payouts), words)


def _late(arrival: Arrival, payout: Payout) -> Suggestion:
    words = f"Exactly what is expected for it, but booked {_after(payout, arrival)}."
    return Suggestion(((payout, arrival.amount),), words)


def _with_another(
    arrival: Arrival, near: Sequence[Payout], outlook: Outlook
) -> Iterator[Suggestion]:
    """Events that this deposit and one other make up together."""
    for payout in near:
        rest = payout.outstanding - arrival.amount
        if not rest or (rest > 0) != (arrival.amount > 0):
            continue
        for other in outlook.rivals.get((arrival.currency, rest), ()):
            if other.deposit_id != arrival.deposit_id and fits_day(payout, other):
                shown = format_money(rest, arrival.currency)
                words = f"With the {shown} of {other.booked_on:%-d %b} exactly what is expected."
                yield Suggestion(((payout, arrival.amount),), words)
                break


def _by_name(arrival: Arrival, near: Sequence[Payout]) -> Iterator[Suggestion]:
    for payout in near:
        if _has_name(payout, arrival):
            shown = format_money(payout.outstanding, arrival.currency)
            words = f"The reference bears its name; {shown} are expected for it."
            yield Suggestion(((payout, arrival.amount),), words)


def _has_name(payout: Payout, arrival: Arrival) -> bool:
    name = " ".join(payout.name.casefold().split())
    return len(name) >= 5 and name in " ".join(arrival.text.casefold().split())


def _after(payout: Payout, arrival: Arrival) -> str:
    ended_on = payout.due_on - timedelta(days=settings.NOVA_PAYOUT_DAYS)
    days = (arrival.booked_on - ended_on).days
    if days < 0:
        return f"{_counted(-days, 'day', 'days')} before the end of the show"
    return f"{_counted(days, 'day', 'days')} after the show"


def _counted(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {many}"
