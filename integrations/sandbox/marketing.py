"""HubSpot's campaigns and marketing e-mails. What a campaign did is worked out when it is read."""

import uuid
from datetime import date, datetime
from typing import Any

from integrations.sandbox.associations import Associations
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.store import Row

FIRST_EMAIL = 187_400_000_031
COUNTERS = (
    "sent",
    "delivered",
    "open",
    "click",
    "bounce",
    "hardbounced",
    "softbounced",
    "unsubscribed",
    "spamreport",
    "contactslost",
    "dropped",
    "pending",
    "reply",
)


class Marketing(Associations):
    """Builders of campaigns and of e-mails."""

    def add_campaign(
        self,
        name: str,
        *,
        source: str = "",
        budget: str = "0",
        spend: str = "0",
        start: date | None = None,
        end: date | None = None,
        sessions: int = 0,
        created: datetime | None = None,
        **values: str,
    ) -> Row:
        """A campaign; contacts whose analytics source is `source` count as touched by it."""
        number = len(self.store.tables["campaigns"])
        at = in_milliseconds(created or self.clock.now())
        given = {"hs_name": name, "hs_start_date": start and start.isoformat()}
        given |= {"hs_end_date": end and end.isoformat(), "hs_currency_code": "EUR"}
        given |= {"hs_budget_items_sum_amount": budget, "hs_spend_items_sum_amount": spend}
        row = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"campaign {number}")),
            "properties": {k: v for k, v in (given | values).items() if v},
            "createdAt": at,
            "updatedAt": at,
            "_source": source,
            "_sessions": sessions,
        }
        return self.store.put("campaigns", row)

    def add_email(
        self,
        name: str,
        *,
        campaign: Row | None = None,
        published: datetime | None = None,
        state: str = "PUBLISHED",
        **counters: int,
    ) -> Row:
        """A marketing e-mail with its counters (sent, delivered, open, click, bounce …)."""
        unknown = counters.keys() - set(COUNTERS)
        if unknown:
            raise ValueError(f"unknown counters: {sorted(unknown)}")
        at = in_milliseconds(published or self.clock.now())
        table = self.store.tables["emails"]
        row: dict[str, Any] = {
            "id": str(table.top + 1 if table.top else FIRST_EMAIL),
            "name": name,
            "subject": name,
            "state": state,
            "type": "BATCH_EMAIL",
            "subcategory": "batch",
            "archived": False,
            "isPublished": state == "PUBLISHED",
            "isTransactional": False,
            "sendOnPublish": True,
            "activeDomain": "mail.nova.example.com",
            "from": {"fromName": "Nova Live", "replyTo": "hello@nova.example.com"},
            "campaign": campaign["id"] if campaign else None,
            "campaignName": campaign["properties"]["hs_name"] if campaign else None,
            "createdAt": at,
            "updatedAt": at,
            "publishDate": at if state == "PUBLISHED" else None,
            "_counters": {key: counters.get(key, 0) for key in COUNTERS},
        }
        return self.store.put("emails", row)


def statistics(counters: dict[str, int]) -> dict[str, Any]:
    """Counters with their ratios, which are percentages: 30.9 is 30.9 %."""
    delivered = counters["delivered"]

    def percent(part: str, whole: int) -> float:
        return round(100 * counters[part] / whole, 3) if whole else 0.0

    ratios = {f"{one}ratio": percent(one, delivered) for one in ("open", "click", "unsubscribed")}
    ratios |= {f"{one}ratio": percent(one, delivered) for one in ("spamreport", "reply")}
    ratios |= {f"{one}ratio": percent(one, counters["sent"]) for one in ("delivered", "bounce")}
    ratios["hardbounceratio"] = percent("hardbounced", counters["sent"])
    ratios["softbounceratio"] = percent("softbounced", counters["sent"])
    ratios["clickthroughratio"] = percent("click", counters["open"])
    more: dict[str, Any] = {"deviceBreakdown": {}, "qualifierStats": {}}
    return {"counters": counters, "ratios": ratios} | more
