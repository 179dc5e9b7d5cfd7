"""Taking a consent back by the link in an e-mail: it holds whatever comes in later."""

import re

import pytest
from django.test import Client

from customers.models import Consent, Customer
from customers.services import Person, find_or_add_people, merge_customers, undo_merge
from customers.services.followups import send_follow_ups
from customers.services.followups.optout import NOBODY, opt_out_url
from nova_project.logs import mask_text
from tests.customers.followups.conftest import visitor
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def stranger() -> Client:
    """Somebody without a log-in, whose posts bear no token of ours."""
    return Client(enforce_csrf_checks=True)


def path_of(customer) -> str:
    return re.sub(r"^https?://[^/]+", "", opt_out_url(customer.pk))


def test_looking_at_the_page_changes_nothing(stranger):
    ada = make_customer(consent=Consent.OPTED_IN)

    page = stranger.get(path_of(ada))

    ada.refresh_from_db()
    assert (page.status_code, "Stop the e-mails" in page.text) == (200, True)
    assert ada.consent == Consent.OPTED_IN
    assert ada.last_name not in page.text


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}])
def test_a_click_takes_the_consent_back_and_the_history_says_how(stranger, body):
    ada = make_customer(consent=Consent.OPTED_IN)

    page = stranger.post(path_of(ada), body)
    stranger.post(path_of(ada), body)

    ada.refresh_from_db()
    assert (page.status_code, ada.consent) == (200, Consent.OPTED_OUT)
    latest = ada.history.latest()
    assert latest.history_change_reason == "Unsubscribed by the link in a follow-up"
    assert ada.history.filter(history_change_reason=latest.history_change_reason).count() == 1


def test_nothing_that_comes_in_gives_the_consent_again(stranger, post, follow_up):
    ada = visitor("ada@x.org")
    stranger.post(path_of(ada))
    follow_up()

    find_or_add_people([Person("ada@x.org", consent=Consent.OPTED_IN)])
    send_follow_ups()

    ada.refresh_from_db()
    assert (ada.consent, post.mails) == (Consent.OPTED_OUT, [])


def test_the_link_in_the_e_mail_is_the_one(stranger, post, follow_up):
    ada = visitor("ada@x.org")
    follow_up()
    send_follow_ups()
    ((_, mail),) = post.mails
    link = mail["List-Unsubscribe"].strip(" <>")

    stranger.post(link.removeprefix("https://nova.example"), {"List-Unsubscribe": "One-Click"})

    ada.refresh_from_db()
    assert ada.consent == Consent.OPTED_OUT
    assert "ada" not in link.lower()


def test_it_finds_the_person_after_they_became_one_with_another(stranger):
    ada, twin, third = (make_customer(consent=Consent.OPTED_IN) for _ in range(3))
    path = path_of(twin)
    merge_customers(survivor=ada, merged=twin)
    merge_customers(survivor=third, merged=ada)

    stranger.post(path)

    assert Customer.objects.get().consent == Consent.OPTED_OUT


def test_it_holds_for_both_when_the_two_are_parted_again(stranger):
    ada, twin, other = (make_customer(consent=Consent.OPTED_IN) for _ in range(3))
    merge = merge_customers(survivor=ada, merged=twin)
    kept = merge_customers(survivor=other, merged=make_customer(consent=Consent.OPTED_IN))

    stranger.post(path_of(twin))
    undo_merge(merge=merge)
    undo_merge(merge=kept)

    people = Customer.objects.order_by("pk").values_list("consent", flat=True)
    assert list(people) == [Consent.OPTED_OUT] * 2 + [Consent.OPTED_IN] * 2


def test_a_link_that_nova_did_not_make_is_refused(stranger):
    ada = make_customer(consent=Consent.OPTED_IN)
    path = path_of(ada)

    answers = [stranger.post(f"{path[:-3]}xx/"), stranger.post("/unsubscribe/1/")]

    ada.refresh_from_db()
    assert [answer.status_code for answer in answers] == [404, 404]
    assert ada.consent == Consent.OPTED_IN


def test_the_link_of_a_test_is_about_nobody(stranger):
    ada = make_customer(consent=Consent.OPTED_IN)

    answer = stranger.post(re.sub(r"^https?://[^/]+", "", opt_out_url(NOBODY)))

    ada.refresh_from_db()
    assert (answer.status_code, ada.consent) == (200, Consent.OPTED_IN)


def test_links_are_masked_in_the_log():
    assert mask_text("POST /unsubscribe/MQ:1w:x-y/ 200") == "POST /unsubscribe/[masked]/ 200"
