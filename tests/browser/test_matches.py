"""Staff go through pairs that may be one person: with keys, one by one, many at once, and back."""

import pytest
from playwright.sync_api import Page, expect

from customers.models import Consent, Customer
from integrations.matching.suggestions import refresh_suggestions
from integrations.models import ContactLink, LinkState, MatchSuggestion
from tests.browser.steps import follow, log_in, shoot
from tests.factories import make_buyer

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+49 171 5550199"


def make_people() -> None:
    ada = make_buyer("ada@x.org", first_name="Ada", last_name="Byron", phone=PHONE, city="Berlin")
    make_buyer(
        "ada+tickets@x.org", events=2, first_name="Ada", last_name="Byron", consent=Consent.OPTED_IN
    )
    make_buyer("bob@gmail.com", first_name="Bob", last_name="Hope")
    make_buyer("bob@gmial.com", first_name="Bob", last_name="Hope")
    make_buyer("home@x.org", first_name="Carl", last_name="Gauss")
    make_buyer("home+mia@x.org", first_name="Mia", last_name="Gaus")
    link = {"customer": ada, "email": "ada@x.org"}
    ContactLink.objects.create(hubspot_id="51", state=LinkState.AUTO, **link)
    seen = {"firstname": "Ada", "lastname": "Byron", "phone": "0171 5550199"}
    ContactLink.objects.create(hubspot_id="62", seen=seen, evidence="No usable address.")
    refresh_suggestions(everyone=True)


def test_pairs_are_worked_off(page: Page, complaints: list[str]) -> None:
    make_people()
    log_in(page, "Marketing")

    page.goto("/admin/reports/matches/")
    shoot(page, "matches-report")
    follow(page.get_by_role("link", name="Two customers, one mailbox"))
    shoot(page, "matches-list")
    page.get_by_role("link", name="Review matches").click()
    expect(page.get_by_role("listitem", name="Ada Byron and Ada Byron")).to_be_visible()
    shoot(page, "matches")

    page.keyboard.press("j")
    expect(page.get_by_role("listitem", name="Ada Byron and Ada Byron")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("listitem", name="Bob Hope and Bob Hope")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Two people", exact=True).click()
    expect(page.get_by_text("1 pair stays two people, for good.")).to_be_visible()

    page.get_by_role("checkbox", name="All on this page").check()
    page.get_by_role("button", name="Merge ticked with strong evidence").click()
    expect(page.get_by_text("2 pairs merged.")).to_be_visible()
    expect(page.get_by_text("Nothing to review here.")).to_be_visible()
    assert Customer.objects.count() == 4

    follow(page.get_by_role("link", name="Contact and customer"))
    shoot(page, "matches-contact")
    page.get_by_role("button", name="Link: Contact 62 and Ada Byron").click()
    expect(page.get_by_text("1 contact linked.")).to_be_visible()

    follow(page.get_by_role("link", name="Decided"))
    shoot(page, "matches-decided")
    page.get_by_role("button", name="Undo: ").first.click()
    expect(page.get_by_text("they are two customers again").first).to_be_visible()
    follow(page.get_by_role("link", name="into customer").first)
    shoot(page, "merge")
    assert Customer.objects.count() == 5
    assert MatchSuggestion.objects.open().count() == 1


def test_two_customers_are_found_and_merged_by_hand(page: Page, complaints: list[str]) -> None:
    ada = make_buyer("ada@x.org", first_name="Ada", last_name="Byron")
    make_buyer("countess@y.org", events=2, first_name="Countess", last_name="Lovelace")
    log_in(page, "Marketing")

    page.goto(f"/admin/customers/customer/{ada.pk}/change/")
    follow(page.get_by_role("link", name="Merge with another"))
    page.get_by_role("searchbox", name="Search customers").fill("lovelace")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    shoot(page, "merge-search")
    follow(page.get_by_role("link", name="Compare with Countess Lovelace"))
    page.get_by_role("radio", name="keep").first.check()
    shoot(page, "merge-compare")
    page.get_by_role("button", name="One person: merge").click()

    expect(page.get_by_text("Countess Lovelace is merged into Ada Byron.")).to_be_visible()
    assert Customer.objects.get().events_booked == 3
