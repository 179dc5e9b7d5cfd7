"""HubSpot's campaigns and marketing e-mails APIs. They need Marketing Hub Professional."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.http import Request, Response, Route
from integrations.sandbox.hubspot_shapes import batch_answer, batch_inputs, missing, page_limit
from integrations.sandbox.marketing import COUNTERS, statistics
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

Item = dict[str, Any]
TIERS = ("professional", "enterprise")
PAGE, BATCH = 100, 50
MODELS = (
    "LINEAR",
    "FIRST_INTERACTION",
    "LAST_INTERACTION",
    "FULL_PATH",
    "U_SHAPED",
    "W_SHAPED",
    "TIME_DECAY",
    "J_SHAPED",
    "INVERSE_J_SHAPED",
)


def _professional(world: "World") -> None:
    """Raises ApiError for an account of a lower tier."""
    if world.limits.tier not in TIERS:
        message = "This account does not have access to the Marketing Hub Professional features."
        raise errors.refuse(403, "FORBIDDEN", message)


def _paged(request: Request, rows: list[Any], limit: int) -> Item:
    """A page by offset, as these two APIs have it."""
    after = request.arg("after", "0") or "0"
    if not after.isdecimal():
        raise errors.invalid(f"Invalid after: {after}")
    start = int(after)
    body: Item = {"total": len(rows), "results": rows[start : start + limit]}
    if start + limit < len(rows):
        body["paging"] = {"next": {"after": str(start + limit), "link": "?"}}
    return body


def _campaign(world: "World", request: Request) -> Row:
    _professional(world)
    row = world.store.tables["campaigns"].get(request.params["id"])
    if row is None:
        raise errors.not_found(f"Campaign {request.params['id']} does not exist")
    return row


def _shown(row: Row, names: list[str]) -> Item:
    """A campaign with the properties that were asked for; those without a value are left out."""
    values = {name: row["properties"][name] for name in names if name in row["properties"]}
    times = {key: row[key] for key in ("createdAt", "updatedAt")}
    return {"id": row["id"], "properties": values, **times, "businessUnits": []}


def list_campaigns(world: "World", request: Request) -> Response:
    """A page of campaigns, by name or another `sort`."""
    _professional(world)
    part, sort = request.arg("name").lower(), request.arg("sort", "hs_name")
    rows = [
        r for r in world.store.tables["campaigns"] if part in r["properties"]["hs_name"].lower()
    ]
    key = sort.lstrip("-")
    rows.sort(
        key=lambda r: r.get(key) or r["properties"].get(key, ""), reverse=sort.startswith("-")
    )
    names = request.args("properties")
    page = [_shown(row, names) for row in rows]
    return Response(200, _paged(request, page, page_limit(request, 50, PAGE)))


def read_campaign(world: "World", request: Request) -> Response:
    """One campaign."""
    row = _campaign(world, request)
    return Response(200, _shown(row, request.args("properties")) | {"assets": {}})


def read_campaigns(world: "World", request: Request) -> Response:
    """Up to 50 campaigns by id."""
    _professional(world)
    found, gone = [], []
    for item in batch_inputs(request, BATCH):
        row = world.store.tables["campaigns"].get(str(item.get("id", "")))
        if row is None:
            gone.append(str(item.get("id", "")))
        else:
            found.append(_shown(row, request.args("properties")) | {"assets": {}})
    return batch_answer(world, found, [missing(gone)] if gone else [])


def _touched(world: "World", row: Row, name: str) -> list[str]:
    """The live contacts whose first or latest source is the campaign's."""
    contacts = world.store.tables["contacts"]
    return [
        contact["id"]
        for contact in contacts
        if row["_source"]
        and not contact["archived"]
        and contact["properties"].get(name) == row["_source"]
    ]


def _contacts(world: "World", row: Row) -> dict[str, list[str]]:
    """Whom a campaign touched, by the kind of contact that the reports know."""
    first = _touched(world, row, "hs_analytics_source")
    last = _touched(world, row, "hs_latest_source")
    both = sorted({*first, *last}, key=int)
    return {"contactFirstTouch": first, "contactLastTouch": last, "influencedContacts": both}


def report_metrics(world: "World", request: Request) -> Response:
    """How many people came by a campaign."""
    row = _campaign(world, request)
    found = _contacts(world, row)
    body = {
        "sessions": row["_sessions"],
        "newContactsFirstTouch": len(found["contactFirstTouch"]),
        "newContactsLastTouch": len(found["contactLastTouch"]),
        "influencedContacts": len(found["influencedContacts"]),
    }
    return Response(200, body)


def report_contacts(world: "World", request: Request) -> Response:
    """A page of the contacts of one kind."""
    row = _campaign(world, request)
    found = _contacts(world, row).get(request.params["kind"])
    if found is None:
        raise errors.invalid(f"Unknown contact type: {request.params['kind']}")
    ids = [{"id": one} for one in found]
    return Response(200, _paged(request, ids, page_limit(request, PAGE, PAGE)))


def report_revenue(world: "World", request: Request) -> Response:
    """Won deals of the contacts whom a campaign influenced; every model gives the same figure."""
    row, model = _campaign(world, request), request.arg("attributionModel", "LINEAR")
    if model not in MODELS:
        raise errors.invalid(f"Invalid attributionModel: {model}")
    contacts, deals = set(), {}
    for contact_id in _contacts(world, row)["influencedContacts"]:
        for deal_id in world.associated("contacts", contact_id, "deals"):
            values = world.store.tables["deals"].rows[deal_id]["properties"]
            if values["hs_is_closed_won"] == "true":
                contacts.add(contact_id)
                deals[deal_id] = float(values.get("amount", 0))
    body = {
        "contactsNumber": len(contacts),
        "dealsNumber": len(deals),
        "dealAmount": round(sum(deals.values()), 2),
        "revenueAmount": round(sum(deals.values()), 2),
        "currencyCode": "EUR",
    }
    return Response(200, body)


def read_budget(world: "World", request: Request) -> Response:
    """What may be and what was spent."""
    values = _campaign(world, request)["properties"]
    budget = float(values.get("hs_budget_items_sum_amount", 0))
    spend = float(values.get("hs_spend_items_sum_amount", 0))
    body = {
        "currencyCode": values["hs_currency_code"],
        "budgetTotal": budget,
        "spendTotal": spend,
        "remainingBudget": round(budget - spend, 2),
        "budgetItems": [],
        "spendItems": [],
    }
    return Response(200, body)


def _email(row: Row, stats: bool) -> Item:
    shown = {key: row[key] for key in row if key[0] != "_"}
    return shown | ({"stats": statistics(row["_counters"])} if stats else {})


def list_emails(world: "World", request: Request) -> Response:
    """A page of e-mails, with their statistics if `includeStats`."""
    _professional(world)
    archived, stats = request.flag("archived"), request.flag("includeStats")
    published = request.flag("isPublished") if "isPublished" in request.query else None
    campaign, kind = request.arg("campaign"), request.arg("type")
    rows = [
        row
        for row in world.store.tables["emails"]
        if row["archived"] == archived
        and published in (None, row["isPublished"])
        and campaign in ("", row["campaign"])
        and kind in ("", row["type"])
    ]
    sort = request.arg("sort").lstrip("-")
    if sort in ("createdAt", "updatedAt", "name", "publishDate"):
        rows.sort(key=lambda row: row[sort] or "", reverse=request.arg("sort").startswith("-"))
    page = [_email(row, stats) for row in rows]
    return Response(200, _paged(request, page, page_limit(request, 10, PAGE)))


def read_email(world: "World", request: Request) -> Response:
    """One e-mail."""
    _professional(world)
    row = world.store.tables["emails"].get(request.params["id"])
    if row is None:
        raise errors.not_found(f"Email {request.params['id']} does not exist")
    return Response(200, _email(row, request.flag("includeStats")))


def _bound(request: Request, name: str) -> str:
    text = request.arg(name)
    if not text:
        raise errors.invalid(f"Some required fields were not set: [{name}]")
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a bare + of a zone in a query
    except ValueError as error:
        raise errors.invalid(f"{name} {text} is not a valid time") from error
    return in_milliseconds(at if at.tzinfo else at.replace(tzinfo=UTC))


def list_statistics(world: "World", request: Request) -> Response:
    """The sums over the e-mails that were sent within a span of time, and their ids."""
    _professional(world)
    start, end = _bound(request, "startTimestamp"), _bound(request, "endTimestamp")
    ids = request.args("emailIds")
    rows = [
        row
        for row in world.store.tables["emails"]
        if start <= (row["publishDate"] or "") <= end and (not ids or row["id"] in ids)
    ]
    campaigns: dict[str, list[Row]] = {}
    for row in rows:
        campaigns.setdefault(row["campaign"] or "", []).append(row)
    body = {
        "aggregate": _sum(rows),
        "campaignAggregations": {key: _sum(found) for key, found in campaigns.items() if key},
        "emails": [int(row["id"]) for row in rows],
    }
    return Response(200, body)


def _sum(rows: list[Row]) -> Item:
    return statistics({key: sum(row["_counters"][key] for row in rows) for key in COUNTERS})


CAMPAIGNS, EMAILS = "/marketing/v3/campaigns", "/marketing/v3/emails"
ONE = f"{CAMPAIGNS}/{{id}}"
READ, REVENUE = ("marketing.campaigns.read",), ("marketing.campaigns.revenue.read",)
MAIL = ("marketing.email.read", "content")
ROUTES = [
    Route("GET", CAMPAIGNS, list_campaigns, READ),
    Route("POST", f"{CAMPAIGNS}/batch/read", read_campaigns, READ),
    Route("GET", ONE, read_campaign, READ),
    Route("GET", f"{ONE}/reports/metrics", report_metrics, READ),
    Route("GET", f"{ONE}/reports/revenue", report_revenue, REVENUE),
    Route("GET", f"{ONE}/reports/contacts/{{kind}}", report_contacts, READ),
    Route("GET", f"{ONE}/budget/totals", read_budget, READ),
    Route("GET", EMAILS, list_emails, MAIL),
    Route("GET", f"{EMAILS}/statistics/list", list_statistics, MAIL),
    Route("GET", f"{EMAILS}/{{id}}", read_email, MAIL),
]
