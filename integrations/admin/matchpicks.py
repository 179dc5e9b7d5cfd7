"""Who is whom by hand: a contact gets its customer or loses it, two customers are merged."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from customers.models import Customer, EmailAddress
from integrations.admin.matchactions import MAY_LINK, MAY_MERGE
from integrations.admin.matches import Card
from integrations.matching.sides import (
    beside,
    better_kept,
    customers_by_id,
    of_contact,
    of_customer,
)
from integrations.matching.verdicts import link_contact, merge_people, unlink_contact
from integrations.models import ContactLink
from integrations.models.links import LINKED

_MOST = 20
_ASIDE = (
    "Unlinking says that the contact is not this customer: no sync links the two again. What "
    "HubSpot said of the customer goes; orders, seats and addresses stay. Take an address away on "
    "the page of the customer if it is not theirs."
)


@require_http_methods(["GET", "HEAD", "POST"])
def contact_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A contact beside its customer, to be unlinked, or beside one that staff picks for it."""
    if not request.user.has_perm(MAY_LINK):
        raise PermissionDenied
    link = get_object_or_404(ContactLink.objects.select_related("customer"), pk=pk)
    if request.method == "POST":
        return _decide(request, link)
    is_linked = link.state in LINKED and link.archived_at is None
    picked = link.customer_id if is_linked else _number(request, "with")
    context: dict[str, Any] = {"lead": _ASIDE if is_linked else _lead_of(link)}
    context |= {"from_url": reverse("admin:integrations_contactlink_change", args=[pk])}
    context |= {"from_name": f"Contact {link.hubspot_id}", "can_search": not is_linked}
    if picked and (customer := customers_by_id([picked]).get(picked)):
        context |= {"card": _contact_card(link, customer), "can_search": False}
        context["buttons"] = (
            [("unlink", "Unlink: somebody else", "danger")]
            if is_linked
            else [(f"link {customer.pk}", f"Link to {customer}", "primary")]
        )
        context["back_url"] = "" if is_linked else request.path
    else:
        context |= _search(request, without=0)
    return _page(request, f"Contact {link.hubspot_id} of {link.email or 'nobody known'}", context)


def _lead_of(link: ContactLink) -> str:
    told = f" {link.evidence}" if link.evidence else ""
    return f"This contact stands for nobody in Nova.{told} Search for the customer it is."


def _decide(request: HttpRequest, link: ContactLink) -> HttpResponse:
    name, _, key = request.POST.get("do", "").partition(" ")
    try:
        if name == "unlink":
            unlink_contact(link=link, user=request.user)
            messages.success(request, f"Contact {link.hubspot_id} stands for nobody any more.")
        else:
            customer = get_object_or_404(Customer, pk=int(key) if key.isdecimal() else 0)
            link_contact(link=link, customer=customer, user=request.user)
            messages.success(request, f"Contact {link.hubspot_id} stands for {customer} now.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(request.path)


@require_http_methods(["GET", "HEAD", "POST"])
def merge_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A customer beside another one that staff picks, to be merged."""
    if not request.user.has_perms([MAY_MERGE, "customers.view_customer"]):
        raise PermissionDenied
    customer = get_object_or_404(Customer.objects.prefetch_related("addresses"), pk=pk)
    picked = _number(request, "with")
    people = customers_by_id({pk, picked})
    if request.method == "POST" and len(people) == 2:
        return _merge(request, people)
    context: dict[str, Any] = {
        "lead": "Everything of one customer moves to the other: addresses, orders, seats, touches, "
        "HubSpot contacts. Blanks are filled, an opt-out of either counts, and the way back is "
        "kept. Search for the customer who is the same person.",
        "from_url": reverse("admin:customers_customer_change", args=[pk]),
        "from_name": str(customer),
        "can_search": True,
    }
    if len(people) == 2:
        context |= {
            "card": _merge_card(people[pk], people[picked]),
            "buttons": [("merge", "One person: merge", "primary")],
            "back_url": request.path,
            "can_search": False,
        }
    else:
        context |= _search(request, without=pk)
    return _page(request, f"Merge {customer} with another customer", context)


def _merge(request: HttpRequest, people: dict[int, Customer]) -> HttpResponse:
    survivor = people.get(_number(request, "keep-0")) or better_kept(*people.values())
    other = next(who for who in people.values() if who != survivor)
    name = str(other)
    try:
        told = merge_people(survivor=survivor, merged=other, user=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(request.get_full_path())
    messages.success(request, f"{name} is merged into {survivor}.")
    if told.advice:
        messages.warning(request, told.advice)
    return redirect("admin:customers_customermerge_change", told.merge.pk)


def _contact_card(link: ContactLink, customer: Customer) -> Card:
    contact = (f"Contact {link.hubspot_id}", "", 0)
    url = reverse("admin:customers_customer_change", args=[customer.pk])
    lines = beside(of_contact(link), of_customer(customer))
    sides = [contact, (str(customer), url, customer.pk)]
    return Card(0, str(customer), link.evidence, "", False, sides, lines)


def _merge_card(one: Customer, two: Customer) -> Card:
    sides = [
        (f"{who} ({who.pk})", reverse("admin:customers_customer_change", args=[who.pk]), who.pk)
        for who in (one, two)
    ]
    lines = beside(of_customer(one), of_customer(two))
    return Card(0, f"{one} and {two}", "", "", False, sides, lines, better_kept(one, two).pk)


def _search(request: HttpRequest, *, without: int) -> dict[str, Any]:
    """Customers by words of their name, addresses or number, each with the page that compares."""
    search = request.GET.get("q", "").strip()
    if not search:
        return {"search": ""}
    people = Customer.objects.filter(erased_at=None).exclude(pk=without)
    for word in search.split():
        has = EmailAddress.objects.filter(address__icontains=word).values("customer")
        named = Q(first_name__icontains=word) | Q(last_name__icontains=word)
        people = people.filter(named | Q(phone__icontains=word) | Q(pk__in=has))
    found = list(people.prefetch_related("addresses")[: _MOST + 1])
    return {
        "search": search,
        "people": [(who, f"{request.path}?{urlencode({'with': who.pk})}") for who in found[:_MOST]],
        "is_cut": len(found) > _MOST,
    }


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name) or request.POST.get(name, "")
    return int(text) if text.isdecimal() else 0


def _page(request: HttpRequest, title: str, context: dict[str, Any]) -> TemplateResponse:
    request.current_app = admin.site.name
    whole = admin.site.each_context(request) | {"title": title} | context
    return TemplateResponse(request, "integrations/match_pick.html", whole)
