"""Closing shows, opening them again, and noticing when a closed one's figures move."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from events.models import Event
from finance.models import MovedSettlement, Settlement, SettlementReopening
from finance.services.figures import EventMoney
from finance.services.profit import event_money
from finance.services.settling import (
    ASIDE,
    LABELS,
    Sheet,
    as_figures,
    frozen_sheet,
    ladder,
    sheet_of,
)
from nova_project.bulk import upsert
from nova_project.money import ZERO, format_money, quantize


@transaction.atomic
def close_settlement(*, event: Event, user: Any) -> Settlement:
    """Freezes the figures of a show as its next version.

    Locks the event, so that two people closing together make one version.
    Raises ValidationError: it is closed (`closed`), or it is not over yet (`not_over`).
    """
    event = Event.objects.select_for_update().get(pk=event.pk)
    if event.end_at > timezone.now():
        raise ValidationError("The show is not over yet: close it afterwards.", code="not_over")
    if standing := event.settlements.standing().first():
        raise ValidationError(
            f"The show is closed already, as version {standing.version}.", code="closed"
        )
    sheet = sheet_of(event)
    last = event.settlements.aggregate(last=Max("version"))["last"] or 0
    settlement = Settlement(
        event=event,
        version=last + 1,
        currency=sheet.currency,
        net_revenue=sheet.net_revenue,
        figures=as_figures(sheet),
        closed_by=user,
    )
    settlement.full_clean()
    settlement.save()
    return settlement


@transaction.atomic
def reopen_settlement(*, event: Event, user: Any, reason: str) -> SettlementReopening:
    """Opens the closed version of a show again; its figures stay as they were.

    Raises ValidationError: nothing is closed (`open`), or no reason is given.
    """
    event = Event.objects.select_for_update().get(pk=event.pk)
    standing = event.settlements.standing().first()
    if standing is None:
        raise ValidationError("The show is not closed, so there is nothing to open.", code="open")
    reopening = SettlementReopening(settlement=standing, reason=reason.strip(), reopened_by=user)
    reopening.full_clean()
    reopening.save()
    MovedSettlement.objects.filter(settlement=standing).delete()
    return reopening


def to_be_settled(events: QuerySet[Event]) -> QuerySet[Event]:
    """Those that are over, were played, and are not closed."""
    standing = Settlement.objects.standing().filter(event=OuterRef("pk"))
    return events.played_or_planned().filter(~Exists(standing), end_at__lt=timezone.now())  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Move:
    """A rung whose amount is another than when the show was closed."""

    key: str
    label: str
    frozen: Decimal
    now: Decimal

    @property
    def change(self) -> Decimal:
        return self.now - self.frozen


def moves(frozen: Sheet, now: Sheet) -> list[Move]:
    """The rungs that moved, in the order of the ladder."""
    return list(_moves(frozen, {rung.key: rung.amount for rung in now.rungs}))


def _moves(frozen: Sheet, now: dict[str, Decimal]) -> Iterator[Move]:
    for key, label in LABELS.items():
        then, amount = frozen.amount(key), quantize(now.get(key, ZERO), frozen.currency)
        if then is not None and then != amount:
            yield Move(key, label, then, amount)


@transaction.atomic
def compare_settlements(event_ids: Iterable[int] | None = None) -> int:
    """Notes which closed shows have other figures by now, of all or of these events.

    What came into the bank since is no move: deposits arrive after a show is closed. Returns how
    many have moved. Eleven queries, however many shows are closed.
    """
    standing = Settlement.objects.standing().select_related("event")
    if event_ids is not None:
        standing = standing.filter(event__in=list(event_ids))
    settlements = list(standing.order_by("pk"))
    own: dict[int, EventMoney] = {}
    of_closed = Event.objects.filter(pk__in=standing.order_by().values("event"))
    for row in event_money(of_closed) if settlements else ():
        own.setdefault(row.event_id, row)
    moved = [
        (settlement.pk, own[settlement.event_id].net_revenue, words)
        for settlement in settlements
        if (words := _words(settlement, own[settlement.event_id]))
    ]
    gone = MovedSettlement.objects.filter(settlement__in=standing.order_by().values("pk"))
    gone.exclude(settlement__in=[pk for pk, *_ in moved]).delete()
    upsert(
        MovedSettlement,
        moved,
        fields=("settlement_id", "net_revenue", "words"),
        key="settlement_id",
    )
    return len(moved)


def _words(settlement: Settlement, now: EventMoney) -> str:
    """What moved, in a sentence; "" where nothing did."""
    frozen = frozen_sheet(settlement)
    rungs = ladder(now, expected_payout=ZERO, deposited=ZERO)
    amounts = {rung.key: rung.amount for rung in rungs if not rung.is_aside}
    found = [move for move in _moves(frozen, amounts) if move.key not in ASIDE]
    told = [
        f"{move.label} {format_money(move.frozen, frozen.currency)} → "
        f"{format_money(move.now, frozen.currency)}"
        for move in found
    ]
    return "; ".join(told)[:500]
