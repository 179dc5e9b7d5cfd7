"""What staff would have agreed with performers, and the shows that they would have closed."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from events.models import Event
from finance.models import (
    AgreementStatus,
    BonusStep,
    Category,
    DealBase,
    DealKind,
    Expense,
    Performer,
    PerformerAgreement,
    Settlement,
)
from finance.services import (
    close_settlement,
    compare_settlements,
    reopen_settlement,
    to_be_settled,
)

PERFORMERS = (
    "Annika Vogt",
    "Die Nachtschwärmer",
    "Duo Farbenfroh",
    "Jonas Petersen",
    "Kollektiv Applaus",
    "Lena & The Low Notes",
    "Marek Zielinski",
    "Miss Celebration",
    "Theatersport Elbe",
    "Zirkus Kunterbunt",
)
_CLOSED = 9
"""How many of the first shows that are over get closed: bookkeepers go by date."""
_LATE = "DEMO-late-invoice"


def add_agreements() -> int:
    """Agreements with the performers of every show that has none yet; returns how many.

    They follow from the programme, so that a second demo adds nothing.
    """
    for name in PERFORMERS:
        email = f"{''.join(c for c in name.lower() if c.isascii() and c.isalpha())}@example.org"
        details = {"email": email, "payment_details": "By bank transfer within 14 days, on invoice"}
        Performer.objects.get_or_create(name=name, defaults=details)
    acts = list(Performer.objects.filter(name__in=PERFORMERS).order_by("name"))
    shows = Event.objects.played_or_planned().filter(agreements=None).order_by("start_at")
    agreements = [agreement for show in shows for agreement in _of_show(show, acts)]
    made = bulk_create_with_history(agreements, PerformerAgreement)
    steps = [step for agreement in made for step in _bonus(agreement)]
    bulk_create_with_history(steps, BonusStep)
    return len(made)


def _of_show(show: Event, acts: list[Performer]) -> Iterator[PerformerAgreement]:
    """A headliner, and a support act at every third show."""
    rng = random.Random(f"deals of {show.eventbrite_id}")
    headliner, support = rng.sample(acts, 2)
    is_past = show.starts_on < timezone.localdate()
    yield _agreement(show, headliner, _terms(rng, show), is_past)
    if rng.random() < 0.34:
        fee = {"kind": DealKind.FLAT, "guarantee": _money(show, rng.randrange(60, 160, 10))}
        yield _agreement(show, support, fee, is_past)


def _agreement(
    show: Event, act: Performer, terms: dict[str, Any], is_past: bool
) -> PerformerAgreement:
    status = AgreementStatus.PAID if is_past else AgreementStatus.AGREED
    days_old = (timezone.localdate() - show.starts_on).days
    if 0 <= days_old < 21:
        status = AgreementStatus.AGREED
    return PerformerAgreement(
        event=show,
        performer=act,
        currency=show.currency,
        status=status,
        paid_on=show.starts_on if status == AgreementStatus.PAID else None,
        **terms,
    )


def _terms(rng: random.Random, show: Event) -> dict[str, Any]:
    kind = rng.choice(list(DealKind))
    guarantee = _money(show, rng.randrange(150, 420, 10))
    share = Decimal(rng.choice([40, 50, 55, 60]))
    by_kind: dict[DealKind, dict[str, Any]] = {
        DealKind.FLAT: {"guarantee": guarantee},
        DealKind.DOOR_SPLIT: {"percentage": share, "base": rng.choice(list(DealBase))},
        DealKind.PLUS: {
            "guarantee": guarantee,
            "percentage": share,
            "split_point": _money(show, 900),
        },
        DealKind.VERSUS: {"guarantee": guarantee, "percentage": share},
        DealKind.PER_TICKET: {
            "per_seat": _money(show, 4),
            "above_seats": rng.choice([None, 20]),
        },
    }
    return {"kind": kind, **by_kind[kind]}


def _bonus(agreement: PerformerAgreement) -> Iterator[BonusStep]:
    if agreement.kind == DealKind.VERSUS:
        seats, amount = 60, _money(agreement.event, 75)
        yield BonusStep(agreement=agreement, from_seats=seats, amount=amount)
    if agreement.kind == DealKind.PLUS:
        base, amount = _money(agreement.event, 2_000), _money(agreement.event, 100)
        yield BonusStep(agreement=agreement, from_base=base, amount=amount)


def _money(show: Event, euros: int) -> Decimal:
    """Whole euros; a show in yen costs a hundred times as many."""
    return Decimal(euros * (100 if show.currency == "JPY" else 1))


def close_shows() -> int:
    """Closes the first shows that are over; one is open again, and one has moved since.

    Returns how many stand closed. Where shows were closed before, nothing is done.
    """
    if not Settlement.objects.exists():
        user = User.objects.get(username="finance")
        shows = list(to_be_settled(Event.objects.order_by("start_at"))[:_CLOSED])
        for show in shows:
            close_settlement(event=show, user=user)
        if len(shows) == _CLOSED:
            reopen_settlement(event=shows[0], user=user, reason="The venue sent another invoice")
            close_settlement(event=shows[0], user=user)
            reopen_settlement(event=shows[1], user=user, reason="A refund is still to come")
            _late_invoice(shows[2])
    compare_settlements()
    return Settlement.objects.standing().count()


def _late_invoice(show: Event) -> None:
    Expense.objects.get_or_create(
        reference=_LATE,
        defaults={
            "event": show,
            "category": Category.PRODUCTION,
            "amount": _money(show, 48),
            "currency": show.currency,
            "spent_on": show.starts_on,
            "note": "Cleaning of the lights, invoiced late",
        },
    )
