"""The inbox: every kind of matter, the reason in words, and what staff do about it."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customers.models import FollowUp, FollowUpMessage, MessageState, Outbox
from finance.models import LedgerCheck
from finance.resources import ExpenseResource
from integrations.inbox import act, count_by_kind, list_matters, waiting_count
from integrations.inbox.listing import PAGE
from integrations.inbox.sources import SOURCES
from integrations.models import (
    Conflict,
    ContactLink,
    DealLink,
    DealState,
    Delivery,
    DeliveryState,
    LinkState,
    MatchSuggestion,
    Operation,
    Outcome,
    Problem,
    RemoteWrite,
    SyncRun,
    System,
    WriteExclusion,
    WriteState,
)
from nova_project.imports.jobs import resource_path
from nova_project.imports.models import ImportJob, ImportState
from tests.factories import make_customer, make_deposit, make_event, make_paid_event
from tests.staff import user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def make_run(**fields) -> SyncRun:
    defaults = {"system": System.HUBSPOT, "command": "test", "outcome": Outcome.DONE}
    return SyncRun.objects.create(**defaults | {"started_at": timezone.now()} | fields)


def make_failed_write(number: int = 1, **fields) -> RemoteWrite:
    customer = make_customer(first_name="Ada", last_name=f"Failed {number}")
    defaults = {
        "run": make_run(),
        "operation": Operation.UPDATE,
        "customer": customer,
        "subject": f"customer {customer.pk}",
        "remote_id": f"9{number}",
        "after": {"phone": "1"},
        "state": WriteState.FAILED,
        "error": "HubSpot refuses phone: too short.",
    }
    return RemoteWrite.objects.create(**defaults | fields)


def make_problem(number: int = 1, **fields) -> Problem:
    defaults = {"run": make_run(), "system": System.HUBSPOT, "code": "unreadable"}
    told = {"record": f"contact {number}", "message": "It cannot be read."}
    return Problem.objects.create(**defaults | told | fields)


def make_suggestion(number: int = 1) -> ContactLink:
    customer = make_customer(first_name="Grace", last_name=f"Second {number}")
    return ContactLink.objects.create(
        hubspot_id=f"5{number}",
        customer=customer,
        state=LinkState.SUGGESTED,
        evidence="Both have one address.",
    )


def make_pair(number: int = 1) -> MatchSuggestion:
    one, two = make_customer(), make_customer()
    return MatchSuggestion.objects.create(
        pair=f"customers {number}",
        customer=one,
        other=two,
        rule="phone",
        evidence="Both have one number.",
        strength=90,
    )


def make_conflict(number: int = 1) -> Conflict:
    link = ContactLink.objects.create(
        hubspot_id=f"7{number}", customer=make_customer(last_name=f"Both {number}"), state="auto"
    )
    return Conflict.objects.create(
        link=link, field="phone", local_value="1", remote_value="2", base_value="0"
    )


def make_waiting_deal(number: int = 1) -> DealLink:
    return DealLink.objects.create(
        hubspot_id=f"8{number}",
        kind="expense",
        name=f"Sound hire {number}",
        state=DealState.WAITING,
        reason="It has no amount.",
    )


def make_failed_webhook(number: int = 1) -> Delivery:
    return Delivery.objects.create(
        system=System.HUBSPOT,
        action="contact.creation",
        object_type="contacts",
        object_id=f"9{number}",
        state=DeliveryState.FAILED,
        message="HubSpot is out of reach.",
    )


def make_silent_import(number: int = 1, **fields) -> ImportJob:
    job = ImportJob.objects.create(
        resource=resource_path(ExpenseResource),
        name=f"costs {number}.csv",
        state=ImportState.IMPORTING,
        rows_total=5_000,
        rows_done=1_200,
        **fields,
    )
    long_ago = timezone.now() - timedelta(minutes=5)
    ImportJob.objects.filter(pk=job.pk).update(created_at=long_ago, worked_at=long_ago)
    return job


def make_one_of_each(number: int = 1) -> None:
    make_failed_write(number)
    make_problem(number)
    make_suggestion(number)
    make_conflict(number)
    make_waiting_deal(number)
    make_silent_import(number)
    make_pair(number)
    make_pair(number + 100)


def make_stopped_follow_ups() -> None:
    """One that was refused, one of a killed run, and a run that could not send."""
    ada, then = (
        make_customer(first_name="Ada", last_name="Mail"),
        timezone.now() - timedelta(hours=1),
    )
    for state in (MessageState.FAILED, MessageState.SENDING):
        FollowUpMessage.objects.create(
            follow_up=FollowUp.objects.create(name=f"Thanks {state}", trigger="vip"),
            customer=ada,
            event=make_event(),
            state=state,
            reason="The mail server refuses the address (550)." if state == "failed" else "",
            triggered_at=then,
            due_at=then,
            claimed_at=then,
        )
    Outbox.objects.create(pk=1, problem="The mail server does not answer.")


def said(user: User, **options) -> dict[str, tuple[str, str]]:
    rows = list_matters(user, **options).rows
    return {row.source.kind: (row.record, row.reason) for row in rows}


def test_every_kind_stands_in_the_list_with_its_reason_in_words(root):
    make_one_of_each()
    make_run(system=System.EVENTBRITE, outcome=Outcome.FAILED, message="The token is wrong.")

    told = said(root)

    assert told == {
        "writes": ("Ada Failed 1", "HubSpot refuses phone: too short."),
        "problems": ("contact 1", "It cannot be read."),
        "suggestions": ("Grace Second 1", "HubSpot contact 51: Both have one address."),
        "conflicts": ("Ada Both 1", "Phone: Nova has “1”, HubSpot has “2”."),
        "deals": ("Sound hire 1", "It has no amount."),
        "imports": ("costs 1.csv", "Stopped at row 1200 of 5000."),
        "matches": (
            "Customers who may be one person",
            "2 pairs wait. The latest: Both have one number.",
        ),
        "runs": (f"eventbrite run {SyncRun.objects.first().pk}", "The token is wrong."),
    }
    assert waiting_count(root) == 8


def test_follow_ups_that_did_not_go_out_wait_with_what_can_be_done(root):
    make_stopped_follow_ups()

    told = said(root)
    retried = act(root, "retry", [row.key for row in list_matters(root).rows])
    again = FollowUpMessage.objects.get(state=MessageState.PLANNED)
    left = act(root, "dismiss", [row.key for row in list_matters(root).rows])

    assert told == {
        "follow-ups": ("Ada Mail: Thanks failed", "The mail server refuses the address (550)."),
        "follow-ups-unknown": (
            "Ada Mail: Thanks sending",
            "The run ended on the way: it is unknown whether it went out. It is not sent again.",
        ),
        "follow-up-run": ("Sending of follow-ups", "The mail server does not answer."),
    }
    assert retried == ["1 follow-up will be tried with the next run."]
    assert (again.follow_up.name, again.reason, again.tries) == ("Thanks failed", "", 0)
    assert left == ["1 follow-up dismissed. They are never sent again."]
    assert list(said(root)) == ["follow-up-run"]
    assert FollowUpMessage.objects.filter(state=MessageState.SENDING).exists()


def test_what_is_settled_waits_no_more(root):
    make_problem(resolved_at=timezone.now())
    make_failed_write(dismissed_at=timezone.now())
    failed = make_failed_write(2)
    make_failed_write(3, subject=failed.subject, customer=failed.customer, state="applied")
    make_run(outcome=Outcome.FAILED)
    make_run()
    ImportJob.objects.create(
        resource=resource_path(ExpenseResource), name="new.csv", state=ImportState.IMPORTING
    )

    assert list_matters(root).rows == []
    assert waiting_count(root) == 0


def test_a_failed_write_is_listed_once_though_a_problem_tells_of_it_too(root):
    write = make_failed_write()
    make_problem(code="refused", record=f"contact {write.remote_id}", message=write.error)

    assert count_by_kind(root) == {"writes": 1}


@pytest.mark.parametrize("kind", [source.kind for source in SOURCES])
def test_each_kind_is_filtered_for(root, kind):
    make_one_of_each()
    make_run(outcome=Outcome.FAILED)

    rows = list_matters(root, kind=kind).rows

    assert {row.source.kind for row in rows} <= {kind}


def test_words_are_looked_for_in_record_and_reason(root):
    make_one_of_each(1)
    make_one_of_each(2)

    assert said(root, search="failed 2") == {
        "writes": ("Ada Failed 2", "HubSpot refuses phone: too short.")
    }
    assert list_matters(root, search="TOO SHORT").total == 2
    assert list_matters(root, search="nothing like it").rows == []


def test_the_list_has_pages(root):
    run = make_run()
    for number in range(PAGE + 3):
        make_problem(number, run=run)

    first, second, beyond = (list_matters(root, page=page) for page in (1, 2, 9))

    assert (len(first.rows), len(second.rows), first.pages) == (PAGE, 3, 2)
    assert beyond.rows == second.rows


def test_a_page_takes_as_many_queries_for_many_matters_as_for_few(root):
    client = client_of(root)

    def measure() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("inbox"))
        return len(queries)

    make_one_of_each(1)
    measure()
    few = measure()
    for number in range(2, 8):
        make_one_of_each(number)

    assert measure() == few


def test_a_dismissed_problem_is_gone(root):
    problem = make_problem()

    told = act(root, "dismiss", [f"problems:{problem.pk}"])

    assert told == ["1 problem dismissed. What is still wrong comes up again with the next run."]
    assert waiting_count(root) == 0


def test_a_failed_write_is_dismissed_and_its_problem_with_it(root):
    write = make_failed_write()
    make_problem(code="refused", record=f"contact {write.remote_id}")

    act(root, "dismiss", [f"writes:{write.pk}"])

    assert waiting_count(root) == 0
    assert not Problem.objects.open().exists()


def test_a_failed_write_is_never_written_again(root):
    write = make_failed_write()

    told = act(root, "never", [f"writes:{write.pk}"])

    assert told == ["1 record will never be written again."]
    rule = WriteExclusion.objects.get()
    assert (rule.subject, rule.field, rule.decided_by) == (write.subject, "", root)
    assert waiting_count(root) == 0


def test_suggestions_are_confirmed_and_rejected(root):
    first, second = make_suggestion(1), make_suggestion(2)

    act(root, "confirm", [f"suggestions:{first.pk}"])
    act(root, "never", [f"suggestions:{second.pk}"])

    states = dict(ContactLink.objects.values_list("pk", "state"))
    assert states == {first.pk: LinkState.CONFIRMED, second.pk: LinkState.REJECTED}


def test_an_interrupted_import_is_cancelled(root):
    job = make_silent_import()

    act(root, "dismiss", [f"imports:{job.pk}"])

    job.refresh_from_db()
    assert job.state == ImportState.CANCELLED


def test_one_press_does_an_action_to_lines_of_several_kinds(root):
    write, problem = make_failed_write(), make_problem()
    client = client_of(root)
    chosen = [f"writes:{write.pk}", f"problems:{problem.pk}", "odd", "problems:x", "none:1"]

    response = client.post(reverse("inbox"), {"do": "dismiss", "matter": chosen}, follow=True)

    assert "1 failed write dismissed" in response.text
    assert "1 problem dismissed" in response.text
    assert "Nothing waits for anybody." in response.text


def test_a_press_that_does_nothing_says_so(root):
    response = client_of(root).post(reverse("inbox"), {"do": "dismiss"}, follow=True)

    assert "Nothing was done." in response.text


def test_each_role_sees_and_does_what_it_may(db):
    write, problem = make_failed_write(), make_problem()
    finance, box_office = user_of("Finance"), user_of("Box office")

    told = act(finance, "dismiss", [f"problems:{problem.pk}", f"writes:{write.pk}"])

    assert told == []
    assert count_by_kind(finance) == {"problems": 1}
    assert act(box_office, "dismiss", [f"problems:{problem.pk}"]) != []
    assert act(box_office, "dismiss", [f"writes:{write.pk}"]) == []
    assert count_by_kind(user_of("Marketing")) == {"writes": 1}


def test_the_inbox_shows_a_bookkeeper_no_conflict_about_a_person(root):
    make_conflict()

    assert count_by_kind(root) == {"conflicts": 1}
    assert count_by_kind(user_of("Finance")) == {}


def test_an_import_is_shown_to_whoever_uploaded_it(root):
    finance = user_of("Finance")
    make_silent_import(1, user=finance)
    make_silent_import(2)

    assert [row.record for row in list_matters(finance).rows] == ["costs 1.csv"]
    assert list_matters(root).total == 2


def test_a_failed_webhook_is_processed_again_or_dismissed(root):
    again, never = make_failed_webhook(1), make_failed_webhook(2)
    shown = said(root, search="contact.creation 91")

    told = act(root, "retry", [f"webhooks:{again.pk}"])
    told += act(root, "dismiss", [f"webhooks:{never.pk}"])

    assert shown == {"webhooks": ("hubspot contact.creation 91", "HubSpot is out of reach.")}
    assert told == ["1 webhook will be processed again.", "1 webhook dismissed."]
    states = Delivery.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [DeliveryState.RECEIVED, DeliveryState.IGNORED]
    assert count_by_kind(root) == {}


def test_every_line_leads_to_a_page_that_answers(root):
    make_one_of_each()
    make_failed_webhook()
    make_run(outcome=Outcome.FAILED)
    now = timezone.now()
    LedgerCheck.objects.create(started_at=now, finished_at=now, difference_count=1)
    make_paid_event("100.00")
    make_deposit("7.00")
    make_stopped_follow_ups()
    client = client_of(root)

    rows = [row for row in list_matters(root).rows if row.url]
    statuses = {row.source.kind: client.get(row.url).status_code for row in rows}

    assert len(statuses) >= len(SOURCES) - 1
    assert statuses == dict.fromkeys(statuses, 200)


def test_who_is_not_staff_is_asked_to_log_in(client):
    response = client.get(reverse("inbox"))

    assert response.status_code == 302
    assert "login" in response["Location"]


def test_days_and_amounts_of_money_that_waits_are_written_as_everywhere(root):
    make_deposit("5419.30", booked_on=date(2026, 3, 14), description="PAYOUT 2026-03-14")

    assert said(root, kind="deposits") == {
        "deposits": ("PAYOUT 2026-03-14", "Booked on 14 Mar 2026, without a show: €5,419.30.")
    }
