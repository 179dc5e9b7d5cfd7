"""The page that asks before a person is erased: what goes, what stays, what is left to staff."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from customers.models import Customer, Order
from integrations.privacy import erase_everywhere, foresee, subject_of_customers
from integrations.privacy.erasure import MENTIONS, NOT_DONE_ELSEWHERE
from integrations.privacy.places import PLACES
from nova_project.admin import money

MAY_ERASE = "customers.erase_customer"
_FATES = {place.name: place.fate for place in PLACES} | {
    MENTIONS: "“[erased]” takes the place of the address, name or number."
}


@require_http_methods(["GET", "HEAD", "POST"])
def erase_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What an erasure would do; a post with the tick does it."""
    if not request.user.has_perm(MAY_ERASE):
        raise PermissionDenied
    customer = get_object_or_404(Customer, pk=pk)
    subject = subject_of_customers([pk])
    url = reverse("admin:customers_customer_change", args=[pk])
    if request.method == "POST":
        if "sure" not in request.POST:
            messages.error(request, "Nobody was erased. Tick the box to confirm.")
            return redirect(request.path)
        erasure = erase_everywhere(subject)
        messages.success(request, "The person is erased. HubSpot and Eventbrite are left to you.")
        if erasure.refused:
            rows = ", ".join(erasure.refused)
            messages.warning(request, f"Closed books still quote the person: {rows}.")
        return redirect(url)
    context = {
        "customer": customer,
        "customer_url": url,
        "rows": [(name, count, _FATES[name]) for name, count in foresee(subject).counts.items()],
        "addresses": sorted(subject.addresses),
        "paid": _paid(customer),
        "left": NOT_DONE_ELSEWHERE,
    }
    return _page(request, f"Erase {customer} for good", context)


def _paid(customer: Customer) -> list[tuple[int, str]]:
    """How many orders there are and what was paid for them, by currency."""
    orders = Order.objects.paid().filter(buyer=customer).order_by("currency").values("currency")
    return [
        (row["orders"], money(row["paid"], row["currency"]))
        for row in orders.annotate(orders=Count("pk"), paid=Sum("gross_paid"))
    ]


def _page(request: HttpRequest, title: str, context: dict[str, Any]) -> TemplateResponse:
    request.current_app = admin.site.name
    whole = admin.site.each_context(request) | {"title": title} | context
    return TemplateResponse(request, "integrations/erase.html", whole)
