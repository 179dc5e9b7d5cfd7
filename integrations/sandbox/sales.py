"""The made-up sales: who bought what and when, and what became of it."""

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from integrations.sandbox import shapes
from integrations.sandbox.aftersales import scanned
from integrations.sandbox.clock import in_seconds
from integrations.sandbox.people import Crowd, Person
from integrations.sandbox.programme import Show
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

GROUP_SIZES = ((1, 52), (2, 33), (3, 8), (4, 5), (6, 2))
AFFILIATES = ("ebdssbdestsearch", "oddtdteb", "igstory", "newsletter", "flyer-kreuzberg")
UNDONE = (("started", 3), ("pending", 3), ("abandoned", 5), ("unpaid", 4))
CANCELED_BEFORE = timedelta(days=3)
MOST_LOYAL = 25
FEE_PERCENT, FEE_FIXED, PAYMENT_PERCENT = 3.7, {"EUR": 79, "JPY": 99}, 2.9


def make_sales(
    world: "World",
    rng: random.Random,
    shows: list[Show],
    crowd: Crowd,
    buyers: list[Person],
    orders: int,
    now: datetime,
) -> None:
    """`orders` orders (fewer if the houses are full), then refunds, check-ins and oddities."""
    plans = _plans(rng, shows, orders, now)
    rng.shuffle(plans)
    regulars = [min(rng.paretovariate(1.3), MOST_LOYAL) for _ in buyers]
    chosen = rng.choices(buyers, regulars, k=len(plans))
    for (show, at, size), buyer in zip(plans, chosen, strict=True):
        _order(world, rng, show, crowd, buyer, size, at)
    _afterwards(world, rng, shows, now)


def _plans(
    rng: random.Random, shows: list[Show], orders: int, now: datetime
) -> list[tuple[Show, datetime, int]]:
    """Which order is for which show, when, and for how many; later orders nearer to the show."""
    open_shows = [show for show in shows if show.fate != "draft"]
    if not open_shows:
        return []
    weights = [show.appeal * show.capacity * _elapsed(show, now) for show in open_shows]
    sizes = [size for size, _ in GROUP_SIZES]
    shares = [share for _, share in GROUP_SIZES]
    wanted = rng.choices(open_shows, weights, k=orders)
    plans: list[tuple[Show, datetime, int]] = []
    for first_choice, size in zip(wanted, rng.choices(sizes, shares, k=orders), strict=True):
        show = first_choice
        if show.sold + size > show.capacity:
            free = [one for one in open_shows if one.sold + size <= one.capacity]
            if not free:
                continue
            show = rng.choice(free)
        show.sold += size
        plans.append((show, _moment(rng, show, now), size))
    return plans


def _elapsed(show: Show, now: datetime) -> float:
    """The share of a show's sales that has happened by now."""
    ahead = (show.start - now).total_seconds() / 86_400
    return 1.0 if ahead <= 0 else max(0.05, (1 - ahead / 60) ** 2)


def _moment(rng: random.Random, show: Show, now: datetime) -> datetime:
    """A time of sale: sales rise toward the show."""
    before = timedelta(days=48 * rng.random() ** 2.2, minutes=rng.randint(10, 300))
    if show.fate == "canceled":
        before += CANCELED_BEFORE
    at = show.start - before
    latest = now - timedelta(minutes=15)
    return at if at < latest else latest - timedelta(days=12) * rng.random() ** 2


def _order(
    world: "World",
    rng: random.Random,
    show: Show,
    crowd: Crowd,
    buyer: Person,
    size: int,
    at: datetime,
) -> None:
    klass = show.classes[int(rng.random() ** 1.6 * len(show.classes))]
    discount = None
    if not klass["free"] and rng.random() < 0.08:
        discount = rng.choice(show.discounts)
    amounts = _amounts(show, klass, discount)
    affiliate = rng.choice(AFFILIATES) if rng.random() < 0.22 else None
    seats = _seats(rng, crowd, buyer, size, klass)
    for seat in seats:
        seat |= amounts | {"ticket_class": klass["id"], "affiliate": affiliate}
    typed = buyer.typed[0] if rng.random() < 0.6 else rng.choice(buyer.typed)
    person = {"name": buyer.name, "email": typed}
    person |= {"first_name": buyer.first, "last_name": buyer.last}
    more: dict[str, Any] = {}
    if discount is not None and rng.random() < 0.7:
        more["promo_code"] = discount["code"]
    opted = None if rng.random() < 0.4 else rng.random() < 0.45
    order = world.add_order(
        show.event, buyer=person, seats=seats, created=at, opted_in=opted, **more
    )
    if rng.random() < 0.003 and size > 1:
        _odd_id(world, order)


def _odd_id(world: "World", order: Row) -> None:
    """Gives the second seat an id that is not a number, as an add-on may have."""
    first, second = world.seats_of(order)[:2]
    world.store.remove("attendees", second["id"])
    world.store.put("attendees", second | {"id": f"{first['id']}-1"})


def _seats(
    rng: random.Random, crowd: Crowd, buyer: Person, size: int, klass: Row
) -> list[dict[str, Any]]:
    """Who sits where: mostly the buyer on every ticket, sometimes guests, sometimes nobody."""
    seats: list[dict[str, Any]] = [{"phone": buyer.phone if rng.random() < 0.2 else ""}]
    manner = rng.random()
    for _ in range(size - 1):
        if manner < 0.72:
            seats.append({})
        elif manner < 0.86:
            guest = crowd.person()
            crowd.guests.append(guest)
            seats.append(_named(guest) | {"email": guest.email})
        elif manner < 0.94:
            seats.append(_named(crowd.person()))
        elif manner < 0.98:
            seats.append({"name": "", "email": ""})
        else:
            seats.append({"name": "Info Requested", "email": "Info Requested"})
    if size == 1 and klass["free"] and rng.random() < 0.15:
        seats[0] |= {"email": ""}
    return seats


def _named(guest: Person) -> dict[str, Any]:
    return {"name": guest.name, "first_name": guest.first, "last_name": guest.last}


def _amounts(show: Show, klass: Row, discount: Row | None) -> dict[str, Any]:
    """What one ticket costs: price, both fees, tax, and what a discount took off."""
    if klass["free"]:
        return {"price": 0}
    currency, full = klass["cost"]["currency"], klass["cost"]["value"]
    off = 0
    if discount is not None:
        amount, percent = discount["amount_off"], discount["percent_off"]
        off = round(float(amount) * 100) if amount else round(full * float(percent) / 100)
    price = max(0, full - off)
    fee = round(price * FEE_PERCENT / 100) + FEE_FIXED[currency]
    payment = round(price * PAYMENT_PERCENT / 100)
    tax = round(price * show.vat_percent / 100)
    base = price - fee - payment if klass["include_fee"] else price
    amounts: dict[str, Any] = {
        "price": base,
        "eventbrite_fee": fee,
        "payment_fee": payment,
        "tax": tax,
    }
    more: dict[str, Any] = {}
    if klass["include_fee"]:
        more["display_price"] = shapes.money(currency, price)
    if off:
        more["price_before_discount"] = shapes.money(currency, full)
        more["discount_amount"] = shapes.money(currency, full - price)
        more["discount_type"] = "coded"
        amounts["variant_id"] = f"T{klass['id']}-D{discount['id'] if discount else ''}"
    return amounts | {"more_costs": more}


def _afterwards(world: "World", rng: random.Random, shows: list[Show], now: datetime) -> None:
    for number, show in enumerate(shows):
        orders = world.store.tables["orders"].where("event_id", show.event["id"])
        for order in orders:
            _oddity(world, rng, order, show, now)
        if show.fate == "canceled":
            style = "fall" if number % 2 else "request"
            world.cancel_event(show.event["id"], style, show.start - CANCELED_BEFORE)
        elif show.start < now and show.fate != "online" and number % 6:
            _check_in_all(world, rng, show)


def _oddity(world: "World", rng: random.Random, order: Row, show: Show, now: datetime) -> None:
    """What happens to a few orders in a hundred."""
    chance, made = rng.random(), datetime.fromisoformat(order["created"])
    until = show.start - (CANCELED_BEFORE if show.fate == "canceled" else timedelta())
    later = min(now, made + max(until - made, timedelta()) * rng.random() + timedelta(minutes=1))
    gross = order["costs"]["gross"]["value"]
    style = rng.choice(("fall", "request"))
    if chance < 0.02 and gross:
        world.refund_order(order["id"], style=style, at=later)
    elif chance < 0.03 and gross:
        world.refund_order(order["id"], max(1, gross // 2), style=style, at=later)
    elif chance < 0.035:
        _undo(world, order, "cancelled", "Not Attending", in_seconds(later))
    elif chance < 0.038:
        _undo(world, order, "deleted", "Deleted", in_seconds(later))
    elif chance < 0.044:
        seat = world.seats_of(order)[-1]
        status = rng.choice(("Not Attending", "Deleted", "Transferred"))
        gone = {"status": status, "cancelled": True, "changed": in_seconds(later)}
        world.store.put("attendees", seat | gone)
    elif chance < 0.059:
        _never_placed(world, rng, order)


def _undo(world: "World", order: Row, status: str, seat_status: str, at: str) -> None:
    world.store.put("orders", order | {"status": status, "changed": at})
    for seat in world.seats_of(order):
        gone = {"status": seat_status, "cancelled": True, "changed": at}
        world.store.put("attendees", seat | gone)


def _never_placed(world: "World", rng: random.Random, order: Row) -> None:
    names = [name for name, _ in UNDONE]
    status = rng.choices(names, [weight for _, weight in UNDONE])[0]
    world.store.put("orders", order | {"status": status})
    for seat in world.seats_of(order):
        world.store.put("attendees", seat | {"status": "Unpaid"})


def _check_in_all(world: "World", rng: random.Random, show: Show) -> None:
    """Most who came were scanned; of some only the barcode tells."""
    share = rng.uniform(0.82, 0.96)
    for seat in world.store.tables["attendees"].where("event_id", show.event["id"]):
        if seat["status"] != "Attending" or rng.random() > share:
            continue
        bought = datetime.fromisoformat(seat["created"])
        door = show.start - timedelta(minutes=rng.randint(-15, 50))
        row = scanned(seat, max(door, bought + timedelta(minutes=2)))
        if rng.random() < 0.02:
            row |= {"status": "Attending", "checked_in": False}
        world.store.put("attendees", row)
