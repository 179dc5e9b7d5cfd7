from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from finance.models import (
    BonusStep,
    DealKind,
    Performer,
    PerformerAgreement,
    Settlement,
    SettlementReopening,
)
from tests.factories import make_agreement, make_event, make_performer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": "flat", "guarantee": None},
        {"kind": "flat", "guarantee": 100, "percentage": 10},
        {"kind": "door_split", "guarantee": None},
        {"kind": "door_split", "percentage": 70, "guarantee": 100},
        {"kind": "plus", "guarantee": 100, "percentage": 70},
        {"kind": "versus", "guarantee": 100},
        {"kind": "versus", "guarantee": 100, "percentage": 70, "split_point": 5},
        {"kind": "per_ticket", "above_seats": 5},
        {"kind": "per_ticket", "per_seat": 0},
        {"kind": "flat", "guarantee": -1},
        {"kind": "door_split", "percentage": 0},
        {"kind": "door_split", "percentage": 101},
        {"kind": "flat", "guarantee": 100, "status": "paid"},
        {"kind": "flat", "guarantee": 100, "paid_on": "2026-03-14"},
        {"kind": "lottery", "guarantee": 100},
        {"kind": "door_split", "percentage": 70, "base": "applause"},
    ],
)
def test_the_database_refuses_terms_that_make_no_deal_and_python_says_so_first(terms):
    event, performer = make_event(), make_performer()
    agreement = PerformerAgreement(
        event=event, performer=performer, currency="EUR", **{"guarantee": None} | terms
    )

    with pytest.raises(ValidationError):
        agreement.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        PerformerAgreement.objects.bulk_create([agreement])


def test_a_performer_has_one_agreement_for_a_show():
    first = make_agreement()

    with pytest.raises(IntegrityError):
        make_agreement(first.event, performer=first.performer)


def test_names_of_performers_are_unique_in_any_case():
    make_performer("The Foxes")

    with pytest.raises(ValidationError, match="of this name already"):
        Performer(name="the foxes").full_clean()


def test_what_is_missing_is_said_beside_its_field():
    agreement = PerformerAgreement(
        event=make_event(),
        performer=make_performer(),
        kind=DealKind.PLUS,
        guarantee=Decimal("100"),
        per_seat=Decimal("1"),
    )

    with pytest.raises(ValidationError) as refused:
        agreement.full_clean()

    assert refused.value.message_dict == {
        "percentage": ["An agreement of the kind “guarantee plus share” needs this."],
        "split_point": ["An agreement of the kind “guarantee plus share” needs this."],
        "per_seat": ["This has no place in a “guarantee plus share” agreement: leave it blank."],
    }


def test_a_share_is_in_the_currency_of_the_show_and_a_fee_may_be_in_another():
    event = make_event(currency="EUR")
    act = make_performer()
    share = PerformerAgreement(
        event=event, performer=act, kind="door_split", percentage=70, currency="USD"
    )
    fee = PerformerAgreement(event=event, performer=act, guarantee=Decimal("70"), currency="USD")

    fee.full_clean()
    with pytest.raises(ValidationError, match="The show sells in EUR"):
        share.full_clean()


@pytest.mark.parametrize("start", [{}, {"from_seats": 1, "from_base": 1}])
def test_a_bonus_step_starts_at_seats_or_at_an_amount(start):
    with pytest.raises(IntegrityError):
        BonusStep.objects.create(agreement=make_agreement(), amount=Decimal("10"), **start)


def test_the_database_refuses_to_change_a_settlement_and_its_reopening():
    settlement = Settlement.objects.create(
        event=make_event(), version=1, currency="EUR", net_revenue=Decimal("5"), figures={}
    )
    reopening = SettlementReopening.objects.create(settlement=settlement, reason="A late invoice")

    for row, change in ((settlement, {"net_revenue": 6}), (reopening, {"reason": "None"})):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(**change)
    settlement.refresh_from_db()

    assert settlement.net_revenue == Decimal("5.000")
    assert settlement.closed_at <= timezone.now()
