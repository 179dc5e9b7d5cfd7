"""What waits for a person about follow-ups: refused ones, unknown ones, and a run that stopped."""

from collections.abc import Sequence

from django.db.models import CharField, F, QuerySet, TextField, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from customers.models import FollowUpMessage, MessageState, Outbox
from integrations.inbox.source import DISMISS, RETRY, Action, Person, Source
from integrations.inbox.words import counted, name_of, words

_MAY_SEE, _MAY_DO = "customers.view_followupmessage", "customers.change_followup"
_WHO = words(
    Coalesce(name_of("customer"), Value("somebody without a name"), output_field=TextField()),
    Value(": "),
    F("follow_up__name"),
)


def _send_again(messages: QuerySet[FollowUpMessage], user: Person) -> str:
    """What a mail server refused has surely not gone out."""
    now = timezone.now()
    refused = messages.filter(state=MessageState.FAILED)
    number = refused.update(
        state=MessageState.PLANNED, reason="", tries=0, due_at=now, decided_at=None, updated_at=now
    )
    return f"{counted(number, 'follow-up', 'follow-ups')} will be tried with the next run."


def _dismiss(messages: QuerySet[FollowUpMessage], user: Person) -> str:
    now = timezone.now()
    number = messages.update(seen_at=now, updated_at=now)
    return f"{counted(number, 'follow-up', 'follow-ups')} dismissed. They are never sent again."


def _stopped() -> QuerySet[Outbox]:
    return Outbox.objects.exclude(problem="")


def _pages(keys: Sequence[int]) -> dict[int, str]:
    return dict.fromkeys(keys, reverse("admin:customers_followup_everybody_due"))


SOURCES: list[Source] = [
    Source(
        kind="follow-ups",
        title="Failed follow-ups",
        help="The mail server refused them. They have not gone out.",
        permission=_MAY_SEE,
        rows=FollowUpMessage.objects.failed,
        record=_WHO,
        reason=F("reason"),
        actions=(
            Action(RETRY, "Try again", _MAY_DO, _send_again),
            Action(DISMISS, "Dismiss", _MAY_DO, _dismiss),
        ),
    ),
    Source(
        kind="follow-ups-unknown",
        title="Follow-ups that may have gone out",
        help="A run ended while it sent them. Nova does not send them again.",
        permission=_MAY_SEE,
        rows=FollowUpMessage.objects.unknown,
        record=_WHO,
        reason=Value(
            "The run ended on the way: it is unknown whether it went out. It is not sent again.",
            output_field=CharField(),
        ),
        actions=(Action(DISMISS, "Dismiss", _MAY_DO, _dismiss),),
    ),
    Source(
        kind="follow-up-run",
        title="Follow-ups that stopped",
        help="The last run could not send. The next one that can ends the matter.",
        permission="customers.view_followup",
        rows=_stopped,
        record=Value("Sending of follow-ups", output_field=CharField()),
        reason=F("problem"),
        urls=_pages,
    ),
]
