"""The page of one person as a whole; what it shows, `integrations.customer360` knows."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from customers.admin.figures import figures_of
from customers.admin.people import CONSENT_TONES
from customers.admin.scores import lead_panel
from customers.models import Consent, Customer
from integrations.customer360 import Customer360, NotACursor, customer_360
from integrations.customer360.beside import CONFLICT, EQUAL, OWN, TAKEN, WRITTEN, Side
from integrations.customer360.person import MAY_VIEW, Deal, Link, PendingWrite
from nova_project.admin import badge, link, money
from nova_project.panels import Figure, Panel

STATE_TONES = {
    EQUAL: "good",
    OWN: "plain",
    CONFLICT: "bad",
    TAKEN: "warning",
    WRITTEN: "warning",
    "differs": "warning",
}
_PAGE = 25


def url_of(customer: Customer) -> str:
    return reverse("admin:customers_customer_360", args=[customer.pk])


@require_safe
def page_360(request: HttpRequest, pk: int) -> HttpResponse:
    """All of a person; `kind` filters the timeline, `after` is where its page begins."""
    if not request.user.has_perm(MAY_VIEW):
        raise PermissionDenied
    customer = get_object_or_404(Customer.objects.prefetch_related("addresses"), pk=pk)
    kind = request.GET.get("kind", "")
    told = _read(customer, request, kind)
    context = admin.site.each_context(request) | {
        "title": str(customer),
        "customer_url": told.places.nova,
        "told": told,
        "panels": _panels(customer, told),
        "tabs": _tabs(customer, told, kind),
        "kind": kind,
        "newest_url": _address(customer, kind) if request.GET.get("after") else "",
        "older_url": _address(customer, kind, told.timeline.next) if told.timeline.next else "",
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "integrations/customer360.html", context)


def _read(customer: Customer, request: HttpRequest, kind: str) -> Customer360:
    """An address that was cut short begins at the newest entry."""
    may, kinds = request.user.has_perm, [kind] if kind else []
    after = request.GET.get("after", "")
    try:
        return customer_360(customer, may, kinds=kinds, after=after, size=_PAGE)
    except NotACursor:
        return customer_360(customer, may, kinds=kinds, size=_PAGE)


def _address(customer: Customer, kind: str = "", after: str = "") -> str:
    given = {name: value for name, value in (("kind", kind), ("after", after)) if value}
    return f"{url_of(customer)}?{urlencode(given)}#timeline" if given else url_of(customer)


def _tabs(customer: Customer, told: Customer360, chosen: str) -> list[dict[str, Any]]:
    kinds = told.timeline.kinds
    tabs = [("", "All", sum(kind.number for kind in kinds))]
    tabs += [(k.kind, k.label, k.number) for k in kinds if k.number or k.kind == chosen]
    return [
        {
            "label": label,
            "number": number,
            "url": _address(customer, kind),
            "is_chosen": kind == chosen,
        }
        for kind, label, number in tabs
    ]


def _panels(customer: Customer, told: Customer360) -> list[Panel]:
    panels = [
        Panel("In figures", figures=[*figures_of(customer), *_contact_figures(told)]),
        lead_panel(customer),
    ]
    if told.sides is not None:
        panels.append(_sides_panel(told.sides))
    if told.links is not None:
        panels.append(_links_panel(told.links))
    if told.deals is not None:
        panels.append(_deals_panel(told.deals))
    if told.pending_writes is not None:
        panels.append(_writes_panel(told.pending_writes))
    return panels


def _contact_figures(told: Customer360) -> list[Figure]:
    who = told.header
    mails = f"{who.emails_delivered:,} / {who.emails_opened:,} / {who.emails_clicked:,}"
    seen = f"{localtime(who.last_seen_at):%-d %b %Y}" if who.last_seen_at else "–"
    return [
        Figure("Last seen", seen, "The latest order, check-in, touch or logged contact."),
        Figure("Consent", badge(who.consent_label, CONSENT_TONES[Consent(who.consent)])),
        Figure("Owner", who.owner or "–", "Who looks after them in HubSpot."),
        Figure("Lifecycle stage", _in_words(who.lifecycle_stage)),
        Figure("Acquisition source", _in_words(who.source)),
        Figure("E-mails", mails, "Delivered / opened / clicked, as HubSpot counts."),
    ]


def _in_words(value: str) -> str:
    """A fixed value of HubSpot's as words: SOCIAL_MEDIA is “Social media”."""
    return value.replace("_", " ").capitalize() or "–"


def _sides_panel(sides: Sequence[Side]) -> Panel:
    return Panel(
        "Side by side",
        columns=("", "Nova", "HubSpot", "Eventbrite", "State"),
        rows=[
            (
                side.label,
                *(_held(value) for value in (side.nova, side.hubspot, side.eventbrite)),
                badge(side.state, STATE_TONES[side.state]) if side.state else "",
            )
            for side in sides
        ],
        note="A dot stands where a system does not keep this. Eventbrite knows nothing of sales at "
        "the door.",
        is_stacked=True,
    )


def _held(value: str | None) -> str:
    """Days as everywhere; both systems keep them as 2026-11-24."""
    if value is None:
        return "·"
    if _DAY.fullmatch(value):
        with suppress(ValueError):  # no such day, so somebody's own text
            return f"{date.fromisoformat(value):%-d %b %Y}"
    return value or "–"


_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _links_panel(links: Sequence[Link]) -> Panel:
    return Panel(
        "Why linked",
        columns=("HubSpot contact", "State", "Rule", "Evidence", ""),
        rows=[
            (
                link(one.nova_url, one.hubspot_id),
                badge(one.state, "good" if one.is_in_force else "plain"),
                one.rule,
                one.evidence or "–",
                _elsewhere(one.hubspot_url, "HubSpot"),
            )
            for one in links
        ],
        empty="No HubSpot contact is linked to this person yet.",
        is_half=True,
        is_stacked=True,
    )


def _deals_panel(deals: Sequence[Deal]) -> Panel:
    return Panel(
        "Deals",
        columns=("Deal", "Pipeline", "Stage", "Amount", "Close date", ""),
        numbers=("Amount",),
        rows=[
            (
                link(deal.nova_url, deal.name),
                deal.pipeline or "–",
                deal.stage or "–",
                "–" if deal.amount is None else money(deal.amount, deal.currency),
                f"{deal.closes_on:%-d %b %Y}" if deal.closes_on else "–",
                _elsewhere(deal.hubspot_url, "HubSpot"),
            )
            for deal in deals
        ],
        empty="No deal in HubSpot belongs to this person.",
        is_half=True,
        is_stacked=True,
    )


def _writes_panel(writes: Sequence[PendingWrite]) -> Panel:
    return Panel(
        "Waits to be written to HubSpot",
        columns=("What", "Fields", "Why", "State"),
        rows=[
            (
                link(write.nova_url, write.label),
                write.fields,
                write.reason,
                write.state,
            )
            for write in writes
        ],
        empty="Nothing waits: HubSpot holds what Nova has, or no plan was made since.",
        is_stacked=True,
    )


def _elsewhere(url: str, where: str) -> SafeString | str:
    if not url:
        return ""
    return format_html(
        '<a class="nova-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
        url,
        f"Open in {where}",
    )
