"""HubSpot's objects over HTTP: dicts in, dicts out. No models, no decisions."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hubspot import HubSpot

from integrations.http import Meter, Patience
from integrations.hubspot.answers import (
    BatchReply,
    Page,
    Record,
    batch_reply,
    has_what_it_counts,
    left_out,
    moves_on,
    next_of,
    owner_name,
    records_of,
    without_ties,
)
from integrations.hubspot.connection import Connection
from integrations.hubspot.versions import NUMBERED

__all__ = [
    "BATCH",
    "CONTACTS",
    "DEALS",
    "MOST_TIES",
    "BatchReply",
    "HubSpotClient",
    "Page",
    "Record",
]

CONTACTS, DEALS = "contacts", "deals"
"""The kinds of object that Nova reads and writes, as the API calls them."""
BATCH = 100
"""Most records that a batch call takes."""
MOST_TIES = 2_000
"""Most pairs that one call ties together."""
PAGE = 100
SEARCH_PAGE = 200

_CHANGED = {CONTACTS: "lastmodifieddate", DEALS: "hs_lastmodifieddate"}


class _Apis(NamedTuple):
    """The parts of HubSpot's client for one kind of object."""

    objects: Any
    batches: Any
    searches: Any


class HubSpotClient(Connection):
    """One token's line to HubSpot. `kind` is CONTACTS or DEALS."""

    def __init__(
        self,
        token: str,
        *,
        base_url: str,
        tier: str,
        meter: Meter,
        folder: Path,
        redis_url: str = "",
        version: str = NUMBERED,
        patience: Patience | None = None,
    ) -> None:
        """Raises Misconfigured: the tier or the version is unknown. Nothing is sent yet."""
        super().__init__(
            token,
            base_url=base_url,
            tier=tier,
            meter=meter,
            folder=folder,
            redis_url=redis_url,
            version=version,
            patience=patience,
        )
        crm = HubSpot(access_token=token, host=base_url, api_factory=self._part).crm
        self._apis = {
            kind: _Apis(part.basic_api, part.batch_api, part.search_api)
            for kind, part in ((CONTACTS, crm.contacts), (DEALS, crm.deals))
        }
        self._ties = crm.associations.v4.batch_api
        self._definitions = crm.properties.core_api
        self._groups = crm.properties.groups_api
        self._pipelines = crm.pipelines.pipelines_api
        self._stages = crm.pipelines.pipeline_stages_api
        self._owners = crm.owners.owners_api

    # --- Objects ----------------------------------------------------------------------------

    def list_objects(
        self,
        kind: str,
        properties: Sequence[str],
        *,
        after: str = "",
        is_archived: bool = False,
    ) -> Page:
        """A hundred records by id, from the id `after` on; or of those in the recycle bin.

        A list that is said to be empty is asked for once more, before that is believed.
        """
        page = self._list(kind, properties, after, is_archived=is_archived)
        if not page.records and not is_archived:
            page = self._list(kind, properties, after, is_archived=is_archived)
        return page

    def _list(self, kind: str, properties: Sequence[str], after: str, *, is_archived: bool) -> Page:
        body = self._ask(
            self._apis[kind].objects.get_page,
            limit=PAGE,
            after=after or None,
            properties=properties,
            archived=is_archived,
            check=lambda body: moves_on(body, after),
        )
        return Page(records_of(body), next_of(body))

    def search_changed(
        self, kind: str, properties: Sequence[str], *, start: int, end: int, after: str
    ) -> Page:
        """Up to 200 records changed from `start` to `end` (epoch milliseconds), with a higher id.

        Walking by id has no end at 10,000 rows, and nobody is skipped who changes meanwhile.
        Source: developers.hubspot.com, search the CRM.
        """
        changed = {
            "propertyName": _CHANGED[kind],
            "operator": "BETWEEN",
            "value": str(start),
            "highValue": str(end),
        }
        beyond = {"propertyName": "hs_object_id", "operator": "GT", "value": after or "0"}
        body = self._ask(
            self._apis[kind].searches.do_search,
            {
                "filterGroups": [{"filters": [changed, beyond]}],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": list(properties),
                "limit": SEARCH_PAGE,
                "after": "0",
            },
            check=has_what_it_counts,
        )
        records, total = records_of(body), body.get("total")
        has_more = len(records) < total if total else len(records) >= SEARCH_PAGE
        return Page(records, str(records[-1]["id"]) if records and has_more else "", total)

    def read_objects(
        self, kind: str, keys: Iterable[str], properties: Sequence[str], *, by: str = ""
    ) -> list[Record]:
        """The records with these ids, or these values of the unique property `by`; at most 100.

        Those that do not exist are left out, and so are ids that were merged into another. What an
        answer leaves out without a word is asked for once more.
        """
        wanted = list(dict.fromkeys(keys))
        body = self._read(kind, wanted, properties, by)
        records = records_of(body)
        if missing := left_out(body, wanted, by):
            records += records_of(self._read(kind, missing, properties, by))
        return records

    def _read(self, kind: str, keys: list[str], properties: Sequence[str], by: str) -> Record:
        body: dict[str, Any] = {
            "inputs": [{"id": key} for key in keys],
            "properties": list(properties),
            "propertiesWithHistory": [],
        }
        if by:
            body["idProperty"] = by
        return dict(self._ask(self._apis[kind].batches.read, body, check=records_of))

    def update_objects(self, kind: str, inputs: list[Record]) -> BatchReply:
        """Changes up to 100 records by id: `{id, properties, objectWriteTraceId}` each.

        Raises Rejected: HubSpot refuses the whole batch, and nothing was written.
        """
        body = {"inputs": inputs}
        call = self._apis[kind].batches.update
        return batch_reply(self._ask(call, body, is_write=True, check=records_of))

    def upsert_objects(self, kind: str, inputs: list[Record], *, by: str) -> BatchReply:
        """Makes up to 100 records by the unique property `by`, or changes those that have it.

        Raises Rejected: HubSpot refuses the whole batch, and nothing was written.
        """
        body = {"inputs": [entry | {"idProperty": by} for entry in inputs]}
        call = self._apis[kind].batches.upsert
        return batch_reply(self._ask(call, body, is_write=True, check=records_of))

    # --- Associations -----------------------------------------------------------------------

    def ties(self, kind: str, to_kind: str, ids: Iterable[str]) -> dict[str, list[str]]:
        """The ids of the `to_kind` records that each of up to 1,000 records is associated with.

        At most 500 each. A record of which the answer says nothing is missing here; one of which it
        says that there are none has an empty list.
        """
        inputs = [{"id": one} for one in ids]
        body = self._ask(self._ties.get_page, kind, to_kind, {"inputs": inputs})
        return {one: [] for one in without_ties(body)} | {
            str(found["from"]["id"]): [str(other["toObjectId"]) for other in found["to"]]
            for found in records_of(body)
        }

    def tie(self, kind: str, to_kind: str, pairs: Iterable[tuple[str, str]]) -> list[Record]:
        """Associates up to 2,000 pairs of ids by the default type; repeating it is harmless.

        Returns what was refused. Raises Rejected: all of it was.
        """
        inputs = [{"from": {"id": one}, "to": {"id": other}} for one, other in pairs]
        body = self._ask(
            self._ties.create_default, kind, to_kind, {"inputs": inputs}, is_write=True
        )
        return list(body.get("errors") or [])

    # --- Pipelines --------------------------------------------------------------------------

    def pipelines(self) -> list[Record]:
        """The pipelines of deals with their stages."""
        return records_of(self._ask(self._pipelines.get_all, DEALS))

    def create_pipeline(self, pipeline: Record) -> None:
        self._ask(self._pipelines.create, DEALS, pipeline, is_write=True)

    def create_stage(self, pipeline_id: str, stage: Record) -> None:
        self._ask(self._stages.create, DEALS, pipeline_id, stage, is_write=True)

    # --- Owners -----------------------------------------------------------------------------

    def owners(self) -> dict[str, str]:
        """The name of each owner by id; the address stands in for a missing name."""
        return {str(owner["id"]): owner_name(owner) for owner in self._all_owners()}

    def _all_owners(self) -> Iterator[Record]:
        after = ""
        while True:
            body = self._ask(self._owners.get_page, limit=500, after=after or None)
            yield from records_of(body)
            after = next_of(body)
            if not after:
                return

    # --- Definitions and account ------------------------------------------------------------

    def properties(self, kind: str) -> dict[str, Record]:
        """The definition of each property of a kind by name."""
        body = self._ask(self._definitions.get_all, kind)
        return {str(prop["name"]): prop for prop in records_of(body)}

    def group_names(self, kind: str) -> set[str]:
        """The names of the groups of a kind's properties."""
        return {str(group["name"]) for group in records_of(self._ask(self._groups.get_all, kind))}

    def create_group(self, kind: str, group: Record) -> None:
        self._ask(self._groups.create, kind, group, is_write=True)

    def create_property(self, kind: str, definition: Record) -> None:
        self._ask(self._definitions.create, kind, definition, is_write=True)

    def set_options(self, kind: str, name: str, options: list[Record]) -> None:
        """Replaces the options of an enumeration property."""
        self._ask(self._definitions.update, kind, name, {"options": options}, is_write=True)

    def try_empty_upsert(self, kind: str) -> None:
        """Asks for a write of no record, which is refused either way: with Misconfigured for want
        of a scope, else with Rejected. Nothing can change."""
        self._ask(self._apis[kind].batches.upsert, {"inputs": []})

    def try_empty_definition(self, kind: str) -> None:
        """As `try_empty_upsert`, for the right to define a kind's properties."""
        self._ask(self._definitions.create, kind, {"name": ""})

    def account(self) -> Record:
        """The account that the token belongs to: number, currency, zone."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        url = f"{self._base_url}/account-info/v3/details"
        return dict(self._ask(lambda **_: self._wire.request("GET", url, headers=headers)))
