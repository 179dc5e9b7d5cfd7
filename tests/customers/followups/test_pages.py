"""The pages of a follow-up: writing it, looking at it, who is due, and its switches."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import FollowUp, FollowUpMessage, Outbox
from customers.services.followups import send_follow_ups
from tests.customers.followups.conftest import AFTER, BODY, a_show, visitor
from tests.factories import make_customer
from tests.staff import client_of, user_of

pytestmark = pytest.mark.django_db
LIST = "/admin/customers/followup/"


def of_role(role: str, *, email: str = "") -> Client:
    User.objects.filter(pk=user_of(role).pk).update(email=email)
    return client_of(role)


@pytest.fixture
def marketing(db) -> Client:
    return of_role("Marketing", email="mara@house.example")


def typed(**fields):
    return {
        "name": "Thanks",
        "trigger": "first_visit",
        "delay_hours": 24,
        "look_back_days": 0,
        "carrier": "mail",
        "subject": "Thanks",
        "body": BODY,
        "send_from": "10:00",
        "send_until": "19:00",
        "weekdays": ["1", "3"],
        "gap_days": 7,
        "holdout_percent": 10,
        "result_days": 30,
        "days_absent": "",
    } | fields


def errors_of(response):
    return {name: list(words) for name, words in response.context["adminform"].form.errors.items()}


def test_a_follow_up_is_written_and_is_off_at_first(marketing):
    marketing.post(f"{LIST}add/", typed())

    made = FollowUp.objects.get(name="Thanks")
    assert (made.state, made.weekdays, made.on_since) == ("off", "13", None)


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"body": "Hi {{ firstname }} {{ unsubscribe }}"}, "body", "There is no variable “first"),
        ({"body": "Hi"}, "body", "Write {{ unsubscribe }} somewhere in the text"),
        ({"subject": "{% if show %}"}, "subject", "This cannot be read: Unclosed tag"),
        ({"subject": ""}, "subject", "Write a subject."),
        ({"trigger": "absent"}, "__all__", "“Days since” belongs to the trigger"),
        ({"days_absent": 3}, "__all__", "“Days since” belongs to the trigger"),
        ({"holdout_percent": 51}, "__all__", "At most half can be held out."),
        ({"send_from": "20:00"}, "__all__", "“Not before” has to be earlier"),
        ({"weekdays": []}, "weekdays", "This field is required."),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(marketing, change, name, words):
    response = marketing.post(f"{LIST}add/", typed(**change))

    assert errors_of(response)[name][0].startswith(words)


def test_a_hubspot_list_needs_no_text(marketing):
    marketing.post(f"{LIST}add/", typed(carrier="hubspot", subject="", body=""))

    assert FollowUp.objects.get(name="Thanks").carrier == "hubspot"


def test_the_text_is_shown_as_it_is_typed(marketing):
    good = marketing.post(f"{LIST}typed/", typed(subject="Hi {{ first_name }}"))
    bad = marketing.post(f"{LIST}typed/", typed(subject="Hi {{ name }}"))

    assert "<h2>Hi Ada</h2>" in good.text
    assert "There is no variable “name”." in bad.text


def test_who_is_due_is_listed_with_why_and_nothing_is_kept(marketing, follow_up):
    visitor("ada@x.org", first_name="Ada", last_name="Due")
    one = follow_up()

    page = marketing.get(reverse("admin:customers_followup_people_due", args=[one.pk]))

    assert all(words in page.text for words in ("Ada Due", "First event attended", "Send"))
    assert FollowUpMessage.objects.count() == 0


def test_it_is_switched_on_paused_and_off(marketing, follow_up):
    one = follow_up(is_on=False)
    url = reverse("admin:customers_followup_people_due", args=[one.pk])
    states = []

    for do in ("on", "pause", "on", "off", "pause"):
        answer = marketing.post(url, {"do": do}, follow=True)
        states.append(FollowUp.objects.get(pk=one.pk).state)

    assert states == ["on", "paused", "on", "off", "off"]
    assert "It is off already." in answer.text


def test_without_a_public_address_it_cannot_be_switched_on(marketing, follow_up, settings):
    one = follow_up(is_on=False)
    settings.NOVA_PUBLIC_URL = ""

    answer = marketing.post(
        reverse("admin:customers_followup_people_due", args=[one.pk]), {"do": "on"}, follow=True
    )

    assert "Set NOVA_PUBLIC_URL first" in answer.text
    assert FollowUp.objects.get(pk=one.pk).state == "off"


def test_all_are_paused_with_one_press_and_the_list_says_so(marketing, follow_up):
    follow_up()
    url = reverse("admin:customers_followup_everybody_due")

    marketing.post(url, {"do": "pause"})
    paused, listed = Outbox.current(), marketing.get(LIST).text
    marketing.post(url, {"do": "resume"})

    assert (paused.is_paused, paused.paused_by.username) == (True, "Marketing")
    assert "All follow-ups are paused by Marketing" in listed
    assert not Outbox.current().is_paused


def test_the_preview_is_that_of_a_chosen_person(marketing, follow_up):
    ada = visitor("ada@x.org", first_name="Ada", show=a_show(name="Open Mic"))
    one = follow_up()
    url = reverse("admin:customers_followup_letter", args=[one.pk])

    by_number, by_address, example, nobody = (
        marketing.get(url, {"person": asked}).text for asked in (ada.pk, "ADA@x.org", "", "b@x.org")
    )

    assert all("how was Open Mic?" in page for page in (by_number, by_address))
    assert "Nobody has this address" in nobody
    assert "Friday Night Stand-up" in example


def test_a_test_goes_to_ones_own_address_only(marketing, follow_up, post):
    ada = visitor("ada@x.org", first_name="Ada")
    one = follow_up()
    url = reverse("admin:customers_followup_letter", args=[one.pk])

    marketing.post(f"{url}?person={ada.pk}")

    ((recipient, mail),) = post.mails
    assert (recipient, mail["Subject"]) == ("mara@house.example", "[Test] Thanks, Ada")
    marketing.post(mail["List-Unsubscribe"].strip(" <>").removeprefix("https://nova.example"))
    ada.refresh_from_db()
    assert ada.consent == "in"
    assert FollowUpMessage.objects.count() == 0


def test_without_an_address_of_ones_own_there_is_no_test(follow_up, post):
    one = follow_up()
    client = of_role("Marketing")

    answer = client.post(reverse("admin:customers_followup_letter", args=[one.pk]), follow=True)

    assert "Your own account has no e-mail address." in answer.text
    assert post.mails == []


def test_a_viewer_sees_what_is_sent_and_no_person(follow_up):
    person = visitor("ada@x.org", first_name="Ada", show=a_show(name="Open Mic"))
    one = follow_up()
    viewer = of_role("Viewer", email="vera@house.example")
    pages = {name: reverse(f"admin:customers_followup_{name}", args=[one.pk]) for name in (
        "change", "people_due", "letter",
    )}  # fmt: skip

    statuses = {name: viewer.get(url).status_code for name, url in pages.items()}
    looked = viewer.get(pages["letter"], {"person": person.pk}).text

    assert statuses == {"change": 200, "people_due": 403, "letter": 200}
    assert "Open Mic" not in looked
    assert viewer.post(pages["letter"]).status_code == 403
    assert viewer.post(f"{LIST}typed/", typed()).status_code == 403
    assert viewer.get("/admin/customers/followupmessage/").status_code == 403


def test_what_somebody_got_cannot_be_deleted(marketing, follow_up, post):
    visitor("ada@x.org")
    one = follow_up()
    send_follow_ups()

    answer = marketing.post(f"{LIST}{one.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 403
    assert FollowUp.objects.filter(pk=one.pk).exists()


def test_the_messages_are_listed_filtered_and_exported(marketing, follow_up, post):
    visitor("ada@x.org", first_name="=Ada", last_name="A", show=a_show(name="Open Mic"))
    visitor("out@x.org", last_name="Out", consent="out")
    one = follow_up()
    send_follow_ups()
    url = "/admin/customers/followupmessage/"

    listed = marketing.get(url, {"state__exact": "sent", "follow_up__id__exact": one.pk})
    lines = b"".join(marketing.get(f"{url}export/").streaming_content).decode().splitlines()

    assert [row.customer.last_name for row in listed.context["cl"].result_list] == ["A"]
    assert lines[0].startswith("Follow-up,Customer ID,First name,Last name,Show,Date,State")
    assert any("'=Ada,A,Open Mic,2026-03-14,Sent," in line for line in lines[1:])
    assert any("Left out,Has opted out of marketing." in line for line in lines[1:])


def test_the_page_of_a_person_tells_which_follow_ups_they_got(marketing, follow_up, post):
    ada = visitor("ada@x.org")
    follow_up()
    send_follow_ups()
    url = f"/admin/customers/customer/{ada.pk}/change/"

    told, untold = (client.get(url).context for client in (marketing, of_role("Box office")))

    panels = {panel.title: panel for panel in told["panels_below"]}
    assert [str(cell) for cell in panels["Follow-ups"].rows[0]][-1] == "–"
    assert "Sent" in str(panels["Follow-ups"].rows[0][3])
    assert "Follow-ups" not in {panel.title for panel in untold["panels_below"]}


def test_staff_are_told_where_mail_is_only_printed(marketing, follow_up, settings):
    one = follow_up(is_on=False)
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    page = marketing.get(reverse("admin:customers_followup_people_due", args=[one.pk]))

    assert "No mail server is set." in page.text


def test_the_audience_of_a_follow_up_is_kept_by_it_alone(marketing, follow_up):
    visitor("ada@x.org")
    one = follow_up(carrier="hubspot")
    send_follow_ups()
    audience = FollowUp.objects.get(pk=one.pk).audience

    own = marketing.get(f"/admin/customers/audience/{audience.pk}/change/")
    marketing.post(f"/admin/customers/audience/{audience.pk}/delete/", {"post": "yes"})
    new = marketing.get("/admin/customers/audience/add/")

    assert "People whom a follow-up handed over in the last 30 days" in own.text
    assert 'name="rule"' not in own.text
    assert "Handed over by a follow-up" not in new.text
    assert FollowUp.objects.get(pk=one.pk).audience == audience
    assert "Its audience and HubSpot list" in marketing.get(f"{LIST}{one.pk}/change/").text


def test_the_ready_made_rescue_is_off_and_can_be_sent_as_it_is(marketing, settings, time_machine):
    settings.NOVA_PUBLIC_URL = "https://nova.example"
    rescue = FollowUp.objects.get(name="First-timer rescue")
    time_machine.move_to(AFTER)
    visitor("ada@x.org", show=a_show(AFTER.date() - timedelta(days=20)))
    a_show(AFTER.date() + timedelta(days=20), name="Next Laugh")
    make_customer("never@x.org", consent="in")
    url = reverse("admin:customers_followup_people_due", args=[rescue.pk])

    before = marketing.get(url).text
    marketing.post(url, {"do": "on"})
    letter = reverse("admin:customers_followup_letter", args=[rescue.pk])

    assert rescue.state == "off"
    assert "who would be due" in before
    assert FollowUp.objects.get(pk=rescue.pk).state == "on"
    assert "Next Laugh" in marketing.get(letter, {"person": "ada@x.org"}).text
