"""The filters of Eventbrite's lists, each a function that says whether to keep an object."""

from collections.abc import Callable
from datetime import datetime

from integrations.sandbox.http import Request
from integrations.sandbox.paging import failure
from integrations.sandbox.store import Row

Keep = Callable[[Row], bool]
ORDER_STATUSES = ("active", "inactive", "both", "all", "all_not_deleted")
INACTIVE = ("refunded", "cancelled", "deleted", "abandoned", "transferred")
GONE = ("Not Attending", "Deleted", "Transferred")


def _since(request: Request) -> str:
    text = request.arg("changed_since")
    if not text:
        return ""
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
        if not text.endswith("Z"):
            raise ValueError(text)
    except ValueError as error:
        message = "There are errors with your arguments: changed_since - INVALID"
        raise failure(400, "ARGUMENTS_ERROR", message) from error
    return text


def event_filter(request: Request, now: str) -> Keep:
    """Which events were asked for; `now` as Eventbrite writes it."""
    statuses = [status for status in request.args("status") if status != "all"]
    series = request.arg("series_filter")
    parents = request.flag("show_series_parent") or series in ("parents", "allseries")
    currency, venue = request.arg("currency_filter"), request.arg("venue_filter")
    name, time = request.arg("name_filter").lower(), request.arg("time_filter")
    ids = set(request.args("event_ids"))

    def keep(row: Row) -> bool:
        parent, child = row["is_series_parent"], row["is_series"] and not row["is_series_parent"]
        return (
            (not statuses or row["status"] in statuses)
            and (parents or not parent)
            and (series != "parents" or parent)
            and (series != "children" or child)
            and (series != "nonseries" or not row["is_series"])
            and (series != "allseries" or row["is_series"])
            and (not currency or row["currency"] == currency)
            and (not venue or row["venue_id"] == venue)
            and name in row["name"]["text"].lower()
            and (not ids or row["id"] in ids)
            and (time != "past" or row["end"]["utc"] <= now)
            and (time != "current_future" or row["end"]["utc"] > now)
        )

    return keep


def order_filter(request: Request) -> Keep:
    """Which orders were asked for; by default the active ones."""
    status, since = request.arg("status", "active"), _since(request)
    if status not in ORDER_STATUSES:
        raise failure(400, "ARGUMENTS_ERROR", "There are errors with your arguments: status")
    only, without = request.args("only_emails"), request.args("exclude_emails")

    def keep(row: Row) -> bool:
        inactive = row["status"] in INACTIVE
        return (
            row["changed"] >= since
            and (status != "active" or not inactive)
            and (status != "inactive" or inactive)
            and (status != "all_not_deleted" or row["status"] != "deleted")
            and (not only or row["email"] in only)
            and row["email"] not in without
        )

    return keep


def attendee_filter(request: Request) -> Keep:
    """Which attendees were asked for; by default all."""
    status, since = request.arg("status"), _since(request)
    if status not in ("", "attending", "not_attending", "unpaid"):
        raise failure(400, "ARGUMENTS_ERROR", "There are errors with your arguments: status")
    ids = set(request.args("attendee_ids"))

    def keep(row: Row) -> bool:
        gone = row["cancelled"] or row["status"] in GONE
        unpaid = row["status"] == "Unpaid"
        return (
            row["changed"] >= since
            and (status != "attending" or not (gone or unpaid))
            and (status != "not_attending" or gone)
            and (status != "unpaid" or unpaid)
            and (not ids or row["id"] in ids)
        )

    return keep
