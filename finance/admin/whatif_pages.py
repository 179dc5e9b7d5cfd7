"""The what-if page of a show: a form beside what would come of it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from events.models import Event
from finance.admin.whatifforms import WhatIfForm, as_it_is
from finance.services.figures import Figures
from finance.services.outlook import mix_of
from finance.services.performers import deals_of
from finance.services.profit import event_money
from finance.services.whatif import Result, save_as_budget, work_out
from nova_project.admin import list_url, money, profit
from nova_project.money import format_money
from nova_project.panels import Figure, Panel
from nova_project.reports import Chart, Series

MAY_VIEW = ("events.view_event", "finance.view_ledgerline", "finance.view_expense")
MAY_SAVE = ("finance.add_expense", "finance.plan_expense")


@require_http_methods(["GET", "HEAD", "POST"])
def what_if(request: HttpRequest, event_id: int) -> HttpResponse:
    """The form as typed, and its result; what was not typed is as the show is. POST saves it."""
    if not request.user.has_perms(MAY_VIEW):
        raise PermissionDenied("You may not see this page. Ask for a role that sees the money.")
    event = get_object_or_404(Event, pk=event_id)
    form = _form(event, request.POST or request.GET)
    is_valid = form.is_valid()
    if request.method == "POST" and is_valid and _save(request, event, form):
        return HttpResponseRedirect(f"{request.path}?{urlencode(form.typed())}")
    context = {
        **admin.site.each_context(request),
        "title": f"What if: {event}",
        "event": event,
        "form": form,
        "panels": result_panels(work_out(form.plan())) if is_valid else [],
        "may_save": is_valid and _may_save(request),
        "budget_url": list_url("finance.expense", _budget_of(event)),
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "finance/whatif.html", context)


def _form(event: Event, typed: QueryDict) -> WhatIfForm:
    """A field that is not in the address stands as the show is. A blank one stays blank."""
    found = Event.objects.filter(pk=event.pk)
    row = event_money(found)[0]
    deals = [terms for terms in deals_of(found).get(event.pk, []) if terms.currency == row.currency]
    start = as_it_is(row, mix_of(event, row), event.capacity, bool(deals))
    return WhatIfForm(start | typed.dict(), event.currency, deals)


def _budget_of(event: Event) -> dict[str, Any]:
    return {"event__id__exact": event.pk, "basis__exact": "budget"}


def _may_save(request: HttpRequest) -> bool:
    return any(request.user.has_perm(permission) for permission in MAY_SAVE)


def _save(request: HttpRequest, event: Event, form: WhatIfForm) -> bool:
    if not _may_save(request):
        raise PermissionDenied("You may not plan expenses. Ask for a role that does.")
    try:
        saved = save_as_budget(event=event, amounts=form.budget())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    lines = "1 line" if saved == 1 else f"{saved} lines"
    messages.success(request, f"Saved: the budget of the show has {lines} from this page.")
    return True


def result_panels(result: Result) -> list[Panel]:
    """Tickets to break even, and the figures of an emptier and a fuller house."""
    currency = result.at_share[100].currency
    return [
        Panel("Break-even", figures=[_even(result, currency)], is_above=True),
        Panel(
            "Net revenue by tickets sold",
            columns=_COLUMNS,
            numbers=_COLUMNS,
            rows=[_row(share, figures) for share, figures in result.at_share.items()],
            chart=_chart(result, currency),
        ),
    ]


_COLUMNS = ("Of capacity", "Tickets", "Net sales", "Expenses", "Performers", "Net revenue")


def _even(result: Result, currency: str) -> Figure:
    found = result.break_even
    full = format_money(found.at_capacity, currency)
    words = f"With all {found.capacity:,} tickets sold, net revenue is {full}."
    if found.tickets is None:
        return Figure("Tickets to break even", "Not within capacity", words)
    tickets = f"{found.tickets:,} ticket{'s' if found.tickets != 1 else ''}"
    share = f"{found.tickets * 100 / found.capacity:.0f} % of the capacity"
    return Figure("Tickets to break even", tickets, words, note=share)


def _row(share: int, figures: Figures) -> tuple[object, ...]:
    code = figures.currency
    return (
        f"{share} %",
        f"{figures.seats:,}",
        money(figures.net_sales, code),
        money(figures.expenses, code),
        money(figures.performers, code),
        profit(figures.net_revenue, code),
    )


def _chart(result: Result, currency: str) -> Chart:
    revenue = [figures.net_revenue for figures in result.at_share.values()]
    return Chart(
        title="Net revenue by tickets sold",
        heading="Of capacity",
        labels=[f"{share} %, {figures.seats:,}" for share, figures in result.at_share.items()],
        series=[
            Series(
                "Net revenue",
                revenue,
                [format_money(amount, currency) for amount in revenue],
                "var(--color-primary-600)",
            )
        ],
        unit=currency,
    )


def what_if_url(event_id: int) -> str:
    return reverse("admin:finance_what_if", args=[event_id])
