"""Follow-ups in a browser: written, previewed, tried, switched on, sent by a mail server, ended."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from customers.models import Consent, Customer, FollowUp, FollowUpMessage, MessageState
from customers.services.followups import send_follow_ups
from tests.browser.steps import follow, log_in, shoot
from tests.customers.followups.conftest import a_show, post, visitor  # noqa: F401  a fixture
from tests.factories import make_order

pytestmark = pytest.mark.django_db(transaction=True)

SUBJECT = "{% if first_name %}{{ first_name }}, {% endif %}see you again?"
BODY = """Hello {{ first_name|default:"there" }},

thank you for coming to {{ show }} on {{ date }}.

Tickets for {{ next_show }}: {{ next_show_url }}

To end these e-mails: {{ unsubscribe }}
"""


@pytest.fixture
def crowd(db):
    """Two who said yes and one who did not, at a show five days ago; and a show to come."""
    today = timezone.localdate()
    show = a_show(today - timedelta(days=5), name="Open Mic")
    a_show(today + timedelta(days=20), name="Stand-up Deluxe", url="https://www.eventbrite.com/e/1")
    visitor("ada@x.org", show=show, first_name="Ada", last_name="Lovelace")
    visitor("ben@x.org", show=show, first_name="Ben", last_name="Byron")
    visitor("cy@x.org", show=show, first_name="Cy", last_name="Silent", consent=Consent.UNKNOWN)


def test_previewing_and_sending_a_follow_up(page, complaints, crowd, post):  # noqa: F811
    log_in(page, "Marketing")
    User.objects.filter(username="Marketing").update(email="mara@house.example")

    page.goto("/admin/customers/followup/add/")
    page.get_by_label("Name").first.fill("Thanks")
    page.locator("#id_trigger").select_option("First event attended")
    page.locator("#id_look_back_days").fill("30")
    page.locator("#id_holdout_percent").fill("0")
    page.locator("#id_subject").fill("Hello {{ name }}")
    page.locator("#id_body").fill(BODY)
    expect(page.get_by_text("There is no variable “name”.")).to_be_visible()
    page.locator("#id_subject").fill(SUBJECT)
    expect(page.get_by_role("heading", name="Ada, see you again?")).to_be_visible()
    page.locator("#id_send_from").fill("00:00")
    page.locator("#id_send_until").fill("23:59:59")
    shoot(page, "followup-add")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("How it stands")).to_be_visible()
    shoot(page, "followup")

    follow(page.get_by_role("link", name="Preview and test"))
    expect(page.locator(".nova-letter-text")).to_contain_text("Friday Night Stand-up")
    follow(page.get_by_role("link", name="Ben Byron"))
    expect(page.get_by_role("heading", name="Ben, see you again?")).to_be_visible()
    expect(page.locator(".nova-letter-text")).to_contain_text("thank you for coming to Open Mic")
    shoot(page, "followup-preview")
    follow(page.get_by_role("button", name="Send a test to me"))
    expect(page.get_by_text("A test is on its way")).to_be_visible()
    ((recipient, mail),) = post.mails
    assert (recipient, mail["Subject"]) == ("mara@house.example", "[Test] Ben, see you again?")

    follow(page.get_by_role("link", name="Who is due, on and off"))
    expect(page.get_by_text("Has not opted in to marketing.")).to_be_visible()
    shoot(page, "followup-due")
    follow(page.get_by_role("button", name="Switch on"))
    expect(page.get_by_role("heading", name="It is on")).to_be_visible()
    send_follow_ups()

    assert [recipient for recipient, _ in post.mails[1:]] == ["ada@x.org", "ben@x.org"]
    page.goto("/admin/customers/followupmessage/")
    expect(page.locator("#result_list tbody tr")).to_have_count(3)
    shoot(page, "followup-messages")
    page.goto("/admin/customers/followup/")
    shoot(page, "followups")
    follow(page.get_by_role("link", name="Who is due", exact=True))
    follow(page.get_by_role("button", name="Pause all"))
    expect(page.get_by_role("heading", name="Everything is paused")).to_be_visible()
    shoot(page, "followups-paused")


def test_a_reader_ends_the_e_mails(page, complaints, crowd, post):  # noqa: F811
    one = FollowUp.objects.create(
        name="Thanks", trigger="first_visit", subject="Thanks", body=BODY, holdout_percent=0,
        look_back_days=30, send_from="00:00", send_until="23:59:59",
        state="on", on_since=timezone.now(),
    )  # fmt: skip
    send_follow_ups()
    link = post.mails[0][1]["List-Unsubscribe"].strip(" <>")

    page.goto(link.removeprefix("https://nova.example"))
    shoot(page, "unsubscribe")
    page.get_by_role("button", name="Stop the e-mails").click()

    expect(page.get_by_role("heading", name="Done.")).to_be_visible()
    shoot(page, "unsubscribed")
    assert one.messages.count() == 3
    assert Customer.objects.get(addresses__address="ada@x.org").consent == Consent.OPTED_OUT


def test_what_it_brought_is_told(page, complaints, crowd):
    one = FollowUp.objects.create(name="Thanks", trigger="first_visit", result_days=30)
    then = timezone.now() - timedelta(days=40)
    for number in range(60):
        held = number % 3 == 0
        person = visitor(f"p{number}@x.org")
        FollowUpMessage.objects.create(
            follow_up=one, customer=person, event=person.seats.get().event, is_held_out=held,
            state=MessageState.HELD_OUT if held else MessageState.SENT,
            triggered_at=then, due_at=then, decided_at=then,
        )  # fmt: skip
        if number % 3 == 1 or number < 6:
            make_order(a_show(), buyer=person, ordered_at=then + timedelta(days=3))
    log_in(page)

    page.goto(f"/admin/customers/followup/{one.pk}/change/")
    expect(page.get_by_text("It brings people back")).to_be_visible()
    shoot(page, "followup-results")
    page.goto("/admin/reports/follow-up-results/")
    expect(page.get_by_text("It brings people back")).to_be_visible()
    shoot(page, "report-follow-up-results")
    page.goto("/admin/reports/first-timers/")
    expect(page.get_by_role("link", name="Ada Lovelace")).to_be_visible()
    shoot(page, "report-first-timers")
