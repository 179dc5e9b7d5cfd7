"""Personal data leaves the bodies of webhooks: in time, or at once when a person is erased."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.deliveries.systems import WEBHOOKS
from integrations.models import Delivery, System
from integrations.models.deliveries import DeliveryQuerySet
from nova_project.bulk import amend

_TOGETHER = 500
KEPT_DAYS = 365
"""So long a webhook that is done with stays in the list, without what tells of people."""


def masked_body(delivery: Delivery) -> str:
    """The body with everything masked that may tell of a person."""
    return str(WEBHOOKS[delivery.system].masked(delivery.body)) if delivery.body else ""


def forget_bodies() -> int:
    """Masks the bodies that are older than NOVA_RETENTION_DAYS; returns how many."""
    before = timezone.now() - timedelta(days=settings.NOVA_RETENTION_DAYS)
    return _forget(Delivery.objects.unmasked(before))


def drop_old() -> int:
    """Deletes what is done with and older than KEPT_DAYS; returns how many.

    What waits, and what failed and waits for a person, stays.
    """
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    old = Delivery.objects.settled().filter(received_at__lt=before).order_by("pk")
    done = 0
    while batch := list(old.values_list("pk", flat=True)[:_TOGETHER]):
        done += Delivery.objects.filter(pk__in=batch).delete()[0]
    return done


def forget_objects(system: System, object_type: str, object_ids: Iterable[str]) -> int:
    """Masks all bodies about these objects, such as the contacts of an erased person."""
    about = Delivery.objects.about(system, object_type, object_ids)
    return _forget(about.filter(masked_at=None))


def _forget(deliveries: DeliveryQuerySet) -> int:
    """In short transactions, so nobody waits who takes webhooks in."""
    done = 0
    while batch := list(deliveries.order_by("pk")[:_TOGETHER]):
        now = timezone.now()
        rows = [(delivery.pk, masked_body(delivery), now) for delivery in batch]
        with transaction.atomic():
            amend(Delivery, rows, fields=("id", "body", "masked_at"), key="id")
        done += len(batch)
    return done
