"""Events with their seats, costs and profit; show types, whose changes share costs anew."""

from dataclasses import dataclass
from typing import Protocol

from django.db import transaction
from django.http import HttpRequest
from django.urls import path
from django.utils.html import format_html

from customers.models import Attendance
from customers.services.rollups import mark_events_due
from events.admin import EventAdmin, ShowTypeAdmin
from events.models import Event, ShowType
from finance.admin.breakeven import break_even_figure
from finance.admin.expenseforms import ExpenseForm, VendorField, known_vendors
from finance.admin.expensepanels import budget_panel
from finance.admin.pacing import pacing_panel
from finance.admin.settlements import EventSettlementFilter, page_url
from finance.admin.whatif_pages import what_if
from finance.models import Category, Expense
from finance.services import share_expenses
from finance.services.breakeven import BreakEven
from finance.services.figures import EventMoney
from finance.services.outlook import break_even_of
from finance.services.profit import event_money
from nova_project.admin import (
    ChangeList,
    ModelAdmin,
    TabularInline,
    display,
    link,
    list_url,
    money,
    occupancy,
    profit,
    register,
)
from nova_project.models import count_of
from nova_project.panels import Figure, Panel

_SUGGESTED = 100
"""Vendors that each row of a table suggests."""

MONEY_PERMISSIONS = ("finance.view_ledgerline", "finance.view_expense")


class EventChangeList(ChangeList):
    """Gives each event of the page its `money`, in its own currency. Five queries."""

    def get_results(self, request):
        super().get_results(request)
        own: dict[int, EventMoney] = {}
        shown = Event.objects.filter(pk__in=[event.pk for event in self.result_list])
        for row in event_money(shown):
            own.setdefault(row.event_id, row)
        for event in self.result_list:
            event.money = own[event.pk]


class SharesCosts(ModelAdmin):
    """After a change of the programme, shared costs fall on the events that bear them now."""

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        share_expenses()

    @transaction.atomic
    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        share_expenses()

    @transaction.atomic
    def delete_queryset(self, request, queryset):
        super().delete_queryset(request, queryset)
        share_expenses()


class ExpenseInline(TabularInline):
    model = Expense
    form = ExpenseForm
    fields = ["category", "amount", "currency", "vendor", "spent_on", "status", "basis"]
    verbose_name_plural = "Expenses of this event"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("vendor")

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        if "vendor" in formset.form.base_fields:
            # A field of its own: the form's is shared with other pages.
            few = known_vendors()[:_SUGGESTED]
            formset.form.base_fields["vendor"] = VendorField(few)
        if obj is not None and "currency" in formset.form.base_fields:
            formset.form.base_fields["currency"].initial = obj.currency
            formset.form.base_fields["spent_on"].initial = obj.starts_on
        return formset


class _Listed(Protocol):
    """An event as the list reads it."""

    currency: str
    capacity: int | None
    money: EventMoney


@register(Event)
class EventWithMoneyAdmin(SharesCosts, EventAdmin):
    """An event with all that Nova knows of it: seats, sales, costs, profit."""

    inlines = [ExpenseInline]

    def get_list_filter(self, request):
        own = super().get_list_filter(request)
        may = request.user.has_perm("finance.view_settlement")
        return [*own, EventSettlementFilter] if may else own

    def get_urls(self):
        page = self.admin_site.admin_view(what_if)
        own = path("<int:event_id>/what-if/", page, name="finance_what_if")
        return [own, *super().get_urls()]

    def get_changelist(self, request, **kwargs):
        return EventChangeList

    def get_list_display(self, request):
        columns = [*super().get_list_display(request), "seats"]
        return [*columns, "net_sales", "net_revenue"] if may_see_money(request) else columns

    @display(description="Seats")
    def seats(self, event: _Listed) -> str:
        return occupancy(event.money.seats, event.capacity)

    @display(description="Net sales")
    def net_sales(self, event: _Listed) -> str:
        return money(event.money.net_sales, event.currency)

    @display(description="Net revenue")
    def net_revenue(self, event: _Listed) -> str:
        return profit(event.money.net_revenue, event.currency)

    def panels(self, request: HttpRequest, obj: Event) -> list[Panel]:
        tickets = tickets_panel(request, obj)
        if not may_see_money(request):
            return [*super().panels(request, obj), tickets, pacing_panel(obj, None)]
        rows = event_money(Event.objects.filter(pk=obj.pk))
        even = break_even_of(obj, rows)
        results = [result_panel(obj, row, even) for row in rows]
        ladders = [ladder_panel(obj, row) for row in rows]
        below = [*ladders, tickets, budget_panel(obj), pacing_panel(obj, even)]
        return [*results, *super().panels(request, obj), *below]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if {"start_at", "time_zone", "status"} & set(form.changed_data):
            mark_events_due([obj.pk])

    def follow_rules(self, request, queryset):
        super().follow_rules(request, queryset)
        share_expenses()


def may_see_money(request: HttpRequest) -> bool:
    return request.user.has_perms(MONEY_PERMISSIONS)


def result_panel(event: Event, row: EventMoney, even: BreakEven | None) -> Panel:
    """The figures that one looks for first."""
    margin = "–" if row.margin is None else f"{row.margin:,.1f} %"
    return Panel(
        f"Result in {row.currency}",
        figures=[
            Figure("Seats", occupancy(row.seats, event.capacity), "Valid seats of placed orders."),
            Figure("Gross", money(row.gross, row.currency), "Paid by the buyers."),
            Figure(
                "Net sales",
                money(row.net_sales, row.currency),
                "Gross less refunds, tax, Eventbrite fees and processing fees.",
            ),
            Figure(
                "Expenses",
                money(row.expenses, row.currency),
                "Actual costs, committed or paid: the event's own, and its shares of common ones.",
            ),
            Figure(
                "Performers",
                money(row.performers, row.currency),
                "What they are due by agreements that are agreed or paid.",
            ),
            Figure(
                "Net revenue",
                profit(row.net_revenue, row.currency),
                "Net sales less expenses and less performers.",
            ),
            Figure("Margin", margin, "Net revenue ÷ (gross − refunds − tax)."),
            *(break_even_figure(even, row) if row.currency == event.currency else ()),
        ],
        more=("Settlement", page_url(event.pk)),
        is_above=True,
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of the ladder: what it is called, which figure, and the rows behind it."""

    label: str
    figure: str
    sign: int = 1
    kind: str = ""
    category: str = ""


_LADDER = (
    _Step("Gross, paid by buyers", "gross", kind="sale"),
    _Step("Refunds", "refunds", -1, kind="refund"),
    _Step("Tax", "tax", -1, kind="tax"),
    _Step("Eventbrite fees", "eventbrite_fees", -1, kind="eventbrite_fee"),
    _Step("Processing fees", "processing_fees", -1, kind="processing_fee"),
    _Step("Net sales", "net_sales"),
    _Step("Room rental", "room_rental", -1, category=Category.ROOM_RENTAL),
    _Step("Marketing", "marketing", -1, category=Category.MARKETING),
    _Step("Production", "production", -1, category=Category.PRODUCTION),
    _Step("Staff", "staff", -1, category=Category.STAFF),
    _Step("Shares of common costs", "shared_costs", -1),
    _Step("Performers", "performers", -1),
    _Step("Net revenue", "net_revenue"),
)


def ladder_panel(event: Event, row: EventMoney) -> Panel:
    """From what buyers paid to what is left, step by step, each leading to the rows behind it."""
    return Panel(
        "From gross to net revenue",
        columns=("Step", row.currency),
        numbers=(row.currency,),
        rows=[_step(event, row, step) for step in _LADDER],
        is_half=True,
    )


def _step(event: Event, row: EventMoney, step: _Step) -> tuple[object, object]:
    amount = money(getattr(row, step.figure) * step.sign, row.currency)
    if step.figure in ("net_sales", "net_revenue"):
        return format_html("<strong>{}</strong>", step.label), format_html(
            "<strong>{}</strong>", amount
        )
    return step.label, link(url, amount) if (url := _behind(event, step)) else amount


def _behind(event: Event, step: _Step) -> str:
    """The list of the rows that make up a step; "" where there is none."""
    of_event = {"event__id__exact": event.pk}
    if step.kind:
        return list_url("finance.ledgerline", of_event | {"kind__exact": step.kind})
    if step.category:
        return list_url("finance.expense", of_event | {"category__exact": step.category})
    if step.figure == "performers":
        return list_url("finance.performeragreement", of_event)
    if step.figure == "shared_costs":
        return list_url("finance.expense", {"shares__event__id__exact": event.pk})
    return ""


def tickets_panel(request: HttpRequest, event: Event) -> Panel:
    """Seats by ticket class. Two queries."""
    valid = Attendance.objects.valid()
    classes = event.ticket_classes.annotate(taken=count_of(valid, per="ticket_class"))
    rows = [
        (
            ticket.name,
            "free" if ticket.is_free else money(ticket.price, ticket.currency),
            occupancy(ticket.taken, ticket.capacity),
        )
        for ticket in classes
    ]
    if without_class := valid.filter(event=event, ticket_class=None).count():
        rows.append(("Without ticket class", "–", f"{without_class:,}"))
    seats = list_url("customers.attendance", {"event__id__exact": event.pk})
    may_see_seats = request.user.has_perm("customers.view_attendance")
    return Panel(
        "Seats by ticket",
        columns=("Ticket", "Price", "Seats"),
        numbers=("Price", "Seats"),
        rows=rows,
        empty="No tickets yet.",
        more=("All seats", seats) if may_see_seats else None,
        is_half=True,
    )


@register(ShowType)
class SharingShowTypeAdmin(SharesCosts, ShowTypeAdmin):
    """Show types, where a change of the rules also shares costs anew."""

    @transaction.atomic
    def assign(self, request):
        super().assign(request)
        share_expenses()
