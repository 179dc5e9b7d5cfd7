"""Matching deposits to events, taking that back, and leaving what is no payout."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from events.models import Event
from finance.models import (
    Deposit,
    DepositMatch,
    DepositSource,
    LedgerLine,
    LockedMonth,
    MatchOrigin,
)
from finance.models.payouts import refuse_locked
from finance.services.matching import Arrival, Outlook, Suggestion, certain, outlook_of, suggest
from nova_project.lock import exclusive
from nova_project.money import check_amount_fits, format_money

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{5,}")
_EVIDENCE = 300


@transaction.atomic
def match_deposit(
    *,
    deposit: Deposit,
    parts: Mapping[int, Decimal],
    origin: MatchOrigin = MatchOrigin.BY_HAND,
    evidence: str = "",
    user: Any = None,
) -> list[DepositMatch]:
    """Says which events a deposit pays for: amounts in its currency, by event id.

    Locks the deposit, so two people cannot match the same money. Raises ValidationError: more than
    is left of it (`too_much`), an amount of nothing, an event of another currency
    (`other_currency`) or matched to it already (`known`), its month is locked (`locked`).
    """
    Deposit.objects.select_for_update().get(pk=deposit.pk)
    deposit = Deposit.objects.with_matched().get(pk=deposit.pk)
    refuse_locked([deposit.booked_on], what="deposits and matches")
    if deposit.left_at:
        raise ValidationError(
            "This deposit was left as no payout. Take it back first.", code="left"
        )
    _refuse_amounts(deposit, parts)
    _refuse_events(deposit, parts)
    matches = []
    # Money taken back goes first: the database adds up after every row.
    for event_id, amount in sorted(parts.items(), key=lambda part: part[1] * deposit.amount):
        match = DepositMatch(
            deposit=deposit,
            event_id=event_id,
            amount=amount,
            currency=deposit.currency,
            origin=origin,
            evidence=evidence[:_EVIDENCE],
        )
        _save(match, user)
        matches.append(match)
    return matches


def _save(row: Deposit | DepositMatch, user: Any) -> None:
    row._history_user = user  # type: ignore[union-attr]
    row.save()


def _refuse_amounts(deposit: Deposit, parts: Mapping[int, Decimal]) -> None:
    if not parts or not all(parts.values()):
        raise ValidationError("Give each show an amount other than zero.", code="nothing")
    for amount in parts.values():
        check_amount_fits(amount, deposit.currency)
    total = sum(parts.values(), Decimal(0))
    left = Arrival.of(deposit).amount
    is_beyond = abs(total) > abs(left) or total * deposit.amount <= 0
    if is_beyond:
        raise ValidationError(
            "The amounts add up to %(total)s, and %(left)s of this deposit is left. Change them so "
            "that they fit.",
            code="too_much",
            params={
                "total": format_money(total, deposit.currency),
                "left": format_money(left, deposit.currency),
            },
        )


def _refuse_events(deposit: Deposit, parts: Mapping[int, Decimal]) -> None:
    events = {event.pk: event for event in Event.objects.filter(pk__in=parts)}
    if missing := parts.keys() - events.keys():
        raise ValidationError(f"There is no show {min(missing)} any more.", code="gone")
    for match in deposit.matches.filter(event__in=parts).select_related("event"):
        raise ValidationError(
            f"{match.event} has a part of this deposit already. Undo that match first.",
            code="known",
        )
    foreign = [event for event in events.values() if event.currency != deposit.currency]
    sold = LedgerLine.objects.filter(event__in=foreign, currency=deposit.currency)
    known = set(sold.order_by().values_list("event_id", flat=True)) if foreign else set()
    for event in foreign:
        if event.pk not in known:
            raise ValidationError(
                f"{event} is in {event.currency}, the deposit in {deposit.currency}. Amounts of "
                "two currencies are never added.",
                code="other_currency",
            )


@transaction.atomic
def undo_match(*, match: DepositMatch, user: Any = None) -> None:
    """Takes a match back; its deposit waits for an event again. Its history keeps it.

    Raises ValidationError (`locked`): the deposit is of a locked month.
    """
    refuse_locked([match.deposit.booked_on], what="deposits and matches")
    match._history_user = user  # type: ignore[attr-defined]
    match.delete()


@transaction.atomic
def leave_deposits(
    *, deposits: QuerySet[Deposit], because: str = "No payout.", user: Any = None
) -> int:
    """Takes these out of those that wait for an event; returns how many. Matched ones stay.

    Raises ValidationError (`locked`): one of them is of a locked month.
    """
    waiting = Deposit.objects.filter(pk__in=deposits.values("pk"), left_at=None, matches=None)
    rows = list(waiting.order_by("pk"))
    refuse_locked([deposit.booked_on for deposit in rows], what="deposits and matches")
    for deposit in rows:
        deposit.left_at, deposit.left_because = timezone.now(), because[:200]
        _save(deposit, user)
    return len(rows)


@transaction.atomic
def take_back(*, deposits: QuerySet[Deposit], user: Any = None) -> int:
    """Lets deposits that were left wait for an event again; returns how many.

    Raises ValidationError (`locked`): one of them is of a locked month.
    """
    rows = list(deposits.exclude(left_at=None).order_by("pk"))
    refuse_locked([deposit.booked_on for deposit in rows], what="deposits and matches")
    for deposit in rows:
        deposit.left_at, deposit.left_because = None, ""
        _save(deposit, user)
    return len(rows)


def match_certain() -> int:
    """Matches every waiting deposit whose events are certain; returns how many deposits.

    Those of locked months are left alone. One run at a time; a second one meanwhile does nothing.
    Some ten queries, however many deposits wait, and the writes.
    """
    with exclusive("match-deposits") as is_mine:
        if not is_mine:
            return 0
        with transaction.atomic():
            _leave_paid_twice()
            return _match_waiting()


def _waiting() -> list[Deposit]:
    locked = LockedMonth.objects.months()
    rows = Deposit.objects.unmatched().order_by("booked_on", "pk")
    return [row for row in rows if row.booked_on.replace(day=1) not in locked]


def _match_waiting() -> int:
    waiting = _waiting()
    certain_ones = _still_so(_without_rivals(outlook_of(waiting)))
    rows = []
    for arrival, suggestion in certain_ones:
        # Money taken back goes first: the database adds up after every row.
        ordered = sorted(suggestion.amounts.items(), key=lambda part: part[1] * arrival.amount)
        rows += [
            DepositMatch(
                deposit_id=arrival.deposit_id,
                event_id=event_id,
                amount=amount,
                currency=arrival.currency,
                origin=MatchOrigin.AUTOMATIC,
                evidence=suggestion.evidence[:_EVIDENCE],
            )
            for event_id, amount in ordered
        ]
    bulk_create_with_history(rows, DepositMatch, batch_size=500)
    return len(certain_ones)


_Pairs = list[tuple[Arrival, Suggestion]]


def _still_so(pairs: _Pairs) -> _Pairs:
    """Locks these deposits; those that somebody matched meanwhile are left out."""
    ids = [arrival.deposit_id for arrival, _ in pairs]
    list(Deposit.objects.filter(pk__among=ids).order_by("pk").select_for_update().values("pk"))
    now = map(Arrival.of, Deposit.objects.unmatched().filter(pk__among=ids))
    rest = {arrival.deposit_id: arrival.amount for arrival in now}
    matches = DepositMatch.objects.filter(deposit__id__among=ids)
    known = set(matches.values_list("deposit_id", "event_id"))
    return [
        (arrival, suggestion)
        for arrival, suggestion in pairs
        if rest.get(arrival.deposit_id) == arrival.amount
        and not known & {(arrival.deposit_id, event_id) for event_id in suggestion.amounts}
    ]


def _without_rivals(outlook: Outlook) -> _Pairs:
    """The certain suggestions, those by reference first; each payout is given away once."""
    looked_at = ((arrival, certain(arrival, outlook)) for arrival in outlook.arrivals)
    found = [(arrival, suggestion) for arrival, suggestion in looked_at if suggestion]
    found.sort(key=lambda pair: not pair[1].is_by_reference)
    given: set[tuple[int, str]] = set()
    kept = []
    for arrival, suggestion in found:
        keys = {(event_id, arrival.currency) for event_id in suggestion.amounts}
        if not keys & given:
            given |= keys
            kept.append((arrival, suggestion))
    return kept


def _leave_paid_twice() -> None:
    """Leaves lines of a bank that a payout export tells of, too, by their payout id and amount."""
    exported = Deposit.objects.filter(source=DepositSource.PAYOUT_EXPORT).exclude(external_id="")
    sums = exported.order_by().values_list("external_id", "currency").annotate(total=Sum("amount"))
    known = {(payout_id, code): total for payout_id, code, total in sums}
    if not known:
        return
    twice: dict[int, str] = {}
    banks = (DepositSource.STATEMENT, DepositSource.OFX)
    for deposit in _waiting():
        if deposit.source in banks and (payout_id := _payout_id(deposit, known)):
            twice[deposit.pk] = payout_id
    _leave_each(twice)


def _payout_id(deposit: Deposit, known: Mapping[tuple[str, str], Decimal]) -> str:
    for word in _WORD.findall(f"{deposit.description} {deposit.external_id}"):
        if known.get((word, deposit.currency)) == deposit.amount:
            return str(word)
    return ""


def _leave_each(twice: Mapping[int, str]) -> None:
    for pk, payout_id in twice.items():
        because = f"The payout export has payout {payout_id} show by show: the same money."
        leave_deposits(deposits=Deposit.objects.filter(pk=pk), because=because)


def suggestions_for(deposits: Sequence[Deposit]) -> dict[int, list[Suggestion]]:
    """Suggestions by deposit, for deposits that were read `with_matched`. Five queries."""
    if not deposits:
        return {}
    chosen = {deposit.pk for deposit in deposits}
    around = timedelta(days=settings.NOVA_PAYOUT_LATE_DAYS)
    days = [deposit.booked_on for deposit in deposits]
    rivals = Deposit.objects.unmatched().filter(
        booked_on__gte=min(days) - around, booked_on__lte=max(days) + around
    )
    outlook = outlook_of(deposits, (rival for rival in rivals if rival.pk not in chosen))
    by_id = {arrival.deposit_id: arrival for arrival in outlook.arrivals}
    return {pk: suggest(by_id[pk], outlook) for pk in chosen}
