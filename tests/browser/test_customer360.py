"""All of one person in a browser: from their page, side by side, and down the timeline."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from customers.models import Campaign, Touch, TouchKind
from customers.services import refresh_rollups
from integrations.models import ContactLink, LinkState, MatchRule
from tests.browser.steps import log_in, shoot
from tests.factories import make_customer, make_event, make_order, make_seat

pytestmark = pytest.mark.django_db(transaction=True)


def make_regular():
    """Ada bought a ticket, has another last name in HubSpot and on Eventbrite, and reads mails."""
    ada = make_customer("ada@example.org", first_name="Ada", last_name="Byron", phone="+49 30 1")
    event = make_event(name="Foxes at the Kesselhaus")
    order = make_order(event, "40.00", buyer=ada, buyer_name="A. Byron")
    make_seat(order, holder=ada, checked_in_at=event.start_at)
    refresh_rollups()
    campaign = Campaign.objects.create(name="Spring letter")
    Touch.objects.bulk_create(
        Touch(
            key=f"{number}",
            customer=ada,
            campaign=campaign,
            kind=TouchKind.CLICK,
            source=f"letter {number:02}",
            occurred_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number),
        )
        for number in range(1, 31)
    )
    seen = {"firstname": "Ada", "lastname": "Lovelace", "email": "ada@example.org"}
    ContactLink.objects.create(
        hubspot_id="77",
        customer=ada,
        email="ada@example.org",
        state=LinkState.AUTO,
        rule=MatchRule.PRIMARY_ADDRESS,
        evidence="Both have ada@example.org.",
        seen=seen | {"phone": "+49 30 1", "lifecyclestage": "customer"},
        agreed={"last_name": ("Byron", "Byron"), "phone": ("+49 30 1", "+49 30 1")},
    )
    return ada


def test_a_person_is_compared_between_the_systems_and_followed_through_time(
    page,
    complaints,
    settings,
):
    settings.HUBSPOT_PORTAL_ID = "123"
    ada = make_regular()
    log_in(page, "Marketing")
    page.goto(f"/admin/customers/customer/{ada.pk}/change/")

    page.get_by_role("link", name="Customer 360").click()
    title = page.locator("#content").get_by_role("heading", name="Ada Byron", level=1)
    expect(title).to_be_visible()
    expect(page.locator(".work-lead")).to_have_text("ada@example.org · +49 30 1")
    in_hubspot = page.locator(".work-buttons").get_by_role("link", name="Open in HubSpot")
    expect(in_hubspot).to_have_attribute(
        "href", "https://app.hubspot.com/contacts/123/record/0-1/77"
    )
    expect(page.get_by_role("region", name="Why linked", exact=True)).to_contain_text(
        "Both have ada@example.org."
    )

    sides = page.get_by_role("region", name="Side by side", exact=True)
    name = sides.get_by_role("row", name="Name Ada Byron")
    for held in ("Ada Byron", "Ada Lovelace", "A. Byron", "differs"):
        expect(name).to_contain_text(held)
    last_name = sides.get_by_role("row", name="Last name")
    expect(last_name.locator(".nova-badge--warning")).to_have_text("to be taken over")
    phone = sides.get_by_role("row", name="Phone number")
    expect(phone.locator(".nova-badge--good")).to_have_text("equal")
    spend = sides.get_by_role("row", name="Total spend")
    expect(spend.locator(".nova-badge--warning")).to_have_text("to be written")

    timeline = page.get_by_role("region", name="Timeline")
    entries = timeline.get_by_role("listitem")
    expect(entries).to_have_count(25)
    timeline.get_by_role("link", name="E-mails 30").click()
    expect(timeline.locator("[aria-current=page]")).to_have_text("E-mails 30")
    expect(entries.first).to_contain_text("letter 30")
    timeline.get_by_role("link", name="Older").click()
    expect(entries).to_have_count(5)
    expect(entries.last).to_contain_text("letter 01")
    expect(timeline.get_by_role("link", name="Older")).to_have_count(0)
    timeline.get_by_role("link", name="Newest").click()
    expect(entries).to_have_count(25)
    timeline.get_by_role("link", name="Orders 1").click()
    expect(entries).to_contain_text(["€40.00"])
    shoot(page, "customer360")

    page.set_viewport_size({"width": 390, "height": 900})
    in_theirs = last_name.locator("[data-heading=HubSpot]")
    expect(in_theirs).to_be_visible()
    shown = in_theirs.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert (shown, in_theirs.inner_text()) == ('"HubSpot"', "Lovelace")
    title, held = last_name.locator("td").first.bounding_box(), in_theirs.bounding_box()
    assert held["y"] >= title["y"] + title["height"]
    assert sides.locator(".nova-scroll").evaluate("box => box.scrollWidth - box.clientWidth") <= 0
    timeline.get_by_role("link", name="Ordered").first.click()
    expect(page).to_have_url(re.compile("/admin/customers/order/"))
