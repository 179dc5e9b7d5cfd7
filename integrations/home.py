"""The home page: this month, what is next, and what needs attention; to each what he may see."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers.models import Attendance
from events.models import Event
from finance.reports.pacing import behind_panel, behind_url
from finance.services.behind import coming_shows, soon
from finance.services.figures import EventMoney, PeriodMoney
from finance.services.profit import listed_money
from finance.services.totals import totals
from integrations.attention import attention as attention_of
from integrations.attention import attention_panel
from nova_project.admin import change_link, link, list_url, money, occupancy, profit
from nova_project.models import count_of
from nova_project.money import company_currency, format_money
from nova_project.panels import Figure, Panel
from nova_project.periods import Period
from nova_project.reports import Chart, Series

MONEY_PERMISSIONS = ("events.view_event", "finance.view_ledgerline", "finance.view_expense")
_NEXT = 8
_PACE_DAYS = 7


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the home page shows beside the frame. The same few queries, however much there is."""
    user = request.user
    today = timezone.localdate()
    if user.is_superuser and not Event.objects.exists():
        return context | {"title": "Home", "home_top": [first_steps_panel()]}
    top: list[Panel] = []
    left: list[Panel] = []
    right: list[Panel] = []
    if user.has_perms(MONEY_PERMISSIONS):
        rows = [row for row in listed_money(Period.twelve_months_to(today)) if row.has_money]
        top, left = [month_panel(rows, today)], [show_type_panel(rows, today)]
    if user.has_perm("events.view_event"):
        shows = right if left else left
        shows.append(next_shows_panel())
        if behind := pace_panel(request):
            shows.append(behind)
    if attention := list(attention_of(request)):
        may_see_health = user.has_perm("integrations.view_syncrun")
        health_url = reverse("reports:report", args=["sync-health"]) if may_see_health else ""
        right.append(attention_panel(attention, health_url))
    columns = [column for column in (left, right) if column]
    return context | {"title": "Home", "home_top": top, "home_columns": columns}


def first_steps_panel() -> Panel:
    """What somebody does who has just installed Nova."""
    token = "is set" if settings.EVENTBRITE_TOKEN else "is missing"
    hubspot = "is set" if settings.HUBSPOT_ACCESS_TOKEN else "is missing"
    return Panel(
        "Start here",
        columns=("Step", "What to do", "With"),
        rows=[
            ("1", f"Connect Eventbrite: EVENTBRITE_TOKEN {token}", _command("sync_eventbrite")),
            ("2", f"Connect HubSpot: HUBSPOT_ACCESS_TOKEN {hubspot}", _command("setup_hubspot")),
            ("3", "Read the contacts and see what Nova would write", _command("sync_hubspot")),
            ("4", "Make the roles, then give each user one", _command("setup_roles")),
            (
                "5",
                "Make show types with their rules",
                link(reverse("admin:events_showtype_changelist"), "Show types"),
            ),
        ],
        note="There is no show yet. The first pull from Eventbrite brings the programme, the "
        "orders and the people. To look around with made-up data, run make demo.",
    )


def _command(name: str) -> str:
    return format_html("<code>python manage.py {}</code>", name)


# This month


def month_panel(rows: list[EventMoney], today: date) -> Panel:
    """The month's shows up to today, against as many days of the month before."""
    so_far = Period.inclusive(today.replace(day=1), today)
    first = (so_far.start - timedelta(days=1)).replace(day=1)
    before = Period(first, min(first + timedelta(days=so_far.days), so_far.start))
    now, then = _company_total(rows, so_far), _company_total(rows, before)
    report = f"{reverse('reports:report', args=['event-profit'])}?start={so_far.start}&end={today}"
    return Panel(
        f"This month, {so_far}",
        figures=[
            _compared("Seats", Decimal(now.seats or 0), Decimal(then.seats or 0), f"{now.seats:,}"),
            *(
                _compared(title, figure(now), figure(then), money(figure(now), now.currency))
                for title, figure in _FIGURES
            ),
        ],
        note=f"Shows of these days in {now.currency}; below each figure the change against "
        f"{before}.",
        more=("Profit by event", report),
    )


_FIGURES: tuple[tuple[str, Callable[[PeriodMoney], Decimal]], ...] = (
    ("Gross", lambda total: total.gross),
    ("Net sales", lambda total: total.net_sales),
    ("Expenses", lambda total: total.expenses),
    ("Performers", lambda total: total.performers),
    ("Net revenue", lambda total: total.net_revenue),
)


def _company_total(rows: list[EventMoney], period: Period) -> PeriodMoney:
    currency = company_currency()
    of_period = [row for row in rows if row.starts_on in period and row.currency == currency]
    return (totals(of_period) or [PeriodMoney(currency=currency, events=0)])[0]


def _compared(label: str, now: Decimal, then: Decimal, shown: object) -> Figure:
    if not then:
        return Figure(label, shown, note="nothing to compare with" if now else "")
    change = round((now - then) * 100 / abs(then))
    return Figure(label, shown, note=f"{change:+,} %".replace("-", "−"))


def show_type_panel(rows: list[EventMoney], today: date) -> Panel:
    """Net revenue of each show type over twelve months, in the company's currency."""
    currency = company_currency()
    by_type: dict[str, list[EventMoney]] = defaultdict(list)
    for row in rows:
        if row.currency == currency and row.starts_on <= today:
            by_type[row.show_type].append(row)
    sums = sorted(
        ((name, totals(of_type)[0]) for name, of_type in by_type.items()),
        key=lambda pair: -pair[1].net_revenue,
    )
    return Panel(
        "Net revenue by show type, twelve months",
        columns=("Show type", "Shows", "Net revenue", "Margin"),
        numbers=("Shows", "Net revenue", "Margin"),
        rows=[
            (
                name,
                total.events,
                profit(total.net_revenue, currency),
                "–" if total.margin is None else f"{total.margin:.1f} %",
            )
            for name, total in sums
        ],
        chart=_chart([(name, total.net_revenue) for name, total in sums], currency),
        empty="No show of the last twelve months has sold anything yet.",
        more=("Margin by show type", reverse("reports:report", args=["show-type-margin"])),
    )


def _chart(sums: list[tuple[str, Decimal]], currency: str) -> Chart:
    return Chart(
        title="Net revenue by show type",
        heading="Show type",
        labels=[name for name, _ in sums],
        series=[
            Series(
                "Net revenue",
                values=[amount for _, amount in sums],
                shown=[format_money(amount, currency) for _, amount in sums],
                color="var(--color-primary-600)",
            )
        ],
        unit=currency,
        is_sideways=True,
    )


# What is next


def pace_panel(request: HttpRequest) -> Panel | None:
    """The coming shows behind pace; None where there is nothing to compare them with."""
    may_see_report = request.user.has_perms(MONEY_PERMISSIONS)
    more = ("Pacing", behind_url(soon())) if may_see_report else None
    return behind_panel(coming_shows(), more)


def next_shows_panel() -> Panel:
    """The next shows with what is sold, and how much of it lately. One query."""
    seats = Attendance.objects.valid()
    lately = seats.filter(order__ordered_at__gte=timezone.now() - timedelta(days=_PACE_DAYS))
    shows = (
        Event.objects.upcoming()
        .select_related("venue")
        .annotate(taken=count_of(seats, per="event"), sold_lately=count_of(lately, per="event"))
        .order_by("start_at", "pk")
    )
    return Panel(
        "Next shows",
        columns=("Date", "Show", "Seats", f"Last {_PACE_DAYS} days"),
        numbers=("Seats", f"Last {_PACE_DAYS} days"),
        rows=[
            (
                f"{show.starts_on:%a %-d %b}",
                _show_and_place(show),
                occupancy(show.taken, show.capacity),
                f"+{show.sold_lately:,}" if show.sold_lately else "–",
            )
            for show in shows[:_NEXT]
        ],
        empty="No show is planned.",
        more=("All events", list_url("events.event")),
    )


def _show_and_place(show: Event) -> SafeString:
    place = show.venue or ("online" if show.is_online else "no venue yet")
    return format_html(
        '{} <span class="nova-property">{}</span>', change_link(show, show.name), place
    )
