"""What stands in the cells of lists, panels and reports: amounts, states, links."""

from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from nova_project.money import format_money


def money(value: Decimal | None, currency: str) -> SafeString:
    """An amount for lists and tables: the currency's digits, set in columns."""
    return format_html('<span class="nova-money">{}</span>', format_money(value, currency))


def profit(value: Decimal, currency: str) -> SafeString:
    """What is left in the end: as `money`, and a loss in red."""
    if value >= 0:
        return money(value, currency)
    return format_html('<span class="nova-loss">{}</span>', money(value, currency))


def badge(text: object, tone: str = "plain") -> SafeString:
    """A short state. `tone`: plain, good, busy, warning, bad, special."""
    return format_html('<span class="nova-badge nova-badge--{}">{}</span>', tone, text)


def link(url: str, text: object) -> SafeString:
    return format_html('<a class="nova-link" href="{}">{}</a>', url, text)


def change_link(obj: Model | None, text: object = "") -> SafeString | str:
    """The name of a row, leading to its page; a dash where there is no row."""
    if obj is None:
        return "–"
    meta = obj._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])
    return link(url, text or obj)


def list_url(model: str, filters: Mapping[str, object] | None = None) -> str:
    """The address of a list, filtered: `list_url("events.event", {"status__exact": "live"})`."""
    url = reverse(f"admin:{model.replace('.', '_')}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def occupancy(taken: int | None, capacity: int | None) -> SafeString | str:
    """Seats taken of those there are, as numbers and as a bar; a dash where nobody knows."""
    if taken is None:
        return "–"
    if not capacity:
        return f"{taken:,}"
    share = min(100, round(taken * 100 / capacity))
    return format_html(
        '<span class="nova-occupancy"><span>{} / {}</span>'
        '<progress max="100" value="{}">{} %</progress></span>',
        f"{taken:,}",
        f"{capacity:,}",
        share,
        share,
    )
