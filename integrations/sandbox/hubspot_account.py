"""HubSpot's owners and account information API."""

from datetime import timedelta
from typing import TYPE_CHECKING

from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.http import Request, Response, Route
from integrations.sandbox.hubspot_shapes import page_limit
from integrations.sandbox.outbox import PORTAL_ID

if TYPE_CHECKING:
    from integrations.sandbox.world import World


def list_owners(world: "World", request: Request) -> Response:
    """A page of owners, or those with one address."""
    limit, after = page_limit(request, 100, 500), request.arg("after", "0") or "0"
    archived, email = request.flag("archived"), request.arg("email").lower()
    rows = [
        {key: row[key] for key in row}
        for row in world.store.tables["owners"]
        if row["archived"] == archived and (not email or row["email"].lower() == email)
    ]
    rows = [row for row in rows if int(row["id"]) > int(after)]
    body: dict = {"results": rows[:limit]}
    if len(rows) > limit:
        body["paging"] = {"next": {"after": rows[limit - 1]["id"], "link": "?"}}
    return Response(200, body)


def read_owner(world: "World", request: Request) -> Response:
    """One owner by id."""
    row = world.store.tables["owners"].get(request.params["id"])
    if row is None:
        raise errors.not_found()
    return Response(200, row)


def read_account(world: "World", request: Request) -> Response:
    """The portal: number, zone, currency."""
    body = {
        "portalId": PORTAL_ID,
        "accountType": "STANDARD",
        "timeZone": "Europe/Berlin",
        "companyCurrency": "EUR",
        "additionalCurrencies": [],
        "utcOffset": "+01:00",
        "utcOffsetMilliseconds": 3_600_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "eu1",
    }
    return Response(200, body)


def read_usage(world: "World", request: Request) -> Response:
    """What was used of the day's budget."""
    now, limits = world.clock.now(), world.limits
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    usage = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": limits.daily,
        "currentUsage": limits.used_today,
        "collectedAt": in_milliseconds(now),
        "fetchStatus": "SUCCESS",
        "resetsAt": in_milliseconds(midnight),
    }
    return Response(200, {"results": [usage]})


OWNERS = ("crm.objects.owners.read",)
ROUTES = [
    Route("GET", "/crm/v3/owners", list_owners, OWNERS),
    Route("GET", "/crm/v3/owners/{id}", read_owner, OWNERS),
    Route("GET", "/account-info/v3/details", read_account),
    Route("GET", "/account-info/v3/api-usage/daily/private-apps", read_usage),
]
