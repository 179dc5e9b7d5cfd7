"""Switching follow-ups on and off, and pausing them."""

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from customers.models import (
    Audience,
    AudienceRule,
    Carrier,
    FollowUp,
    FollowUpMessage,
    FollowUpState,
    MessageState,
    Outbox,
)
from customers.services.followups.post import NO_ADDRESS
from customers.services.followups.wording import check_body, check_subject

User = AbstractBaseUser | AnonymousUser


@transaction.atomic
def switch_on(*, follow_up: FollowUp) -> FollowUp:
    """Sends it from now on; a paused one goes on where it was.

    What happened before counts as far as it looks back. One that is handed to HubSpot gets its
    audience here. Raises ValidationError: its text cannot be sent (`text`), or Nova does not know
    its own address (`address`).
    """
    follow_up = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if follow_up.carrier == Carrier.MAIL:
        _check_mail(follow_up)
    else:
        _keep_audience(follow_up)
    if follow_up.state == FollowUpState.OFF:
        follow_up.on_since = timezone.now()
    follow_up.state = FollowUpState.ON
    follow_up.full_clean()
    follow_up.save()
    return follow_up


def pause_follow_up(*, follow_up: FollowUp) -> FollowUp:
    """Sends nothing until it is switched on again; what is planned waits, up to thirty days.

    Raises ValidationError: it is off (`off`).
    """
    if follow_up.state == FollowUpState.OFF:
        raise ValidationError("It is off already.", code="off")
    follow_up.state = FollowUpState.PAUSED
    follow_up.save()
    return follow_up


@transaction.atomic
def switch_off(*, follow_up: FollowUp) -> FollowUp:
    """Ends it. What was planned is never sent, so that switching on begins anew."""
    now = timezone.now()
    follow_up.state = FollowUpState.OFF
    follow_up.save()
    FollowUpMessage.objects.filter(follow_up=follow_up, state=MessageState.PLANNED).update(
        state=MessageState.SKIPPED,
        reason="The follow-up was switched off.",
        decided_at=now,
        updated_at=now,
    )
    return follow_up


def pause_all(*, user: User) -> None:
    """Nothing is sent any more, by any follow-up, from the next message on."""
    values = {"is_paused": True, "paused_at": timezone.now(), "paused_by_id": user.pk}
    Outbox.objects.update_or_create(pk=1, defaults=values)


def resume_all() -> None:
    """Follow-ups that are on are sent again."""
    values = {"is_paused": False, "paused_at": None, "paused_by": None}
    Outbox.objects.update_or_create(pk=1, defaults=values)


def _check_mail(follow_up: FollowUp) -> None:
    try:
        check_subject(follow_up.subject)
        check_body(follow_up.body)
    except ValidationError as error:
        raise ValidationError(error.messages, code="text") from error
    if not settings.NOVA_PUBLIC_URL:
        raise ValidationError(NO_ADDRESS, code="address")


def _keep_audience(follow_up: FollowUp) -> None:
    """The audience of those who are handed over, mirrored as a HubSpot list."""
    if follow_up.audience is not None:
        return
    name = f"Follow-up: {follow_up.name}"[:100]
    audience = Audience(name=name, rule=AudienceRule.FOLLOW_UP, is_mirrored=True)
    audience.full_clean()
    audience.save()
    follow_up.audience = audience
