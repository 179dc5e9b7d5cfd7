"""What staff do in the admin, in a real browser, under the page's own security policy."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import EmailAddress
from finance.models import Expense, LedgerKind
from tests.browser.steps import log_in
from tests.factories import (
    make_customer,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_show_type,
)

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = [
    "/admin/",
    "/admin/events/event/",
    "/admin/events/event/add/",
    "/admin/finance/expense/",
    "/admin/finance/expense/add/",
]


def tab_to(page: Page, selector: str) -> None:
    """Moves the focus forward, at most forty steps, until it is on `selector`."""
    for _ in range(40):
        if page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"No amount of tabbing leads to {selector}")


def test_two_expenses_are_entered_by_keyboard_alone(page, complaints):
    today = timezone.localdate()
    event = make_event(today + timedelta(days=1), name="Open mic")
    make_event(today + timedelta(days=60), name="Gala")
    make_expense(vendor="Stage & Co", event=event)
    log_in(page, "Finance")
    page.goto("/admin/finance/expense/add/")

    expect(page.locator("#id_amount")).to_be_focused()
    page.keyboard.type("12.50")
    tab_to(page, "#id_category")
    page.keyboard.type("Mark")
    tab_to(page, ".field-event .select2-selection")
    page.keyboard.type("open m")
    expect(page.locator(".select2-results__option--highlighted")).to_contain_text("Open mic")
    page.keyboard.press("Enter")
    tab_to(page, "#id_vendor")
    page.keyboard.type("Posters")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.locator("#id_amount")).to_be_focused()
    page.keyboard.type("7")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.get_by_text("was added successfully")).to_be_visible()

    entered = Expense.objects.exclude(vendor__name="Stage & Co").order_by("pk")
    columns = ("amount", "category", "event", "vendor__name", "spent_on")
    assert list(entered.values_list(*columns)) == [
        (Decimal("12.500"), "marketing", event.pk, "Posters", today),
        (Decimal("7.000"), "marketing", event.pk, None, today),
    ]


def test_a_customer_is_found_by_a_second_address(page, complaints):
    grace = make_customer("grace@example.org", first_name="Grace", last_name="Hopper")
    EmailAddress.objects.create(customer=grace, address="amazing@example.net")
    make_customer("other@example.org", first_name="Else", last_name="Body")
    log_in(page, "Marketing")

    page.goto("/admin/customers/customer/")
    page.keyboard.press("/")
    page.keyboard.type("Amazing@Example.net")
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name="Grace Hopper")).to_be_visible()
    expect(page.get_by_text("Else Body")).to_have_count(0)
    page.get_by_role("link", name="Grace Hopper").click()
    expect(page.locator("#id_addresses-1-address")).to_have_value("amazing@example.net")


def test_the_home_page_draws_the_month_and_leads_to_what_needs_attention(page, complaints):
    event = make_event(timezone.localdate(), name="Tonight", show_type=make_show_type("Improv"))
    order = make_order(event, gross="1234.50")
    make_seat(order)
    make_line(order, LedgerKind.SALE, "1234.50")
    make_event(timezone.localdate() + timedelta(days=9), name="Of no type")
    log_in(page)

    page.goto("/admin/")

    expect(page.get_by_text("€1,234.50").first).to_be_visible()
    expect(page.get_by_role("img", name="Net revenue by show type")).to_be_visible()
    page.get_by_role("link", name="shows have no show type").click()
    expect(page.get_by_role("link", name="Of no type")).to_be_visible()
    expect(page.get_by_role("link", name="Tonight")).to_have_count(0)


def test_filters_open_by_keyboard_and_narrow_the_list(page, complaints):
    make_event(timezone.localdate(), name="Today")
    make_event(timezone.localdate() - timedelta(days=100), name="Long ago")
    log_in(page)
    page.goto("/admin/events/event/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the menu, by “Skip to the content”
    tab_to(page, "#changelist a[aria-label=Filters]")
    page.keyboard.press("Enter")
    first = page.locator("#changelist-filter [name=starts_on_from]")
    expect(first).to_be_visible()
    first.fill(timezone.localdate().isoformat())
    page.get_by_role("button", name="Apply Filters").click()

    expect(page.get_by_role("link", name="Today")).to_be_visible()
    expect(page.get_by_role("link", name="Long ago")).to_have_count(0)


def test_a_long_menu_is_folded_and_opened_by_keyboard(page, complaints):
    log_in(page)
    page.goto("/admin/finance/expense/")
    expect(page.get_by_role("link", name="Vendors")).to_be_visible()
    expect(page.get_by_role("link", name="Campaign codes")).to_be_hidden()

    group = page.get_by_role("button", name="Marketing")
    expect(group).to_have_attribute("aria-expanded", "false")
    group.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name="Campaign codes")).to_be_visible()
    expect(group).to_have_attribute("aria-expanded", "true")


def test_the_content_is_reached_and_left_by_keyboard(page, complaints):
    log_in(page)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.reload()
    tab_to(page, "[aria-label='Your account']")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_text("Logged out")).to_be_visible()


def test_rules_are_applied_from_the_dialog(page, complaints):
    improv = make_show_type("Improv")
    improv.rules.create(kind="name", value="mic")
    make_event(timezone.localdate(), name="Open mic")
    log_in(page, "Box office")
    page.goto("/admin/events/showtype/")

    page.get_by_role("link", name="Apply the rules now").click()
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_text("1 events changed their show type.")).to_be_visible()


def test_no_page_is_wider_than_the_screen(page, complaints):
    event = make_event(timezone.localdate(), name="A show with quite a long name of its own")
    make_expense(event=event)
    log_in(page)
    too_wide = []

    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for address in PAGES:
            page.goto(address)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                too_wide.append((address, width))

    assert too_wide == []


def test_ten_expenses_are_entered_into_the_sheet_by_keyboard(page, complaints):
    today = timezone.localdate()
    event = make_event(today, name="Open mic")
    make_expense(vendor="Stage & Co", event=event)
    log_in(page, "Finance")
    page.goto("/admin/finance/expense/sheet/")

    expect(page.locator("[name='1-category']")).to_be_focused()
    page.keyboard.type("mark")
    page.keyboard.press("Tab")
    page.keyboard.type("open")
    page.keyboard.press("Tab")
    page.keyboard.type("1.50")
    for number in range(2, 11):
        page.keyboard.press("Enter")
        expect(page.locator(f"[name='{number}-amount']")).to_be_focused()
        page.keyboard.type(f"{number}.50" if number != 7 else "seven")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")

    expect(page.get_by_text("9 expenses saved.")).to_be_visible()
    expect(page.get_by_text("“seven” is no amount.")).to_be_visible()
    expect(page.locator("[name='7-amount']")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("7.50")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.get_by_text("1 expense saved.")).to_be_visible()
    entered = Expense.objects.exclude(vendor__name="Stage & Co")
    assert entered.filter(category="marketing", event=event, spent_on=today).count() == 10
    assert sum(entered.values_list("amount", flat=True)) == Decimal("60.000")
