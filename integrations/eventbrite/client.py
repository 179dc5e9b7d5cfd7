"""Eventbrite's API over HTTP: dicts and pages out, refusals as the SyncError they mean.

Plain Python: no Django, no models. Source: https://www.eventbrite.com/platform/api
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import requests

from integrations.errors import RetryLater
from integrations.eventbrite.refusals import (
    ExpansionFailed,
    StaleContinuation,
    host_of,
    refusal,
    trouble,
)
from integrations.eventbrite.values import Json
from integrations.http import Bearer, Line, Meter, Pace, Patience, Reply

LONGEST_WAIT_SECONDS = 300
"""So long a run waits for Eventbrite at most, be it to be well again or to take more calls."""

_TIMEOUT = (5, 30)
_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    `after` is what to add to the request for the next page, None on the last one. `total` is how
    many records the list has in all, if known. `read_at` is Eventbrite's own time of the answer.
    """

    rows: list[Json]
    after: dict[str, str] | None
    total: int | None
    read_at: datetime
    is_expanded: bool


class EventbriteClient:
    """Reads what one private token can see. Not for use by two threads at once."""

    def __init__(
        self,
        token: str,
        base_url: str,
        *,
        meter: Meter,
        pace: Pace | None = None,
        patience: Patience | None = None,
        timeout: tuple[float, float] = _TIMEOUT,
    ) -> None:
        """`timeout`: so many seconds for the connection, and between two parts of an answer."""
        self._base_url = base_url
        self._host = host_of(base_url)
        self._timeout = timeout
        self._session = requests.Session()
        self._session.auth = Bearer(token)
        self._session.headers["Accept"] = "application/json"
        # Gives up on a hiccup after a minute, and on a used-up hour after a few.
        patience = patience or Patience(
            attempts=7,
            longest_seconds=LONGEST_WAIT_SECONDS,
            enough_seconds=LONGEST_WAIT_SECONDS,
        )
        self._line = Line(meter, pace, patience, refusal=lambda reply: None)

    def organizations(self) -> Iterator[Page]:
        """The organisations of the token's user."""
        return self._pages("users/me/organizations/", "organizations")

    def venues(self, organization_id: str) -> Iterator[Page]:
        return self._pages(f"{_organization(organization_id)}venues/", "venues", _large())

    def events(self, organization_id: str) -> Iterator[Page]:
        """All events, drafts and the parents of series included, with their ticket classes."""
        return self._pages(
            f"{_organization(organization_id)}events/",
            "events",
            _large(status="all", show_series_parent="true"),
            expand="venue,ticket_classes",
        )

    def event(self, event_id: str) -> Json:
        """One event with its ticket classes. Raises NotFound."""
        return self._one(f"events/{_id(event_id)}/", "event", expand="venue,ticket_classes")

    def venue(self, venue_id: str) -> Json:
        """One venue. Raises NotFound."""
        return self._one(f"venues/{_id(venue_id)}/", "venue")

    def ticket_classes(self, event_id: str) -> Iterator[Page]:
        return self._pages(f"events/{_id(event_id)}/ticket_classes/", "ticket_classes")

    def orders(
        self,
        organization_id: str,
        *,
        changed_since: datetime | None = None,
        after: Mapping[str, str] | None = None,
        is_plain: bool = False,
    ) -> Iterator[Page]:
        """Orders in every status, in no particular order.

        Those that changed since a time name their attendees, so that it shows which are gone.
        `is_plain` leaves refund requests, consent and attendees out.
        """
        expand = _ORDER_EXPANSIONS + (",attendees" if changed_since else "")
        return self._pages(
            f"{_organization(organization_id)}orders/",
            "orders",
            _large(status="both", changed_since=_time(changed_since)),
            expand="" if is_plain else expand,
            after=after,
        )

    def event_orders(self, event_id: str) -> Iterator[Page]:
        return self._pages(
            f"events/{_id(event_id)}/orders/",
            "orders",
            {"status": "both"},
            expand=_ORDER_EXPANSIONS,
        )

    def order(self, order_id: str) -> Json:
        """One order with its attendees. Raises NotFound."""
        deeper = f"{_ORDER_EXPANSIONS},attendees.{_ATTENDEE_EXPANSIONS}"
        return self._one(f"orders/{_id(order_id)}/", "order", expand=deeper)

    def attendees(
        self,
        organization_id: str,
        *,
        changed_since: datetime | None = None,
        after: Mapping[str, str] | None = None,
        is_plain: bool = False,
    ) -> Iterator[Page]:
        """Seats in every status, in no particular order. `is_plain` leaves promo codes out."""
        return self._pages(
            f"{_organization(organization_id)}attendees/",
            "attendees",
            _large(changed_since=_time(changed_since)),
            expand="" if is_plain else _ATTENDEE_EXPANSIONS,
            after=after,
        )

    def attendee(self, event_id: str, attendee_id: str) -> Json:
        """One seat. Raises NotFound."""
        path = f"events/{_id(event_id)}/attendees/{_id(attendee_id)}/"
        return self._one(path, "attendee", expand=_ATTENDEE_EXPANSIONS)

    def event_attendees(self, event_id: str) -> Iterator[Page]:
        return self._pages(
            f"events/{_id(event_id)}/attendees/", "attendees", expand=_ATTENDEE_EXPANSIONS
        )

    def _pages(
        self,
        path: str,
        name: str,
        params: Mapping[str, str] | None = None,
        *,
        expand: str = "",
        after: Mapping[str, str] | None = None,
    ) -> Iterator[Page]:
        """The pages of a list, from the first or from `after` on.

        A list that cannot be expanded is begun again without `expand`: a continuation belongs to
        the request that it came from. An empty page of a list that is not may be a slip, and
        is asked for once more. Raises StaleContinuation: it is refused, or names itself.
        """
        fixed = dict(params or {})
        used: list[Mapping[str, str] | None] = [after]
        while True:
            try:
                page = self._page(path, name, fixed | dict(after or {}), expand)
            except ExpansionFailed:
                expand, after, used = "", None, [None]
                continue
            if page.after in used and page.after is not None:
                raise StaleContinuation(
                    f"{self._host} names a page of {name} that it gave already as the next one. "
                    "Nova stopped instead of reading for ever; the next run begins that list again."
                )
            if not page.rows and (page.after is not None or page.total):
                page = self._page(path, name, fixed | dict(after or {}), expand)
            yield page
            if page.after is None:
                return
            after = page.after
            used.append(after)

    def _page(self, path: str, name: str, params: dict[str, str], expand: str) -> Page:
        reply = self._get(path, name, params, expand)
        body = reply.json()
        pagination = body.get("pagination") or {}
        return Page(
            rows=body.get(name) or [],
            after=_after(pagination),
            total=pagination.get("object_count"),
            read_at=_time_of(reply),
            is_expanded=bool(expand),
        )

    def _one(self, path: str, name: str, *, expand: str = "") -> Json:
        try:
            reply = self._get(path, name, {}, expand, is_one=True)
        except ExpansionFailed:
            reply = self._get(path, name, {}, "", is_one=True)
        found: Json = reply.json()
        return found

    def _get(
        self, path: str, name: str, params: dict[str, str], expand: str, *, is_one: bool = False
    ) -> Reply:
        query = {**params, "expand": expand} if expand else params

        def send() -> Reply:
            reply = self._send(path, query)
            if error := refusal(reply, name=name, host=self._host, is_one=is_one):
                raise error
            return reply

        return self._line.call(send)

    def _send(self, path: str, query: dict[str, str]) -> Reply:
        try:
            response = self._session.get(
                f"{self._base_url}/v3/{path}",
                params=query,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise trouble(error, self._base_url) from error
        headers = {key.lower(): value for key, value in response.headers.items()}
        return Reply(response.status_code, headers, response.content)


_ORDER_EXPANSIONS = "refund_requests,contact_list_preferences"
_ATTENDEE_EXPANSIONS = "promotional_code"


def _organization(organization_id: str) -> str:
    return f"organizations/{_id(organization_id)}/"


def _id(text: str) -> str:
    return quote(text, safe="")


def _large(**params: str) -> dict[str, str]:
    """Parameters of an organisation's list, which gives up to 100 records a page."""
    return {"page_size": str(_PAGE_SIZE)} | {k: v for k, v in params.items() if v}


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def _time_of(reply: Reply) -> datetime:
    """By Eventbrite's clock; by ours if it does not say."""
    try:
        return parsedate_to_datetime(reply.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC)


def _after(pagination: Json) -> dict[str, str] | None:
    """`has_more_items` alone decides; old answers without it count pages. A token alone means
    nothing: it may be there on the last page."""
    number, count = pagination.get("page_number"), pagination.get("page_count")
    has_more = pagination.get("has_more_items")
    if has_more is None:
        has_more = isinstance(number, int) and isinstance(count, int) and number < count
    if not has_more:
        return None
    if token := pagination.get("continuation"):
        return {"continuation": str(token)}
    if isinstance(number, int):
        return {"page": str(number + 1)}
    raise RetryLater(
        "Eventbrite says that there is a next page, but not which. The next run asks again."
    )
