"""Building an audience in a browser: it is counted before it is saved."""

import pytest
from playwright.sync_api import expect

from customers.models import Audience
from customers.services import refresh_rollups
from tests.browser.steps import log_in
from tests.factories import make_buyer, make_customer

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_audience_is_built_counted_and_saved(page, complaints):
    make_buyer("ada@x.org", events=2, city="Berlin")
    make_buyer("ben@x.org", events=2, city="Bonn")
    make_customer("cy@x.org", city="Bonn")
    refresh_rollups()
    log_in(page, "Marketing")

    page.goto("/admin/customers/audience/add/")
    page.get_by_label("Name").fill("Regulars of Bonn")
    page.get_by_label("Rule").select_option("Everybody")
    people_now = page.locator(".nova-panels--above dd")
    expect(people_now).to_contain_text("3")
    page.get_by_role("link", name="Add another condition").click()
    page.locator("#id_conditions-0-subject").select_option("City")
    offered = page.locator("#id_conditions-0-relation option:not([disabled])")
    assert offered.all_inner_texts()[-2:] == ["is", "is not"]
    page.locator("#id_conditions-0-value").fill("Bonn")
    expect(people_now).to_contain_text("2")
    page.get_by_role("link", name="Add another condition").click()
    page.locator("#id_conditions-1-subject").select_option("Booked events")
    page.locator("#id_conditions-1-value").fill("2")
    expect(people_now).to_contain_text("1")
    expect(page.locator("section[aria-label^=Members]")).to_contain_text("ben@x.org")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("Regulars of Bonn")).to_have_count(2)
    audience = Audience.objects.get(name="Regulars of Bonn")
    assert [person.email for person in audience.members()] == ["ben@x.org"]
