"""Closing a month's books, and opening them again."""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from finance.models import LockedMonth


@transaction.atomic
def lock_month(*, month: date, user: Any = None, note: str = "") -> LockedMonth:
    """Closes the books of the month of this day.

    Raises ValidationError: it is locked already, or not over yet (`not_over`).
    """
    first = month.replace(day=1)
    refuse_locking(first)
    lock = LockedMonth(month=first, locked_by=user, note=note)
    lock.full_clean()
    lock.save()
    return lock


def refuse_locking(first: date) -> None:
    """Raises ValidationError: the month is not over (`not_over`), or locked already (`locked`)."""
    if first >= timezone.localdate().replace(day=1):
        raise ValidationError(
            f"{first:%B %Y} is not over yet. Lock it when it is.", code="not_over"
        )
    if LockedMonth.objects.in_force().filter(month=first).exists():
        raise ValidationError(f"{first:%B %Y} is locked already.", code="locked")


@transaction.atomic
def unlock_month(*, lock: LockedMonth, user: Any, reason: str) -> LockedMonth:
    """Opens the books of a month again; who did it and why stays to read.

    Raises PermissionDenied: `user` may not unlock months. Raises ValidationError: no reason is
    given (`no_reason`), or it is not locked any more.
    """
    if not user.has_perm("finance.unlock_lockedmonth"):
        raise PermissionDenied("You may not unlock months.")
    if not reason.strip():
        raise ValidationError({"unlock_reason": "Say why the month is unlocked."}, code="no_reason")
    lock = LockedMonth.objects.select_for_update().get(pk=lock.pk)
    if lock.unlocked_at:
        raise ValidationError(f"{lock} was unlocked before.", code="unlocked")
    lock.unlocked_at, lock.unlocked_by, lock.unlock_reason = timezone.now(), user, reason.strip()
    lock.save()
    return lock
