"""Staff make a plan, approve a group, apply it, look at the results and take them back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from integrations.http import Meter
from integrations.hubspot.setup import set_up
from integrations.hubspot.sync import connect
from integrations.models import Problem, RemoteWrite, SyncRun, System
from integrations.sandbox.server import running
from integrations.sandbox.world import HUBSPOT_TOKEN, World
from tests.browser.steps import follow, log_in, shoot
from tests.factories import make_buyer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(settings, tmp_path) -> Iterator[World]:
    """A HubSpot that is set up for Nova, and Nova connected to it in mode “review”."""
    made = World.empty()
    with running(made, limits=False) as sandbox:
        settings.HUBSPOT_BASE_URL = sandbox.url
        settings.HUBSPOT_ACCESS_TOKEN = HUBSPOT_TOKEN
        settings.HUBSPOT_TIER = "professional"
        settings.HUBSPOT_WRITE_MODE = "review"
        settings.HUBSPOT_DEALS = "off"
        settings.REDIS_URL = ""
        settings.VAR_DIR = tmp_path
        set_up(connect(Meter()))
        yield made


def go_on_here(page: Page) -> None:
    """No worker runs beside the tests, so the page offers to do the run itself."""
    page.get_by_role("button", name="Go on here").click()
    expect(page.get_by_text("Done.", exact=True)).to_be_visible()


def test_from_a_plan_to_what_it_did_and_back(page, complaints, world):
    for number in range(3):
        make_buyer(f"known{number}@x.org", first_name="Known", last_name=f"Person {number}")
        world.add_contact(f"known{number}@x.org", nova_total_spend="5", city="Rome")
    make_buyer("new@x.org", first_name="New", last_name="Buyer", events=2)
    log_in(page, "Marketing")

    page.goto("/admin/hubspot/plan/")
    expect(page.get_by_text("Nothing is planned.")).to_be_visible()
    shoot(page, "plan-empty")
    follow(page.get_by_role("button", name="Make a plan now"))
    shoot(page, "run-waiting")
    go_on_here(page)
    page.get_by_role("link", name="To the plan").click()

    expect(page.get_by_text("New Buyer", exact=True)).to_be_visible()
    approve = page.get_by_role("button", name="Approve", exact=True).first
    expect(approve).to_be_disabled()
    page.get_by_role("checkbox", name="Choose Change contacts").check()
    shoot(page, "plan")
    approve.click()
    expect(page.get_by_text("3 writes approved.")).to_be_visible()
    page.get_by_role("button", name="Write 3 approved to HubSpot").click()
    go_on_here(page)
    shoot(page, "run-done")

    held = [row["properties"].get("nova_total_spend") for row in world.dump("contacts")]
    assert held == ["20", "20", "20"]
    follow(page.get_by_role("link", name="Undo this run…"))
    shoot(page, "undo")
    page.get_by_role("button", name="Undo run").click()
    go_on_here(page)
    expect(page.get_by_text("3 records restored.")).to_be_visible()
    shoot(page, "undone")
    held = [row["properties"].get("nova_total_spend") for row in world.dump("contacts")]
    assert held == ["5", "5", "5"]


def test_a_customer_is_never_written_to_again(page, complaints, world):
    make_buyer("new@x.org", first_name="New", last_name="Buyer", phone="1")
    run = SyncRun.objects.create(
        system=System.HUBSPOT, command="x", started_at="2026-01-01T00:00:00Z"
    )
    customer = make_buyer("other@x.org", first_name="Other", last_name="Buyer", phone="1")
    RemoteWrite.objects.create(
        run=run,
        operation="update",
        customer=customer,
        subject=f"customer {customer.pk}",
        remote_id="1",
        before={"phone": "0"},
        after={"phone": "1", "city": "Rome"},
        reason="Differs from Nova: phone, city.",
    )
    log_in(page, "Marketing")

    page.goto("/admin/hubspot/plan/?q=other")
    page.get_by_role("checkbox", name="Choose Other Buyer").check()
    page.get_by_role("button", name="Never again…").click()
    page.get_by_role("checkbox", name="City").check()
    shoot(page, "never")
    page.get_by_role("button", name="Never write these fields").click()

    expect(page.get_by_text("Nova never writes City of 1 record again.")).to_be_visible()
    assert RemoteWrite.objects.get().after == {"phone": "1"}


def test_the_inbox_is_worked_off(page, complaints, world):
    run = SyncRun.objects.create(
        system=System.HUBSPOT, command="x", started_at="2026-01-01T00:00:00Z"
    )
    for number in range(3):
        Problem.objects.create(
            run=run,
            system=System.HUBSPOT,
            code="unreadable",
            record=f"contact {number}",
            message=f"Contact {number} cannot be read: “x” is no number. Correct it in HubSpot.",
        )
    customer = make_buyer("bad@x.org", first_name="Bad", last_name="Number")
    RemoteWrite.objects.create(
        run=run,
        operation="update",
        customer=customer,
        subject=f"customer {customer.pk}",
        after={"phone": "1"},
        state="failed",
        error="HubSpot refuses phone: The phone number is too short.",
    )
    log_in(page, "Marketing")

    page.goto("/admin/")
    page.get_by_role("link", name="matters wait for a person").click()
    expect(page.get_by_role("link", name="Bad Number")).to_be_visible()
    shoot(page, "inbox")
    page.get_by_role("button", name="Try again: Bad Number").click()
    expect(page.get_by_text("1 write will be tried with the next run.")).to_be_visible()
    page.get_by_role("checkbox", name="All on this page").check()
    page.get_by_role("button", name="Dismiss", exact=True).first.click()

    expect(page.get_by_text("Nothing waits for anybody.")).to_be_visible()
    shoot(page, "inbox-empty")
