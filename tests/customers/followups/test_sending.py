"""Sending by a real mail server: once, to whom it may go, and what its refusals mean."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.models import Consent, Customer, FollowUp, FollowUpMessage, MessageState, Outbox
from customers.services import erase_customers, merge_customers, undo_merge
from customers.services.followups import (
    pause_all,
    pause_follow_up,
    resume_all,
    send_follow_ups,
    switch_off,
    switch_on,
)
from customers.services.followups.planning import is_drawn
from customers.services.followups.sending import LOCK, take_up
from nova_project.lock import exclusive
from tests.customers.followups.conftest import AFTER, a_show, book, visitor
from tests.customers.followups.world import run_with_shares
from tests.factories import make_customer
from tests.smtp import mail_server

pytestmark = pytest.mark.django_db


def states():
    return list(FollowUpMessage.objects.order_by("pk").values_list("state", flat=True))


def reasons():
    return list(FollowUpMessage.objects.order_by("pk").values_list("reason", flat=True))


def test_a_message_goes_out_as_text_and_html_with_a_way_out(post, follow_up):
    visitor("ada@x.org", first_name="Ada", show=a_show(name="Ham & <Eggs>"))
    follow_up()

    outcome = send_follow_ups()

    ((recipient, mail),) = post.mails
    text, html = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert (outcome.planned, outcome.sent, outcome.problem) == (1, 1, "")
    assert (recipient, mail["From"]) == ("ada@x.org", "The House <hello@house.example>")
    assert mail["Subject"] == "Thanks, Ada"
    assert text.splitlines()[0] == "Hello Ada, how was Ham & <Eggs>?"
    assert "how was Ham &amp; &lt;Eggs&gt;?" in html
    assert mail["List-Unsubscribe"].strip().startswith("<https://nova.example/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].strip(" <>") in text


def test_nobody_gets_it_twice(post, follow_up):
    visitor("ada@x.org")
    follow_up()

    for _ in range(3):
        send_follow_ups()

    assert len(post.mails) == 1
    assert states() == [MessageState.SENT]


def test_the_database_takes_one_message_for_a_person_and_event(follow_up):
    person, thanks = visitor(), follow_up()
    message = {
        "follow_up": thanks,
        "customer": person,
        "event": a_show(),
        "triggered_at": AFTER,
        "due_at": AFTER,
    }
    FollowUpMessage.objects.create(**message)

    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUpMessage.objects.create(**message)
    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUpMessage.objects.create(
            **message | {"event": a_show(), "is_held_out": True, "state": "sent"}
        )


def test_a_message_is_taken_up_by_one_only(post, follow_up):
    visitor()
    follow_up(send_from="00:00", send_until="00:01")
    send_follow_ups()
    message = FollowUpMessage.objects.get()

    assert [take_up(message, MessageState.SENDING) for _ in range(2)] == [True, False]


def test_one_run_at_a_time(post, follow_up):
    visitor()
    follow_up()

    with exclusive(LOCK):
        outcome = send_follow_ups()

    assert (outcome.problem, post.mails) == ("Another run is under way.", [])


def test_what_a_killed_run_was_sending_is_never_sent_again(post, follow_up, time_machine):
    visitor()
    follow_up(send_from="00:00", send_until="00:01")
    send_follow_ups()
    FollowUp.objects.update(send_until="23:59")
    take_up(FollowUpMessage.objects.get(), MessageState.SENDING)  # and then the process ends

    outcome = send_follow_ups()
    soon = FollowUpMessage.objects.unknown().count()
    time_machine.move_to(AFTER + timedelta(minutes=16))

    assert (outcome.sent, post.mails, states()) == (0, [], [MessageState.SENDING])
    assert (soon, FollowUpMessage.objects.unknown().count()) == (0, 1)


def test_a_refused_address_is_set_aside_and_the_others_get_theirs(post, follow_up):
    for address in ("a@x.org", "no@x.org", "z@x.org"):
        visitor(address)
    post.refuse["no@x.org"] = "550 no@x.org is unknown here"
    follow_up()

    outcome = send_follow_ups()

    assert [recipient for recipient, _ in post.mails] == ["a@x.org", "z@x.org"]
    assert (outcome.sent, outcome.failed) == (2, 1)
    assert reasons() == ["", "The mail server refuses the address (550).", ""]
    assert post.calls == 1


def test_a_refusal_for_now_is_tried_again_twice(post, follow_up):
    visitor("busy@x.org")
    post.refuse["busy@x.org"] = "451 come back later"
    follow_up()

    outcomes = [(o.waiting, o.failed) for o in (send_follow_ups() for _ in range(4))]

    assert outcomes == [(1, 0), (1, 0), (0, 1), (0, 0)]


def test_it_goes_out_when_the_server_takes_it_at_last(post, follow_up):
    visitor("busy@x.org")
    post.refuse["busy@x.org"] = "451 come back later"
    follow_up()
    send_follow_ups()

    post.refuse.clear()
    send_follow_ups()

    assert (len(post.mails), states()) == (1, [MessageState.SENT])


def test_without_a_mail_server_all_stays_planned_and_the_outbox_says_why(post, follow_up, settings):
    visitor("a@x.org")
    visitor("b@x.org")
    follow_up()
    with mail_server() as gone:
        settings.EMAIL_PORT = gone.port

    outcome = send_follow_ups()

    assert outcome.problem.startswith("The mail server does not answer (ConnectionRefusedError).")
    assert states() == [MessageState.PLANNED] * 2
    assert Outbox.current().problem == outcome.problem
    settings.EMAIL_PORT = post.port
    send_follow_ups()
    assert (len(post.mails), Outbox.current().problem) == (2, "")


def test_a_connection_lost_while_sending_leaves_that_one_unknown(post, follow_up):
    for address in ("a@x.org", "b@x.org", "c@x.org"):
        visitor(address)
    post.hang_up_at = 2
    follow_up()

    outcome = send_follow_ups()

    assert (outcome.sent, states()) == (1, ["sent", "sending", "planned"])
    assert "does not answer" in outcome.problem
    post.hang_up_at = 0
    send_follow_ups()
    assert states() == ["sent", "sending", "sent"]
    assert [recipient for recipient, _ in post.mails] == ["a@x.org", "c@x.org"]


def test_a_server_that_hangs_up_after_each_message_is_called_again(post, follow_up):
    for address in ("a@x.org", "b@x.org", "c@x.org"):
        visitor(address)
    post.most = 1
    follow_up()

    outcome = send_follow_ups()

    assert (outcome.sent, outcome.problem, post.calls) == (3, "", 3)
    assert states() == [MessageState.SENT] * 3


@pytest.mark.parametrize(
    ("refused", "answer", "says"),
    [
        ("hello@house.example", "550 not yours", "The mail server refuses the sender’s address"),
        ("a@x.org", "421 closing", "The mail server ends the connection (421)."),
    ],
)
def test_what_concerns_all_stops_the_run_and_all_stays_planned(
    post, follow_up, refused, answer, says
):
    visitor("a@x.org")
    visitor("b@x.org")
    post.refuse[refused] = answer
    follow_up()

    outcome = send_follow_ups()

    assert outcome.problem.startswith(says)
    assert states() == [MessageState.PLANNED] * 2
    post.refuse.clear()
    assert send_follow_ups().sent == 2


def test_without_a_public_address_nothing_goes_out(post, follow_up, settings):
    visitor()
    follow_up()
    settings.NOVA_PUBLIC_URL = ""

    outcome = send_follow_ups()

    assert "NOVA_PUBLIC_URL" in outcome.problem
    assert (post.mails, states()) == ([], [MessageState.PLANNED])


@pytest.mark.parametrize(
    "change",
    [
        lambda person, one, user: Customer.objects.update(consent=Consent.OPTED_OUT),
        lambda person, one, user: erase_customers([person.pk]),
        lambda person, one, user: pause_follow_up(follow_up=one),
        lambda person, one, user: switch_off(follow_up=one),
        lambda person, one, user: pause_all(user=user),
    ],
)
def test_what_changes_between_the_plan_and_the_sending_counts(
    post, follow_up, change, django_user_model
):
    person = visitor()
    one = follow_up(send_from="00:00", send_until="00:01")
    send_follow_ups()
    message = FollowUpMessage.objects.get()
    FollowUp.objects.update(send_until="23:59")
    change(person, FollowUp.objects.get(pk=one.pk), django_user_model.objects.create(username="x"))

    is_taken = take_up(message, MessageState.SENDING)
    send_follow_ups()

    assert (is_taken, post.mails) == (False, [])


def test_a_pause_ends_and_what_waited_goes_out(post, follow_up, django_user_model):
    visitor()
    follow_up()
    pause_all(user=django_user_model.objects.create(username="x"))
    paused = send_follow_ups()

    resume_all()
    send_follow_ups()

    assert paused.problem == "All follow-ups are paused."
    assert len(post.mails) == 1


def test_one_e_mail_in_so_many_days_whatever_it_is_about(post, follow_up, time_machine):
    visitor("ada@x.org")
    follow_up("A", subject="A")
    follow_up("B", subject="B", gap_days=7)

    first = send_follow_ups()
    time_machine.move_to(AFTER + timedelta(days=7, minutes=1))
    send_follow_ups()

    assert (first.sent, first.waiting) == (1, 1)
    assert [mail["Subject"] for _, mail in post.mails] == ["A", "B"]


def test_what_waited_too_long_is_left_out(post, follow_up, time_machine):
    visitor()
    follow_up(send_from="00:00", send_until="00:01")
    send_follow_ups()
    FollowUp.objects.update(send_until="23:59")
    time_machine.move_to(AFTER + timedelta(days=31))

    send_follow_ups()

    assert (post.mails, reasons()) == ([], ["Waited for longer than 30 days."])


def test_switching_off_and_on_again_never_mails_what_was_planned_before(
    post, follow_up, time_machine
):
    visitor()
    one = follow_up(send_from="00:00", send_until="00:01")
    send_follow_ups()
    FollowUp.objects.update(send_until="23:59")
    switch_off(follow_up=FollowUp.objects.get(pk=one.pk))
    switch_on(follow_up=one)

    send_follow_ups()

    assert (post.mails, reasons()) == ([], ["The follow-up was switched off."])


def test_a_name_cannot_add_a_header(post, follow_up):
    visitor("ada@x.org", first_name="Ada\nBcc: all@x.org")
    follow_up()

    send_follow_ups()

    ((_, mail),) = post.mails
    assert (mail["Subject"], mail["Bcc"]) == ("Thanks, Ada Bcc: all@x.org", None)


def test_no_address_is_logged(post, follow_up, caplog):
    visitor("ada@x.org")
    visitor("no@x.org")
    post.refuse["no@x.org"] = "550 no@x.org is unknown here"
    follow_up()

    with caplog.at_level("DEBUG"):
        send_follow_ups()

    assert "x.org" not in caplog.text


def test_handing_over_makes_the_audience_that_is_mirrored(follow_up, time_machine):
    person = visitor("ada@x.org")
    out = visitor("out@x.org", consent=Consent.OPTED_OUT)
    one = follow_up(carrier="hubspot", subject="", body="")

    outcome = send_follow_ups()

    audience = FollowUp.objects.get(pk=one.pk).audience
    assert (outcome.handed_over, outcome.left_out, outcome.sent) == (1, 1, 0)
    assert (audience.name, audience.is_mirrored) == ("Follow-up: Thanks", True)
    assert list(audience.members()) == [person]
    assert out.follow_up_messages.get().reason == "Has opted out of marketing."
    time_machine.move_to(AFTER + timedelta(days=31))
    assert list(audience.members()) == []


def test_messages_of_two_who_become_one_move_and_come_back(post, follow_up):
    show = a_show()
    ada, twin = visitor("ada@x.org", show=show), visitor("twin@x.org", show=show)
    other = make_customer("other@x.org", consent=Consent.OPTED_IN)
    book(other, a_show())
    follow_up()
    send_follow_ups()
    before = list(FollowUpMessage.objects.order_by("pk").values("pk", "customer", "state"))

    first = merge_customers(survivor=ada, merged=twin)
    second = merge_customers(survivor=ada, merged=other)
    merged = list(FollowUpMessage.objects.values_list("customer", flat=True))
    undo_merge(merge=second)
    undo_merge(merge=first)

    assert merged == [ada.pk]
    assert list(FollowUpMessage.objects.order_by("pk").values("pk", "customer", "state")) == before


def test_whoever_becomes_one_with_somebody_held_out_is_held_out(post, follow_up):
    ada, held = visitor("ada@x.org"), make_customer("held@x.org")
    absent = {"trigger": "absent", "days_absent": 1, "delay_hours": 0}
    one = follow_up(send_from="00:00", send_until="00:01", **absent)
    FollowUpMessage.objects.create(
        follow_up=one, customer=held, event=a_show(), triggered_at=AFTER, due_at=AFTER,
        state=MessageState.HELD_OUT, is_held_out=True,
    )  # fmt: skip
    send_follow_ups()
    FollowUp.objects.update(send_until="23:59")

    merge_customers(survivor=ada, merged=held)
    send_follow_ups()

    assert post.mails == []
    assert states() == [MessageState.HELD_OUT] * 2


class HoldoutsNeverGetMail(TestCase):
    """Whatever the shares are and however often they change."""

    @settings(max_examples=20)
    @given(st.lists(st.integers(0, 50), min_size=1, max_size=4), st.integers(1, 8))
    def test_a_holdout_never_gets_mail(self, shares, people):
        held_first, mailed, held_last = run_with_shares(shares, people)

        assert held_first.isdisjoint(mailed)
        assert held_first <= held_last
        assert mailed.isdisjoint(held_last)


def test_the_draw_is_even_and_stays():
    one = FollowUp(name="A", holdout_percent=20, salt="salt")
    drawn = {pk for pk in range(10_000) if is_drawn(one, pk)}

    one.holdout_percent = 30
    more = {pk for pk in range(10_000) if is_drawn(one, pk)}

    assert 1_880 < len(drawn) < 2_120
    assert drawn < more


@pytest.mark.needs_postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_message_once(post, follow_up):
    for number in range(12):
        visitor(f"p{number}@x.org")
    follow_up()

    def work():
        try:
            send_follow_ups()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(recipient for recipient, _ in post.mails) == sorted(
        f"p{number}@x.org" for number in range(12)
    )
