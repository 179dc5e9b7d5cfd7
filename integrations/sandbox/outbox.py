"""What the vendors would tell a subscriber: changes that wait to be delivered by webhook.

Nothing is kept until somebody listens, and nothing is sent before a test asks for it.
"""

import zlib
from typing import Any

from integrations.sandbox.clock import Clock
from integrations.sandbox.store import Row, Store

PORTAL_ID = 145_000_123
APP_ID = 2_400_017
USER_ID = "440000000077"
API = "https://www.eventbriteapi.com/v3"
FIRST_WEBHOOK = 9_200_011
SINGULAR = {"contacts": "contact", "deals": "deal"}
NUMBERS = {"contacts": "0-1", "deals": "0-3"}
DEFAULT_ACTIONS = ("order.placed", "event.published", "event.unpublished")
UNTOLD = {
    "hs_object_id",
    "createdate",
    "lastmodifieddate",
    "hs_lastmodifieddate",
    "hs_calculated_merged_vids",
}


class Outbox:
    """The subscriptions, and the queue of each vendor.

    `changed_by` is what HubSpot gives as the source of a change: an API call or its own screens.
    """

    store: Store
    clock: Clock
    changed_by: str = "CRM_UI"

    def listen_to_hubspot(
        self, url: str, client_secret: str, *, signed_url: str = "", generic: bool = False
    ) -> Row:
        """Sets HubSpot's one target. `signed_url` is what the signature covers where the target
        stands behind a proxy; with `generic` the events have the newer object.* form.
        """
        row = {"id": "hubspot", "url": url, "client_secret": client_secret, "generic": generic}
        return self.store.put("webhooks", row | {"signed_url": signed_url or url})

    def listen_to_eventbrite(
        self, url: str, actions: list[str] | None = None, event_id: str | None = None
    ) -> Row:
        """Adds a subscription; without `actions` Eventbrite's default three, "*" means all."""
        known = self.store.tables["webhooks"]
        row = {
            "id": str(max(known.top + 1, FIRST_WEBHOOK)),
            "url": url,
            "actions": list(actions or DEFAULT_ACTIONS),
            "event_id": event_id,
        }
        return self.store.put("webhooks", row)

    def announce(self, kind: str, event: str, record_id: str, **more: Any) -> None:
        """Queues one of HubSpot's events, such as `propertyChange`, if somebody listens."""
        hook = self.store.tables["webhooks"].get("hubspot")
        if hook is None:
            return
        word = "object" if hook["generic"] else SINGULAR[kind]
        name = f"{word}.{event}"
        table = self.store.tables["hubspot_outbox"]
        number = table.top + 1
        body = {
            "eventId": 100 + number,
            "subscriptionId": zlib.crc32(f"{name} {more.get('propertyName')}".encode()) % 10**7,
            "portalId": PORTAL_ID,
            "appId": APP_ID,
            "occurredAt": int(self.clock.now().timestamp() * 1000),
            "subscriptionType": name,
            "attemptNumber": 0,
            "objectId": int(record_id),
            "changeSource": self.changed_by,
        }
        if hook["generic"]:
            body["objectTypeId"] = NUMBERS[kind]
        self.store.put("hubspot_outbox", {"id": str(number), "event": body | more})

    def announce_values(self, kind: str, row: Row, values: dict[str, str]) -> None:
        """Queues what a write changes: a creation, and each property with another value."""
        if self.store.tables["webhooks"].get("hubspot") is None:
            return
        if row["id"] not in self.store.tables[kind].rows:
            self.announce(kind, "creation", row["id"], changeFlag="CREATED")
        old = row["properties"]
        for name in sorted((old.keys() | values.keys()) - UNTOLD):
            if old.get(name) != values.get(name):
                more = {"propertyName": name, "propertyValue": values.get(name, "")}
                self.announce(kind, "propertyChange", row["id"], **more)

    def announce_link(self, contact_id: str, deal_id: str, *, removed: bool) -> None:
        """Queues a change of association, once for each side."""
        for kind, sides in (("contacts", "CONTACT_TO_DEAL"), ("deals", "DEAL_TO_CONTACT")):
            here, there = (contact_id, deal_id) if kind == "contacts" else (deal_id, contact_id)
            more = {
                "associationType": sides,
                "fromObjectId": int(here),
                "toObjectId": int(there),
                "associationRemoved": removed,
                "isPrimaryAssociation": False,
            }
            self.announce(kind, "associationChange", here, **more)

    def tell(self, action: str, path: str, event_id: str | None = None) -> None:
        """Queues one of Eventbrite's actions for each subscription that wants it."""
        hooks = [hook for hook in self.store.tables["webhooks"] if hook["id"] != "hubspot"]
        for hook in hooks:
            wanted = action in hook["actions"] or "*" in hook["actions"]
            if wanted and hook["event_id"] in (None, event_id):
                number = self.store.tables["eventbrite_outbox"].top + 1
                row = {"id": str(number), "webhook_id": hook["id"], "action": action}
                self.store.put("eventbrite_outbox", row | {"api_url": f"{API}{path}"})
