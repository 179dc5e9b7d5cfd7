"""Parts of HubSpot that an account may lack. Nova does without them, asks once, and says so."""

from collections.abc import Callable
from enum import StrEnum

from django.utils import timezone

from integrations.errors import NotAllowed
from integrations.models import Cursor, System
from integrations.sync import RunLog, read_cursor, save_cursor

CODE = "not_available"
_RESTS = "{what} are left out: {reason} Nova asks again with sync_hubspot --full or setup_hubspot."


class Feature(StrEnum):
    """A part that rests by itself; the value is how staff are told of it."""

    LISTS = "Lists"
    EVENTS = "Behavioural events"
    CAMPAIGNS = "Campaigns and e-mail statistics"


def attempt(
    feature: Feature, log: RunLog, work: Callable[[], None], *, again: bool = False
) -> None:
    """Does `work`, unless HubSpot refused this feature before; `again` tries all the same.

    A refusal is told as a problem, and from then on the feature costs no request.
    """
    is_resting = rests(feature)
    if is_resting and not again:
        return
    try:
        work()
    except NotAllowed as error:
        let_rest(feature, str(error))
        log.problem(CODE, f"HubSpot: {feature}", _RESTS.format(what=feature, reason=error))
    else:
        if is_resting:
            wake(feature)
        log.checked([f"HubSpot: {feature}"])


def rests(feature: Feature) -> bool:
    return bool(read_cursor(System.HUBSPOT, _stream(feature)))


def wake(*features: Feature) -> None:
    """The next run asks for these again."""
    streams = [_stream(feature) for feature in features]
    Cursor.objects.filter(system=System.HUBSPOT, stream__in=streams).delete()


def let_rest(feature: Feature, reason: str) -> None:
    """The next runs leave it out."""
    position = {"since": timezone.now().isoformat(), "reason": reason}
    save_cursor(System.HUBSPOT, _stream(feature), position)


def _stream(feature: Feature) -> str:
    return f"resting: {feature.name.lower()}"
