"""Which contact belongs to which deal. Only unlabelled associations exist."""

from integrations.sandbox.deals import Deals
from integrations.sandbox.store import Row

TYPE_IDS = {("contacts", "deals"): 4, ("deals", "contacts"): 3}
ENDS = {"contacts": "contact_id", "deals": "deal_id"}
CATEGORY = "HUBSPOT_DEFINED"


class Associations(Deals):
    """Ties between records; those of a record in the recycle bin show again when it is restored."""

    def associate(self, contact_id: str, deal_id: str) -> Row:
        """Ties a contact to a deal; doing it again changes nothing."""
        row_id = f"{contact_id}/{deal_id}"
        known = self.store.tables["associations"].get(row_id)
        if known is not None:
            return known
        row = {"id": row_id, "contact_id": contact_id, "deal_id": deal_id}
        self.announce_link(contact_id, deal_id, removed=False)
        return self.store.put("associations", row)

    def dissociate(self, contact_id: str, deal_id: str) -> None:
        """Unties a contact from a deal, if they are tied."""
        row_id = f"{contact_id}/{deal_id}"
        if self.store.tables["associations"].get(row_id) is not None:
            self.store.remove("associations", row_id)
            self.announce_link(contact_id, deal_id, removed=True)

    def associated(self, kind: str, record_id: str, to_kind: str) -> list[str]:
        """The ids of the live records of another kind that a record is tied to, ascending."""
        rows = self.store.tables["associations"].where(ENDS[kind], record_id)
        found = self.store.tables[to_kind].rows
        ids = [row[ENDS[to_kind]] for row in rows]
        return sorted((one for one in ids if not found[one]["archived"]), key=int)

    def merge_contacts(self, keep_id: str, lose_id: str, *, new_id: bool = False) -> Row:
        """As for any contact; the survivor takes over all deals."""
        gone = [lose_id, keep_id] if new_id else [lose_id]
        deals = [deal for one in gone for deal in self.associated("contacts", one, "deals")]
        row = super().merge_contacts(keep_id, lose_id, new_id=new_id)
        for deal_id in deals:
            self.associate(row["id"], deal_id)
        return row

    def erase_record(self, kind: str, record_id: str) -> None:
        """As for any record; its associations go with it."""
        for row in self.store.tables["associations"].where(ENDS[kind], record_id):
            self.store.remove("associations", row["id"])
        super().erase_record(kind, record_id)
