"""What staff would have entered: logins, show types, campaigns and a year of expenses."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import Group, User
from django.utils import timezone

from customers.models import Audience, AudienceRule, Campaign, CampaignCode, Channel, CodeKind
from events.models import Event, RuleKind, ShowType, ShowTypeRule
from finance.models import Basis, Category, Expense, ExpenseStatus
from finance.services.vendors import add_vendors
from nova_project.bulk import upsert
from nova_project.periods import Period

PASSWORD = "demo"
LOGINS = {
    "producer": None,
    "finance": "Finance",
    "boxoffice": "Box office",
    "marketing": "Marketing",
    "viewer": "Viewer",
}
"""Login name: role. The producer may do everything."""

SHOW_TYPES = {
    "Stand-up": [(RuleKind.SUBCATEGORY, "5010")],
    "Improv": [(RuleKind.NAME, "improv"), (RuleKind.NAME, "theatersport")],
    "Music": [(RuleKind.CATEGORY, "103")],
    "Drag & variety": [(RuleKind.FORMAT, "11")],
    "Kids & family": [(RuleKind.CATEGORY, "115")],
}

CAMPAIGNS = (
    (
        "Autumn programme",
        Channel.EMAIL,
        2_400,
        [(CodeKind.AFFILIATE, "newsletter"), (CodeKind.CRM, "EMAIL_MARKETING")],
    ),
    (
        "Instagram always on",
        Channel.SOCIAL,
        9_000,
        [(CodeKind.AFFILIATE, "igstory"), (CodeKind.CRM, "PAID_SOCIAL")],
    ),
    ("Search ads", Channel.SEARCH, 3_000, [(CodeKind.CRM, "PAID_SEARCH")]),
    ("City magazine", Channel.PRINT, 900, [(CodeKind.AFFILIATE, "flyer-kreuzberg")]),
    (
        "Friends of the house",
        Channel.PARTNER,
        0,
        [(CodeKind.PROMO, "NOVA10"), (CodeKind.CRM, "REFERRALS")],
    ),
)
"""Their codes are those that the sales and contacts of the sandbox bear; some of these stay without
a campaign, so that there is something to claim."""

_FIELDS = (
    "reference",
    "category",
    "amount",
    "currency",
    "vendor_id",
    "spent_on",
    "status",
    "basis",
    "event_id",
    "show_type_id",
    "shared_from",
    "shared_until",
    "campaign_id",
    "note",
)


def add_logins() -> None:
    """A login per role, all with the password that the demo prints."""
    for name, role in LOGINS.items():
        known = {"is_staff": True, "email": f"{name}@house.example"}
        user, is_new = User.objects.get_or_create(username=name, defaults=known)
        if is_new:
            user.is_superuser = role is None
            user.set_password(PASSWORD)
            user.save()
        if role:
            user.groups.set([Group.objects.get(name=role)])


def add_show_types() -> None:
    for name, rules in SHOW_TYPES.items():
        show_type, _ = ShowType.objects.get_or_create(name=name)
        for position, (kind, value) in enumerate(rules):
            ShowTypeRule.objects.get_or_create(
                kind=kind, value=value, defaults={"show_type": show_type, "position": position}
            )


def add_campaigns() -> None:
    today = timezone.localdate()
    for name, channel, budget, codes in CAMPAIGNS:
        campaign, _ = Campaign.objects.get_or_create(
            name=name,
            defaults={
                "channel": channel,
                "budget": Decimal(budget),
                "start_on": today - timedelta(days=360),
                "end_on": today + timedelta(days=60),
            },
        )
        for kind, code in codes:
            CampaignCode.objects.get_or_create(
                kind=kind, code=code, defaults={"campaign": campaign}
            )


def add_audiences() -> None:
    """Mirrors the audiences that are there from the start, and one of a show type."""
    improv = ShowType.objects.get(name="Improv")
    Audience.objects.get_or_create(
        name="Friends of improv",
        defaults={"rule": AudienceRule.SHOW_TYPE, "show_type": improv, "days": 365},
    )
    Audience.objects.active().update(is_mirrored=True, updated_at=timezone.now())


@dataclass(frozen=True, slots=True)
class _Cost:
    category: Category
    vendor: str
    amount: int
    """Whole euros; a show in yen costs a hundred times as many."""


def add_expenses() -> int:
    """The costs of every show so far and the shared ones of every month; returns how many.

    They follow from the programme, so that a second demo adds nothing.
    """
    campaigns = dict(Campaign.objects.values_list("name", "pk"))
    shows = Event.objects.played_or_planned().select_related("venue", "show_type")
    rows = [row for show in shows.order_by("start_at") for row in _of_show(show, campaigns)]
    first = min((show.starts_on for show in shows), default=None)
    if first is not None:
        rows += _of_months(first, campaigns)
    at = _FIELDS.index("vendor_id")
    vendors, _ = add_vendors({str(row[at]) for row in rows})
    named = [(*row[:at], vendors[str(row[at])], *row[at + 1 :]) for row in rows]
    upsert(Expense, named, fields=_FIELDS, key="reference")
    return len(rows)


def _of_show(show: Event, campaigns: dict[str, int]) -> Iterator[tuple[object, ...]]:
    rng = random.Random(f"costs of {show.eventbrite_id}")
    seats = show.capacity or 80
    costs = [
        _Cost(Category.ROOM_RENTAL, show.venue.name if show.venue else "Studio hire", 120 + seats),
        _Cost(Category.PRODUCTION, "Licht & Ton Brandt", rng.randrange(90, 320, 10)),
        _Cost(Category.STAFF, "Abendkasse und Einlass", 60 + seats // 2),
        _Cost(Category.MARKETING, "Instagram ads", rng.randrange(40, 260, 5)),
    ]
    is_past = show.starts_on <= timezone.localdate()
    status = ExpenseStatus.PAID if is_past else ExpenseStatus.COMMITTED
    yen = 100 if show.currency == "JPY" else 1
    for cost in costs:
        is_ads = cost.category == Category.MARKETING
        yield (
            f"DEMO-{show.eventbrite_id}-{cost.category}",
            cost.category.value,
            Decimal(cost.amount * yen),
            show.currency,
            cost.vendor,
            show.starts_on - timedelta(days=14 if is_ads else 0),
            status.value,
            Basis.ACTUAL.value,
            show.pk,
            None,
            None,
            None,
            campaigns.get("Instagram always on") if is_ads else None,
            "",
        )


def _of_months(first: date, campaigns: dict[str, int]) -> Iterator[tuple[object, ...]]:
    """Insurance and the marketing of every month, borne by all shows of the month."""
    costs = (
        ("", None, _Cost(Category.PRODUCTION, "Bühnenversicherung Nord", 145)),
        ("", "City magazine", _Cost(Category.MARKETING, "Druckhaus Weber", 210)),
        ("-mail", "Autumn programme", _Cost(Category.MARKETING, "Newsletter service", 89)),
        ("-search", "Search ads", _Cost(Category.MARKETING, "Google Ads", 180)),
    )
    for month in Period(first, timezone.localdate()).months():
        for suffix, campaign, cost in costs:
            yield (
                f"DEMO-{month:%Y-%m}-{cost.category}{suffix}",
                cost.category.value,
                Decimal(cost.amount),
                "EUR",
                cost.vendor,
                month,
                ExpenseStatus.PAID.value,
                Basis.ACTUAL.value,
                None,
                None,
                month,
                Period.month_of(month).last,
                campaigns.get(campaign) if campaign else None,
                "Shared by the shows of the month",
            )
