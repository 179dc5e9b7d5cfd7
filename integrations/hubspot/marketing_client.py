"""HubSpot's lists, custom events, campaigns and e-mails over HTTP: dicts in, dicts out.

HubSpot's own client has no part for most of these, so they are asked for by their paths.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from integrations.errors import RetryLater
from integrations.hubspot.connection import Connection

MEMBERS_PAGE = 250
MEMBERS_AT_ONCE = 1_000
"""Members that one call adds and removes; HubSpot names no limit."""
EVENTS_AT_ONCE = 500
"""Most events that one call takes."""
_PAGE = 100
_CONTACTS = "0-1"
_LISTS = "/crm/v3/lists"
_DEFINITIONS = "/events/v3/event-definitions"
_CAMPAIGN_PROPERTIES = (
    "hs_name",
    "hs_start_date",
    "hs_end_date",
    "hs_utm",
    "hs_currency_code",
    "hs_budget_items_sum_amount",
)

Record = dict[str, Any]
Query = Mapping[str, Any]


class MarketingClient:
    """HubSpot's marketing tools, over the connection of an account.

    Every call raises NotAllowed where the account's plan or the token's scopes do not cover it.
    """

    def __init__(self, connection: Connection) -> None:
        self._call = connection.call

    # --- Lists ------------------------------------------------------------------------------

    def lists(self, ids: Sequence[str]) -> dict[str, Record]:
        """The lists with these ids, by id; those that were deleted are left out."""
        found: dict[str, Record] = {}
        for start in range(0, len(ids), _PAGE):
            body = self._call("GET", _LISTS, {"listIds": ids[start : start + _PAGE]})
            found |= {str(one["listId"]): one for one in _rows(body, "lists")}
        return found

    def list_named(self, name: str) -> Record | None:
        """The list of contacts of this name; case does not matter."""
        path = f"{_LISTS}/object-type-id/{_CONTACTS}/name/{quote(name, safe='')}"
        body = self._call("GET", path, is_absence_fine=True)
        return None if body is None else dict(body["list"])

    def create_list(self, name: str) -> Record:
        """A new empty list whose members are set by hand. Raises Rejected: the name is taken."""
        wish = {"name": name, "objectTypeId": _CONTACTS, "processingType": "MANUAL"}
        return dict(self._call("POST", _LISTS, body=wish, is_write=True)["list"])

    def members(self, list_id: str) -> set[str] | None:
        """The ids of a list's contacts, by pages of 250; None where the list is gone."""
        found: set[str] = set()
        after = ""
        while True:
            query = {"limit": MEMBERS_PAGE} | ({"after": after} if after else {})
            body = self._call("GET", f"{_LISTS}/{list_id}/memberships", query, is_absence_fine=True)
            if body is None:
                return None
            found |= {str(row["recordId"]) for row in _rows(body)}
            after = _moved_on(body, after)
            if not after:
                return found

    def change_members(
        self, list_id: str, add: Sequence[str], remove: Sequence[str]
    ) -> Record | None:
        """Adds and removes contacts of a list at once; None where the list is gone.

        Those who are on it, or not on it, already are passed over. `recordIdsMissing` of the
        answer are contacts that HubSpot does not know.
        """
        path = f"{_LISTS}/{list_id}/memberships/add-and-remove"
        body = {"recordIdsToAdd": list(add), "recordIdsToRemove": list(remove)}
        changed = self._call("PUT", path, body=body, is_write=True, is_absence_fine=True)
        return None if changed is None else dict(changed)

    # --- Custom events ----------------------------------------------------------------------

    def event_definitions(self) -> dict[str, Record]:
        """The kinds of event that are defined, by name."""
        return {str(row["name"]): row for row in self._pages(_DEFINITIONS)}

    def define_event(self, definition: Record) -> None:
        """Raises Rejected: there is, or ever was, one of this name."""
        self._call("POST", _DEFINITIONS, body=definition, is_write=True)

    def send_events(self, events: Sequence[Record]) -> None:
        """Sends up to 500; HubSpot drops those whose uuid came before. Cannot be taken back.

        Raises Rejected: one of them is wrong, and none was taken.
        """
        self._call("POST", "/events/v3/send/batch", body={"inputs": list(events)}, is_write=True)

    # --- Campaigns and e-mails --------------------------------------------------------------

    def campaigns(self) -> Iterator[Record]:
        """All campaigns with their names, dates, codes and budgets."""
        query = {"properties": ",".join(_CAMPAIGN_PROPERTIES)}
        return self._pages("/marketing/v3/campaigns", query)

    def emails(self) -> Iterator[Record]:
        """All marketing e-mails that went out, with their counts."""
        query = {"includeStats": "true", "isPublished": "true"}
        return self._pages("/marketing/v3/emails", query)

    def _pages(self, path: str, query: Query | None = None) -> Iterator[Record]:
        after = ""
        while True:
            more = {"limit": _PAGE} | ({"after": after} if after else {})
            body = self._call("GET", path, {**(query or {}), **more})
            yield from _rows(body)
            after = _moved_on(body, after)
            if not after:
                return


def _rows(body: Any, name: str = "results") -> list[Record]:
    """Raises RetryLater: there are none, so it is no answer of HubSpot."""
    rows = body.get(name) if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise RetryLater("HubSpot's answer lacks its results. Nothing is lost; try again later.")
    return rows


def _moved_on(body: Record, before: str) -> str:
    """Where the next page starts, "" after the last. Raises RetryLater: where this one did."""
    following = (body.get("paging") or {}).get("next") or {}
    after = str(following.get("after") or "")
    if after and after == before:
        raise RetryLater("HubSpot's pages do not move on. Nothing is lost; try again later.")
    return after
