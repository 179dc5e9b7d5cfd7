"""The control routes under `/__sandbox__/`: what a test or the demo does to the world."""

from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox import deliveries
from integrations.sandbox.crm import Taken
from integrations.sandbox.http import Request, Response
from integrations.sandbox.properties import BadValue
from integrations.sandbox.store import Row
from integrations.sandbox.world import EVENTBRITE_KINDS, KINDS

if TYPE_CHECKING:
    from integrations.sandbox.app import Sandbox


class Refused(Exception):
    """A control request that makes no sense."""


def control(sandbox: "Sandbox", request: Request) -> Response:
    """Answers one control request; 400 says what was wrong with it."""
    steps = [part for part in request.path.split("/") if part][1:]
    handler = HANDLERS.get((request.method, steps[0] if steps else ""))
    if handler is None:
        return Response(404, {"error": f"unknown: {request.method} {request.path}"})
    sends = "webhooks" in steps and steps[-1] != "webhooks"
    with nullcontext() if sends else sandbox.world.lock:
        try:
            body = handler(sandbox, request, steps[1:])
            with sandbox.world.lock:
                sandbox.world.store.commit()
        except (Refused, KeyError, TypeError, ValueError, AttributeError, BadValue, Taken) as error:
            return Response(400, {"error": f"{type(error).__name__}: {error}"})
    return Response(200, body)


def _health(sandbox: "Sandbox", request: Request, steps: list[str]) -> dict[str, Any]:
    world = sandbox.world
    shown = {"ok": True, "seed": world.seed, "counts": world.counts()}
    return shown | {"tier": sandbox.limits.tier, "limits": sandbox.limits.enabled}


def _stats(sandbox: "Sandbox", request: Request, steps: list[str]) -> dict[str, Any]:
    return sandbox.stats.as_dict()


def _reset_stats(sandbox: "Sandbox", request: Request, steps: list[str]) -> dict[str, Any]:
    if steps != ["reset"]:
        raise Refused("POST stats/reset")
    sandbox.stats.reset()
    return sandbox.stats.as_dict()


def _faults(sandbox: "Sandbox", request: Request, steps: list[str]) -> dict[str, Any]:
    return {"faults": sandbox.faults.as_rows()}


def _add_faults(sandbox: "Sandbox", request: Request, steps: list[str]) -> dict[str, Any]:
    rules = request.json()
    for rule in rules if isinstance(rules, list) else [rules]:
        sandbox.faults.add(**rule)
    return {"faults": sandbox.faults.as_rows()}


def _drop_faults(sandbox: "Sandbox", request: Request, steps: list[str]) -> dict[str, Any]:
    sandbox.faults.clear()
    return {"faults": []}


def _dump(sandbox: "Sandbox", request: Request, steps: list[str]) -> Any:
    if not steps or steps[-1] not in KINDS:
        raise Refused(f"dump/<kind>, one of {', '.join(KINDS)}")
    return sandbox.world.dump(steps[-1])


def _eventbrite(sandbox: "Sandbox", request: Request, steps: list[str]) -> Row:
    world, given = sandbox.world, _with_times(request.json())
    match steps:
        case ["webhooks"]:
            deliveries.check_target(given["url"])
            return world.listen_to_eventbrite(**given)
        case ["webhooks", "deliver"]:
            return deliveries.deliver_eventbrite(world, **given)
        case ["webhooks", "test"]:
            return deliveries.ping_eventbrite(world)
        case ["orders", order_id, "refund"]:
            return world.refund_order(order_id, **given)
        case ["orders", order_id, "delete"]:
            return world.delete_order(order_id)
        case ["events", event_id, "cancel"]:
            return world.cancel_event(event_id, **given)
        case ["events", event_id, "delete"]:
            return world.remove_event(event_id)
        case ["attendees", attendee_id, "transfer"]:
            return world.transfer_seat(attendee_id, **given)
        case ["attendees", attendee_id, "delete"]:
            return world.remove_seat(attendee_id)
        case ["attendees", attendee_id, "check-in"]:
            return world.check_in(attendee_id, **given)
        case ["orders"]:
            return world.add_order(given.pop("event_id"), **given)
        case ["events" | "venues" as kind]:
            return (world.add_event if kind == "events" else world.add_venue)(**given)
        case ["discounts"]:
            return world.add_discount(**given)
        case ["ticket_classes"]:
            return world.add_ticket_class(given.pop("event_id"), **given)
        case [kind, row_id] if kind in EVENTBRITE_KINDS:
            return world.patch(kind, row_id, **given)
    raise Refused("eventbrite/<kind>, <kind>/<id>, orders/<id>/refund|delete, events/<id>/cancel …")


def _with_times(given: dict[str, Any]) -> dict[str, Any]:
    """Builders want datetimes where JSON has text."""
    for key in ("start", "created", "at"):
        if isinstance(given.get(key), str):
            given[key] = datetime.fromisoformat(given[key])
    return given


def _hubspot(sandbox: "Sandbox", request: Request, steps: list[str]) -> Row:
    world, given = sandbox.world, request.json()
    match steps:
        case ["webhooks"]:
            deliveries.check_target(given["url"])
            return world.listen_to_hubspot(**given)
        case ["webhooks", "deliver"]:
            return deliveries.deliver_hubspot(world, **given)
        case ["campaigns"]:
            return world.add_campaign(**given)
        case ["emails"]:
            return world.add_email(**given)
        case ["pipelines"]:
            return world.add_pipeline(given["label"], [tuple(one) for one in given["stages"]])
        case ["tokens"]:
            return world.register_token(given["token"], given.get("scopes"))
        case ["contacts"]:
            return world.add_contact(**given)
        case ["deals"]:
            return world.add_deal(**given)
        case ["contacts", contact_id, "merge"]:
            return world.merge_contacts(contact_id, given.pop("lose"), **given)
        case ["contacts" | "deals" as kind, record_id, "archive"]:
            return world.archive_record(kind, record_id)
        case ["contacts" | "deals" as kind, record_id, "restore"]:
            return world.restore_record(kind, record_id)
        case ["contacts", contact_id]:
            return world.edit_contact(contact_id, **given)
        case ["deals", deal_id]:
            return world.edit_deal(deal_id, **given)
        case ["associations"]:
            return world.associate(given["contact"], given["deal"])
        case ["properties"]:
            return world.add_property(**given)
        case ["owners"]:
            return world.add_owner(**given)
    raise Refused("hubspot/contacts, contacts/<id>, contacts/<id>/archive|restore|merge, deals …")


def _limits(sandbox: "Sandbox", request: Request, steps: list[str]) -> dict[str, Any]:
    given = request.json()
    if "tier" in given:
        sandbox.limits.use_tier(given["tier"])
    for key, value in given.items():
        if key not in LIMITS:
            raise Refused(f"limits: {', '.join(LIMITS)}")
        setattr(sandbox.limits, key, value)
    sandbox.limits.reset()
    return {key: getattr(sandbox.limits, key) for key in LIMITS}


def _clock(sandbox: "Sandbox", request: Request, steps: list[str]) -> dict[str, Any]:
    sandbox.world.clock.advance(float(request.json()["seconds"]))
    return {"now": sandbox.world.clock.now().isoformat()}


LIMITS = (
    "tier",
    "enabled",
    "burst",
    "burst_seconds",
    "daily",
    "searches_per_second",
    "associations_burst",
    "associations_daily",
    "events_per_second",
    "eventbrite_per_hour",
)
HANDLERS = {
    ("GET", "health"): _health,
    ("GET", "stats"): _stats,
    ("POST", "stats"): _reset_stats,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _drop_faults,
    ("GET", "dump"): _dump,
    ("POST", "eventbrite"): _eventbrite,
    ("POST", "hubspot"): _hubspot,
    ("POST", "limits"): _limits,
    ("POST", "clock"): _clock,
}
