"""What it means when Eventbrite does not answer, or not with what was asked for.

Plain Python. Each case becomes the SyncError that says what happened and what to do.
"""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from integrations.errors import BudgetSpent, Misconfigured, Rejected, RetryLater, SyncError
from integrations.http import GOES_ON, NotNow, Reply

_HOUR_SLOWNESS = 60
"""The limit counts by the hour, so its back-off is in minutes where others are in seconds."""

_BAD_TOKEN = ("INVALID_AUTH", "INVALID_AUTH_HEADER", "NO_AUTH")
_NOT_ALLOWED = ("NOT_AUTHORIZED", "ACCESS_DENIED")
_GONE = ("NOT_FOUND", "ORDER_EXPIRED")
_STALE = ("BAD_CONTINUATION_TOKEN", "BAD_PAGE")
_GOES_ON = "Nothing is lost; the next run goes on."


class NotFound(Rejected):
    """There is no such record, or none that this token may see."""

    code = "not_found"


class HourUsedUp(NotNow, BudgetSpent):
    """Eventbrite counts the calls of an hour, and there were enough of them."""

    code = "budget"


class StaleContinuation(RetryLater):
    """The place in a list from which to go on is of no use any more: begin at its first page."""

    code = "stale_continuation"


class ExpansionFailed(Rejected):
    """Eventbrite could not add what `expand` asks for; without it the call usually succeeds."""

    code = "expansion_failed"


def trouble(error: requests.RequestException, base_url: str) -> SyncError:
    """What a call means that got no answer."""
    host = host_of(base_url)
    if isinstance(error, requests.exceptions.SSLError):
        return Misconfigured(
            f"The certificate of {host} is not trusted. Check EVENTBRITE_BASE_URL, and the clock "
            "and certificates of this machine."
        )
    if _is_nobody_there(error):
        return RetryLater(f"Nothing answers at {host}. {_what_to_do(base_url)}")
    if isinstance(error, requests.Timeout):
        return NotNow(f"{host} did not answer in time. {_GOES_ON}")
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return NotNow(f"{host} broke off the connection. {_GOES_ON}")
    return Misconfigured(
        f"“{base_url}” cannot be asked: {error}. EVENTBRITE_BASE_URL is an origin such as "
        "https://www.eventbriteapi.com."
    )


def refusal(reply: Reply, *, name: str, host: str, is_one: bool) -> SyncError | None:
    """What an answer means that is not the wanted `name` (“orders”); None if it is.

    Goes by the `error` constant: the HTTP status differs from the reference at times. One record
    (`is_one`) that the token may not see is as good as none; a whole list is a missing right.
    """
    if not _looks_like_json(reply.body):
        return _strange(reply, host)
    if reply.status < 300:
        return None
    try:
        body = reply.json()
    except RetryLater:
        return _strange(reply, host)
    error = str(body.get("error") or "")
    return (
        _about_rights(reply, error, name, is_one)
        or _about_the_request(error, name, host)
        or _about_the_moment(reply, error, host)
        or Rejected(
            f"Eventbrite refuses to give {name}: "
            f"{body.get('error_description') or 'no reason given'} (HTTP {reply.status} {error})."
        )
    )


def _strange(reply: Reply, host: str) -> SyncError:
    """A redirect, a web page, or half an answer."""
    if 300 <= reply.status < 400:
        return _elsewhere(reply, host)
    return NotNow(
        f"{host} answered HTTP {reply.status} with something other than JSON: perhaps a proxy's "
        "page, or an answer that was cut off. If it lasts, check EVENTBRITE_BASE_URL; else the "
        "next run goes on."
    )


def _elsewhere(reply: Reply, host: str) -> SyncError:
    return Misconfigured(
        f"{host} sends Nova elsewhere (HTTP {reply.status}), and Nova does not follow. Check "
        "EVENTBRITE_BASE_URL."
    )


def _about_rights(reply: Reply, error: str, name: str, is_one: bool) -> SyncError | None:
    if error in _BAD_TOKEN or (reply.status == 401 and error not in _NOT_ALLOWED):
        return Misconfigured(
            f"Eventbrite does not accept the token ({error or 'HTTP 401'}). Put the private token "
            "from Account settings → Developer links → API keys into EVENTBRITE_TOKEN."
        )
    if error in _NOT_ALLOWED and not is_one:
        return Misconfigured(
            f"The Eventbrite token may not read {name} ({error}). Its user needs a role in the "
            "organisation that may see them."
        )
    if error in _GONE or error in _NOT_ALLOWED:
        return NotFound(f"Eventbrite shows no such {name} to this token ({error}).")
    return None


def _about_the_request(error: str, name: str, host: str) -> SyncError | None:
    if error in _STALE:
        return StaleContinuation(
            f"{host} no longer knows the page of {name} to go on from. The next run begins that "
            "list again."
        )
    if error == "EXPANSION_FAILED":
        return ExpansionFailed(f"{host} could not expand {name}.")
    return None


def _about_the_moment(reply: Reply, error: str, host: str) -> SyncError | None:
    if error == "HIT_RATE_LIMIT" or reply.status == 429:
        return HourUsedUp(
            f"Eventbrite's hourly number of calls is used up. {GOES_ON}",
            wait_seconds=_retry_after(reply),
            slowness=_HOUR_SLOWNESS,
        )
    if 300 <= reply.status < 400:
        return _elsewhere(reply, host)
    if reply.status >= 500 or reply.status == 409:
        told = f"HTTP {reply.status} {error}".strip()
        return NotNow(f"{host} has trouble of its own ({told}). {_GOES_ON}")
    return None


def _retry_after(reply: Reply) -> float | None:
    text = reply.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None


def _looks_like_json(body: bytes) -> bool:
    """Cheap, for every page: a web page or half an answer fails it."""
    return body[:1] == b"{" and body.rstrip()[-1:] == b"}"


def host_of(base_url: str) -> str:
    return urlsplit(base_url).netloc or base_url


def _is_nobody_there(error: requests.RequestException) -> bool:
    """Refused, or a name that leads nowhere: nothing that a moment's patience would mend."""
    reason: Any = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def _what_to_do(base_url: str) -> str:
    host = urlsplit(base_url).hostname or ""
    try:
        is_this_machine = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_this_machine = False
    if is_this_machine:
        return "Start the sandbox: python manage.py sandbox"
    return "Check the network and EVENTBRITE_BASE_URL; the next run goes on."
