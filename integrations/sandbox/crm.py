"""The HubSpot side of the world: records, who has which address, and the rules of a write."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from integrations.sandbox import properties
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.outbox import NUMBERS
from integrations.sandbox.portal import Portal
from integrations.sandbox.properties import LIFECYCLE, BadValue, cleaned
from integrations.sandbox.store import Row

FIRST_CONTACT = 214_000_000_051
FIRST_IDS = {"contacts": FIRST_CONTACT, "deals": 38_400_000_027}
MODIFIED = {"contacts": "lastmodifieddate", "deals": "hs_lastmodifieddate"}


class Taken(Exception):
    """A unique value that another record has; `record_id` is that record."""

    def __init__(self, name: str, value: str, record_id: str) -> None:
        super().__init__(f"{name} {value}")
        self.name, self.value, self.record_id = name, value, record_id


class Crm(Portal):
    """HubSpot records, property definitions, owners and lists.

    A record is `{id, properties, createdAt, updatedAt, archived}`; `properties` holds only values,
    as text, and no property without one.
    """

    _unique: dict[tuple[str, str, str], str]
    _merged: dict[str, str]

    def add_contact(self, email: str | None = None, **values: Any) -> Row:
        """A contact, checked like a write but free to fill read-only properties.

        `createdate` and `lastmodifieddate` (datetime or text) say when; the default is now.
        """
        made = values.pop("createdate", None) or self.clock.now()
        moved = values.pop("lastmodifieddate", None) or made
        given = {"email": email, **values}
        given = {k: stamped(v) for k, v in given.items() if v is not None}
        changes = self.checked("contacts", given, None, read_only=True)
        return self._insert("contacts", changes, stamped(made), stamped(moved))

    def create_record(self, kind: str, given: dict[str, Any]) -> Row:
        """What the API does on a create. Raises BadValue and Taken."""
        now = in_milliseconds(self.clock.now())
        return self._insert(kind, self.checked(kind, given, None), now, now)

    def _insert(self, kind: str, values: dict[str, str], made: str, moved: str) -> Row:
        table = self.store.tables[kind]
        record_id = str(table.top + 1 if table.top else FIRST_IDS[kind])
        row: Row = {"id": record_id, "properties": {}, "createdAt": made, "updatedAt": moved}
        row["archived"] = False
        values = {k: v for k, v in values.items() if v}
        values |= {"hs_object_id": record_id, "createdate": made}
        return self._save(kind, row, values, moved)

    def edit_record(self, kind: str, record_id: str, given: dict[str, Any]) -> Row:
        """What the API does on an update. Raises KeyError, BadValue and Taken."""
        row = self.store.tables[kind].rows[record_id]
        changes = self.checked(kind, given, row)
        return self._save(kind, row, changes, in_milliseconds(self.clock.now()))

    def edit_contact(self, record_id: str, **values: Any) -> Row:
        """A change made by somebody in HubSpot; read-only properties included."""
        return self._edit_freely("contacts", record_id, values)

    def _edit_freely(self, kind: str, record_id: str, values: dict[str, Any]) -> Row:
        row = self.store.tables[kind].rows[record_id]
        given = {key: stamped(value) for key, value in values.items()}
        changes = self.checked(kind, given, row, read_only=True)
        return self._save(kind, row, changes, in_milliseconds(self.clock.now()))

    def archive_record(self, kind: str, record_id: str) -> Row:
        """Puts a record in the recycle bin; its unique values become free, its lists lose it."""
        row = self._bin(kind, self.store.tables[kind].rows[record_id])
        self.announce(kind, "deletion", record_id, changeFlag="DELETED")
        return row

    def _bin(self, kind: str, row: Row, **marks: Any) -> Row:
        self._index(kind, row, {})
        stamp = in_milliseconds(self.clock.now())
        for found in self.store.tables["lists"]:
            if found["objectTypeId"] == NUMBERS[kind] and row["id"] in found["_members"]:
                members = {k: v for k, v in found["_members"].items() if k != row["id"]}
                self.store.put("lists", found | {"_members": members})
        return self.store.put(kind, row | {"archived": True, "archivedAt": stamp} | marks)

    def restore_record(self, kind: str, record_id: str) -> Row:
        """Takes a record out of the recycle bin. Raises KeyError (not in it) and Taken."""
        row = self.store.tables[kind].rows[record_id]
        if not row["archived"] or "_hidden" in row:
            raise KeyError(record_id)
        for name, value in self._unique_values(kind, row["properties"]):
            if (kind, name, value) in self._unique:
                raise Taken(name, value, self._unique[kind, name, value])
        live = {key: value for key, value in row.items() if key != "archivedAt"}
        live = self._save(kind, live | {"archived": False}, {}, in_milliseconds(self.clock.now()))
        self.announce(kind, "restore", record_id, changeFlag="RESTORED")
        return live

    def erase_record(self, kind: str, record_id: str) -> None:
        """Deletes a record for good: its values are gone, and no list shows it."""
        self._bin(kind, self.store.tables[kind].rows[record_id], properties={}, _hidden=True)
        self.announce(kind, "privacyDeletion", record_id, changeFlag="DELETED")

    def merge_contacts(self, keep_id: str, lose_id: str, *, new_id: bool = False) -> Row:
        """Merges two contacts: addresses join, empty values are filled, the old id lives on.

        With `new_id` neither id survives: the merged contact has one of its own.
        """
        keep, lose = (self.store.tables["contacts"].rows[i] for i in (keep_id, lose_id))
        gone = [lose, keep] if new_id else [lose]
        at = self.clock.now()
        values = _merged_values(keep["properties"], lose["properties"], gone, at)
        lists = self._lists_of([row["id"] for row in gone])
        for row in gone:
            self._bin("contacts", row, _hidden=True)
        if new_id:
            merged = self._insert(
                "contacts", keep["properties"] | values, keep["createdAt"], in_milliseconds(at)
            )
        else:
            merged = self._save("contacts", keep, values, in_milliseconds(at))
        self._inherit(merged["id"], lists)
        self._announce_merge(keep_id, lose_id, merged["id"], len(values))
        return merged

    def _lists_of(self, ids: list[str]) -> list[str]:
        lists = self.store.tables["lists"]
        return [row["id"] for row in lists if row["_members"].keys() & set(ids)]

    def _inherit(self, record_id: str, list_ids: list[str]) -> None:
        for list_id in list_ids:
            found = self.store.tables["lists"].rows[list_id]
            members = {record_id: in_milliseconds(self.clock.now())} | found["_members"]
            self.store.put("lists", found | {"_members": members})

    def _announce_merge(self, keep_id: str, lose_id: str, new_id: str, moved: int) -> None:
        more = {
            "primaryObjectId": int(keep_id),
            "mergedObjectIds": [int(lose_id)],
            "newObjectId": int(new_id),
            "numberOfPropertiesMoved": moved,
        }
        self.announce("contacts", "merge", keep_id, **more)

    def find_record(self, kind: str, key: str, value: str) -> Row | None:
        """The live record whose id, address (also a secondary one) or unique property this is."""
        if key == "hs_object_id":
            value = self._merged.get(value, value)
            row = self.store.tables[kind].get(value)
            return row if row and not row["archived"] else None
        if key == "email":
            value = value.strip().lower()
        found = self._unique.get((kind, key, value))
        return self.store.tables[kind].rows[found] if found else None

    def is_merged_away(self, record_id: str) -> bool:
        """Whether this id now belongs to another record."""
        return record_id in self._merged

    def checked(
        self, kind: str, given: dict[str, Any], row: Row | None, *, read_only: bool = False
    ) -> dict[str, str]:
        """The values as they would be kept. Raises BadValue and Taken; changes nothing."""
        old = row["properties"] if row else {}
        changes = {}
        for name, value in given.items():
            prop = self.store.tables["properties"].get(f"{kind}/{name}")
            if prop is None or prop["archived"]:
                raise BadValue(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
            if prop["modificationMetadata"]["readOnlyValue"] and not read_only:
                raise BadValue(name, "READ_ONLY_VALUE", f'"{name}" is a read only property')
            changes[name] = cleaned(prop, value, old.get(name))
        if not read_only:
            self._keep_stage(changes, old)
        own_id = row["id"] if row else None
        for name, value in self._unique_values(kind, old | changes):
            holder = self._unique.get((kind, name, value))
            if holder not in (None, own_id):
                raise Taken(name, value, holder)
        return changes

    @staticmethod
    def _keep_stage(changes: dict[str, str], old: dict[str, str]) -> None:
        """A lifecycle stage moves only forward: a step back is dropped without a word."""
        new, now = changes.get("lifecyclestage", ""), old.get("lifecyclestage", "")
        ranked = new in LIFECYCLE and now in LIFECYCLE
        if ranked and LIFECYCLE.index(new) < LIFECYCLE.index(now):
            del changes["lifecyclestage"]

    def _save(self, kind: str, row: Row, changes: dict[str, str], moved: str) -> Row:
        values = {k: v for k, v in (row["properties"] | changes).items() if v}
        values[MODIFIED[kind]] = moved
        self._index(kind, row, values)
        self.announce_values(kind, row, values)
        return self.store.put(kind, row | {"properties": values, "updatedAt": moved})

    def _index(self, kind: str, row: Row, values: dict[str, str]) -> None:
        for name, value in self._unique_values(kind, row["properties"]):
            if self._unique.get((kind, name, value)) == row["id"]:
                del self._unique[kind, name, value]
        self._learn(kind, row["id"], values)

    def _learn(self, kind: str, record_id: str, values: dict[str, str]) -> None:
        for name, value in self._unique_values(kind, values):
            self._unique[kind, name, value] = record_id
        for old_id in values.get("hs_merged_object_ids", "").split(";"):
            if old_id:
                self._merged[old_id] = record_id

    def _unique_values(self, kind: str, values: dict[str, str]) -> Iterable[tuple[str, str]]:
        if kind == "contacts":
            for address in addresses(values):
                yield "email", address
        for name in self.unique_names(kind):
            if values.get(name):
                yield name, values[name]

    def unique_names(self, kind: str) -> list[str]:
        """The custom properties of which no two records have the same value."""
        return self._unique_names.get(kind, [])

    def reindex(self) -> None:
        """Builds the look-ups anew, after a load or a new unique property."""
        self._unique, self._merged = {}, {}
        self._unique_names: dict[str, list[str]] = {}
        for prop in self.store.tables["properties"]:
            if prop["hasUniqueValue"] and prop["name"] != "email":
                self._unique_names.setdefault(prop["id"].split("/")[0], []).append(prop["name"])
        for kind in FIRST_IDS:
            for row in self.store.tables[kind]:
                if not row["archived"]:
                    self._learn(kind, row["id"], row["properties"])

    def add_property(
        self,
        name: str,
        type: str = "string",
        field_type: str = "text",
        *,
        kind: str = "contacts",
        **more: Any,
    ) -> Row:
        """A custom property; `options` as texts, the rest as in the API."""
        editable = {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False}
        more = {"hubspotDefined": False, "modificationMetadata": editable} | more
        row = properties.definition(kind, name, type, field_type, **more)
        self.store.put("properties", row)
        self.reindex()
        return row


def addresses(values: dict[str, str]) -> list[str]:
    """A contact's addresses, the primary first ("" if it has none)."""
    more = values.get("hs_additional_emails", "")
    found = [values.get("email", ""), *more.split(";")]
    return [address for address in found if address]


def _merged_values(
    mine: dict[str, str], theirs: dict[str, str], gone: list[Row], at: datetime
) -> dict[str, str]:
    """What a merge adds to the survivor's values."""
    values = {key: value for key, value in theirs.items() if key not in mine}
    email = mine.get("email") or theirs.get("email", "")
    more = [address for address in addresses(mine) + addresses(theirs) if address != email]
    ids = [row["id"] for row in gone]
    known = [mine.get("hs_merged_object_ids"), *ids, theirs.get("hs_merged_object_ids")]
    values["hs_additional_emails"] = ";".join(dict.fromkeys(more))
    values["hs_merged_object_ids"] = ";".join(part for part in known if part)
    moment = int(at.timestamp() * 1000)
    values["hs_calculated_merged_vids"] = ";".join(f"{one}:{moment}" for one in ids)
    return values


def stamped(value: Any) -> Any:
    """A value with times as HubSpot writes them."""
    return in_milliseconds(value) if isinstance(value, datetime) else value
