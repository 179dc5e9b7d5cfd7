"""Who works in the HubSpot portal, and which tokens open it."""

from collections.abc import Iterable

from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.outbox import Outbox
from integrations.sandbox.store import Row


class Portal(Outbox):
    """Builders of owners and tokens."""

    def add_owner(self, email: str, first_name: str, last_name: str) -> Row:
        """Somebody to whom contacts can belong."""
        number = len(self.store.tables["owners"]) + 1
        stamp = in_milliseconds(self.clock.now())
        row = {
            "id": str(90_000_000 + 137 * number),
            "email": email,
            "firstName": first_name,
            "lastName": last_name,
            "userId": 7_000_000 + number,
            "userIdIncludingInactive": 7_000_000 + number,
            "type": "PERSON",
            "createdAt": stamp,
            "updatedAt": stamp,
            "archived": False,
        }
        return self.store.put("owners", row)

    def register_token(self, token: str, scopes: Iterable[str] | None = None) -> Row:
        """Lets a bearer token in; `scopes` None means all."""
        wanted = None if scopes is None else sorted(scopes)
        return self.store.put("tokens", {"id": token, "scopes": wanted})
