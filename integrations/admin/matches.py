"""The queue of pairs that may be one person: both side by side, with what speaks for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from customers.models import Customer, CustomerMerge
from integrations.admin.matchactions import MAY_LINK, MAY_MERGE, MAY_VIEW, act
from integrations.matching.sides import (
    Line,
    beside,
    better_kept,
    customers_by_id,
    of_contact,
    of_customer,
)
from integrations.models import ContactLink, MatchSuggestion, SuggestionRule, SuggestionState
from integrations.models.links import LINKED
from integrations.models.matching import STRONG
from nova_project.reports.table import address

_PAGE = 20
_LATEST = 25


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind of pair, and what it is about in a sentence."""

    name: str
    title: str
    help: str
    permission: str


TABS = (
    Tab(
        "customers",
        "Two customers",
        "Each pair may be one person. Merging moves everything to the one you keep; it can be "
        "undone. “Two people” is remembered: the pair never comes up again.",
        MAY_VIEW,
    ),
    Tab(
        "contacts",
        "Contact and customer",
        "HubSpot contacts that stand for nobody, and who they may be.",
        MAY_VIEW,
    ),
    Tab(
        "doubles",
        "Two contacts",
        "A second HubSpot contact of a customer. Take it in place of the first, say that it is "
        "somebody else, or merge both contacts in HubSpot: Nova follows.",
        MAY_LINK,
    ),
    Tab(
        "decided",
        "Decided",
        "The latest merges and rejections, who made them, and the way back.",
        MAY_VIEW,
    ),
)


@dataclass(frozen=True, slots=True)
class Card:
    """One pair. `titles` name the sides; `keep` is who stays if nobody chooses."""

    pk: int
    title: str
    evidence: str
    strength: str
    is_strong: bool
    sides: Sequence[tuple[str, str, int]]
    lines: Sequence[Line]
    keep: int = 0


@require_http_methods(["GET", "HEAD", "POST"])
def matches(request: HttpRequest) -> HttpResponse:
    """A page of pairs of one kind; a post does one thing to one pair, or to the ticked ones."""
    if not request.user.has_perm(MAY_VIEW):
        raise PermissionDenied
    if request.method == "POST":
        try:
            for tone, sentence in act(request):
                messages.add_message(request, tone, sentence)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect(f"{reverse('matches')}?{request.GET.urlencode()}")
    tabs = [tab for tab in TABS if request.user.has_perm(tab.permission)]
    tab = next((t for t in tabs if t.name == request.GET.get("tab")), tabs[0])
    context = admin.site.each_context(request) | _context(request, tab, tabs)
    request.current_app = admin.site.name
    return TemplateResponse(request, "integrations/matches.html", context)


def _context(request: HttpRequest, tab: Tab, tabs: Sequence[Tab]) -> dict[str, Any]:
    may = request.user.has_perm
    context: dict[str, Any] = {
        "title": "Matches to review",
        "tab": tab,
        "tabs": [(t, f"{reverse('matches')}?tab={t.name}", _COUNT[t.name]()) for t in tabs],
        "rules": SuggestionRule.choices,
        "rule": request.GET.get("rule", ""),
        "strength": request.GET.get("strength", ""),
        "may_merge": may(MAY_MERGE),
        "may_link": may(MAY_LINK),
        "may_decide": may("integrations.change_matchsuggestion"),
        "report_url": reverse("reports:report", args=["matches"]),
    }
    if tab.name == "decided":
        return context | _decided()
    page = Paginator(_chosen(request, tab), _PAGE).get_page(request.GET.get("page"))
    return context | {
        "page": page,
        "is_one": "pair" in request.GET,
        "cards": _CARDS[tab.name](page),
        "has_strong": any(pair.is_strong for pair in page) if tab.name != "doubles" else False,
        "before_url": address(request.GET, page=str(page.number - 1)),
        "after_url": address(request.GET, page=str(page.number + 1)),
    }


def _chosen(request: HttpRequest, tab: Tab) -> QuerySet[Any]:
    """The pairs of a tab under its filters, the strongest first."""
    rows = _ROWS[tab.name]()
    if (pair := request.GET.get("pair", "")).isdecimal():
        return rows.filter(pk=pair)
    if tab.name == "doubles":
        return rows
    if (rule := request.GET.get("rule", "")) in SuggestionRule.values:
        rows = rows.filter(rule=rule)
    if request.GET.get("strength") == "strong":
        rows = rows.filter(strength__gte=STRONG)
    return rows


def _doubles() -> QuerySet[ContactLink]:
    return ContactLink.objects.suggested().order_by("pk")


_ROWS: dict[str, Callable[[], QuerySet[Any]]] = {
    "customers": lambda: MatchSuggestion.objects.open().of_customers(),
    "contacts": lambda: MatchSuggestion.objects.open().of_contacts().select_related("link"),
    "doubles": _doubles,
}


def _counter(name: str) -> Callable[[], int | None]:
    return lambda: _ROWS[name]().count() if name in _ROWS else None


_COUNT = {tab.name: _counter(tab.name) for tab in TABS}


def _customer_side(customer: Customer) -> tuple[str, str, int]:
    url = reverse("admin:customers_customer_change", args=[customer.pk])
    return (f"{customer} ({customer.pk})", url, customer.pk)


def _contact_side(link: ContactLink, word: str = "Contact") -> tuple[str, str, int]:
    return (f"{word} {link.hubspot_id}", reverse("match-contact", args=[link.pk]), link.pk)


def _of_customers(page: Page[MatchSuggestion]) -> list[Card]:
    ids = {pk for pair in page for pk in (pair.customer_id, pair.other_id) if pk}
    people = customers_by_id(ids)
    return [pair_card(pair, people) for pair in page]


def pair_card(pair: MatchSuggestion, people: dict[int, Customer]) -> Card:
    one, two = people[pair.customer_id], people[pair.other_id or 0]
    return Card(
        pair.pk,
        f"{one} and {two}",
        pair.evidence,
        pair.strength_in_words,
        pair.is_strong,
        [_customer_side(one), _customer_side(two)],
        beside(of_customer(one), of_customer(two)),
        better_kept(one, two).pk,
    )


def _of_contacts(page: Page[MatchSuggestion]) -> list[Card]:
    people = customers_by_id({pair.customer_id for pair in page})
    cards = []
    for pair in page:
        customer, link = people[pair.customer_id], pair.link
        if link is not None:
            cards.append(
                Card(
                    pair.pk,
                    f"Contact {link.hubspot_id} and {customer}",
                    pair.evidence,
                    pair.strength_in_words,
                    pair.is_strong,
                    [_contact_side(link), _customer_side(customer)],
                    beside(of_contact(link), of_customer(customer)),
                )
            )
    return cards


def _of_doubles(page: Page[ContactLink]) -> list[Card]:
    ids = {link.customer_id for link in page if link.customer_id}
    people = customers_by_id(ids)
    cards = []
    for link in page:
        customer = people[link.customer_id or 0]
        standing = [one for one in customer.contact_links.all() if one.state in LINKED]
        first = next((one for one in standing if one.archived_at is None), None)
        held = of_contact(first) if first else of_customer(customer)
        side = _contact_side(first, "In force: contact") if first else _customer_side(customer)
        cards.append(
            Card(
                link.pk,
                f"{customer}: contact {link.hubspot_id}",
                link.evidence,
                "",
                False,
                [side, _contact_side(link, "Suggested: contact")],
                beside(held, of_contact(link)),
            )
        )
    return cards


_CARDS: dict[str, Callable[[Any], list[Card]]] = {
    "customers": _of_customers,
    "contacts": _of_contacts,
    "doubles": _of_doubles,
}


def _decided() -> dict[str, Any]:
    rejected = MatchSuggestion.objects.filter(state=SuggestionState.REJECTED)
    related = ("customer", "other", "link", "decided_by")
    merges = CustomerMerge.objects.select_related("survivor", "merged_by", "undone_by")
    return {
        "merges": merges[:_LATEST],
        "rejected": rejected.select_related(*related).order_by("-decided_at", "-pk")[:_LATEST],
        "merges_url": reverse("admin:customers_customermerge_changelist"),
    }
