"""The ledger of an order as Eventbrite shows it one time after the other."""

from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.test import override_settings
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.models import Order
from customers.models.ticketing import PAID_STATUSES
from finance.models import LedgerLine
from integrations.eventbrite.pull import client_from_settings
from integrations.eventbrite.pull.orders import take_orders
from integrations.eventbrite.pull.state import Pull
from integrations.http import Meter
from integrations.models import SyncRun, System
from integrations.sync import RunLog
from tests.factories import make_event

CENTS = st.integers(0, 5_000)
VERSIONS = st.lists(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(["placed", "placed", "refunded", "canceled", "pending"]),
            "gross": CENTS,
            "tax": CENTS,
            "fee": CENTS,
            "processing": CENTS,
            "requested": st.none() | CENTS,
            "imported": st.none() | CENTS,
        }
    ),
    min_size=1,
    max_size=6,
)


def answer(event_id: str, number: int, version: dict[str, Any]) -> dict[str, Any]:
    """An order as Eventbrite's API writes it."""

    def euros(cents: int) -> dict[str, Any]:
        return {"currency": "EUR", "value": cents}

    requests = None
    if version["requested"] is not None:
        item = {"status": "processed", "amount_processed": euros(version["requested"])}
        refused = {"status": "denied", "amount_processed": euros(9_999)}
        requests = [{"items": [item, refused]}]
    return {
        "id": "1234",
        "event_id": event_id,
        "name": "Ada Number",
        "email": "",
        "status": version["status"],
        "created": "2026-03-01T10:00:00Z",
        "changed": f"2026-03-01T11:{number:02}:00Z",
        "costs": {
            "gross": euros(version["gross"]),
            "tax": euros(version["tax"]),
            "eventbrite_fee": euros(version["fee"]),
            "payment_fee": euros(version["processing"]),
        },
        "refund_requests": requests,
    }


def sums() -> dict[str, Decimal]:
    """Σ ledger lines by kind, zeros left out."""
    totals = LedgerLine.objects.order_by().values_list("kind").annotate(total=Sum("amount"))
    return {kind: total for kind, total in totals if total}


@override_settings(EVENTBRITE_TOKEN="T", REDIS_URL="")
class AnyVersions(TestCase):
    @given(VERSIONS)
    @settings(max_examples=15)
    def test_a_refund_is_the_greatest_of_what_tells_of_it_and_is_posted_once(self, versions):
        event = make_event()
        pull = Pull(
            client_from_settings(Meter()),
            RunLog(SyncRun.objects.create(system=System.EVENTBRITE, started_at=timezone.now())),
        )
        most = requested = imported = Decimal(0)
        for number, version in enumerate(versions):
            gross = Decimal(version["gross"]) / 100
            is_paid = version["status"] != "pending"
            most = max(most, gross) if is_paid else most
            if version["requested"] is not None:
                requested = Decimal(version["requested"]) / 100
            raw = answer(event.eventbrite_id, number, version)
            known = min(most, max(most - gross, requested, imported))
            is_assumed = not known and version["status"] in ("refunded", "canceled") and most > 0
            refund = most if is_assumed else known

            take_orders(pull, [raw])
            posted = LedgerLine.objects.count()
            take_orders(pull, [raw])

            order = Order.objects.get()
            assert LedgerLine.objects.count() == posted
            assert (order.refund, order.is_refund_provisional) == (refund, is_assumed)
            expected = {
                "sale": most,
                "refund": -refund,
                "tax": -Decimal(version["tax"]) / 100,
                "eventbrite_fee": -Decimal(version["fee"]) / 100,
                "processing_fee": -Decimal(version["processing"]) / 100,
            }
            assert (order.status in PAID_STATUSES) == is_paid
            assert sums() == {kind: amount for kind, amount in expected.items() if is_paid * amount}
            if version["imported"] is not None:
                imported = Decimal(version["imported"]) / 100
                Order.objects.update(refund_imported=imported)
