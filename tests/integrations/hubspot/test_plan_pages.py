"""The pages of the plan, of a run and of an undo: who may, what they say, what they do."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations import runs
from integrations.errors import Busy
from integrations.models import (
    Outcome,
    RemoteWrite,
    SyncRun,
    System,
    WriteExclusion,
    WriteState,
)
from integrations.tasks import tend_runs, work_run
from nova_project.lock import exclusive
from tests.factories import make_buyer
from tests.staff import client_of

PLAN = "hubspot-plan"


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def staff(root) -> Client:
    client = Client()
    client.force_login(root)
    return client


@pytest.fixture
def review(settings, sync):
    """Makes a plan in mode “review”."""
    settings.HUBSPOT_WRITE_MODE = "review"
    return sync


def decide(staff: Client, do: str, query: str = "", **data):
    return staff.post(f"{reverse(PLAN)}{query}", {"do": do} | data, follow=True)


def states() -> list[str]:
    return sorted(RemoteWrite.objects.open().values_list("state", flat=True))


def work_waiting() -> SyncRun:
    """Does what a worker would."""
    (pk,) = runs.waiting_runs()
    return runs.work(pk)


def test_an_empty_plan_says_what_to_do(staff):
    text = staff.get(reverse(PLAN)).text

    assert "No plan has been made yet." in text
    assert "Make a plan: it reads HubSpot, compares, and writes nothing." in text


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("off", "To let staff apply plans here, set it to “review” and restart Nova."),
        ("review", "Nothing is written unless you say so."),
        ("auto", "Scheduled runs write by themselves."),
    ],
)
def test_the_page_says_what_the_write_mode_means(staff, settings, mode, words):
    settings.HUBSPOT_WRITE_MODE = mode

    assert words in staff.get(reverse(PLAN)).text


def test_an_unknown_write_mode_breaks_no_page(staff, settings):
    settings.HUBSPOT_WRITE_MODE = "on"

    response = staff.get(reverse(PLAN))

    assert response.status_code == 200
    assert "“on” is unknown" in response.text


def test_the_page_shows_each_write_in_words_and_what_is_final(world, review, staff):
    make_buyer("new@x.org", first_name="Ada", last_name="Byron")
    make_buyer("known@x.org", first_name="Bob", last_name="Hope")
    world.add_contact("known@x.org", nova_total_spend="5")
    review()

    text = staff.get(reverse(PLAN)).text

    for words in ("Ada Byron", "Bob Hope", "Create contacts", "Change contacts", "Total spend"):
        assert words in text
    assert "<del>5</del> → <ins>20</ins>" in text
    assert "1 new contact planned or approved; one run may create" in text
    assert "Nova never deletes in HubSpot" in text


def test_a_group_is_approved_and_another_rejected(world, review, staff):
    for number in range(2):
        make_buyer(f"new{number}@x.org")
    make_buyer("known@x.org")
    world.add_contact("known@x.org")
    review()
    new, known = (RemoteWrite.objects.filter(operation=o).first() for o in ("create", "update"))

    approved = decide(staff, "approve groups", group=[new.pk])
    decide(staff, "reject groups", group=[known.pk])

    assert "2 writes approved." in approved.text
    assert states() == ["approved", "approved", "rejected"]


def test_rows_and_all_that_a_filter_finds_are_decided_on(review, staff):
    ada, _ = make_buyer("ada@x.org"), make_buyer("bob@x.org")
    make_buyer("eve@x.org")
    review()
    row = RemoteWrite.objects.get(customer=ada)

    decide(staff, "reject rows", write=[row.pk])
    found = decide(staff, "approve all", "?q=bob")
    decide(staff, "reopen rows", write=[row.pk])

    assert "1 write approved." in found.text
    assert states() == ["approved", "planned", "planned"]


def test_a_press_without_a_choice_changes_nothing_and_says_so(review, staff):
    make_buyer("ada@x.org")
    review()

    text = decide(staff, "approve rows").text

    assert "Nothing changed. Tick what you mean first." in text
    assert states() == ["planned"]


def test_never_again_asks_for_which_fields(review, staff, root):
    ada = make_buyer("ada@x.org", first_name="Ada", last_name="Byron", phone="1")
    review()
    row = RemoteWrite.objects.get()

    asked = decide(staff, "never rows", write=[row.pk])
    nothing = staff.post(reverse("hubspot-plan-never"), {"write": row.pk}, follow=True)
    done = staff.post(
        reverse("hubspot-plan-never"), {"write": row.pk, "field": "phone"}, follow=True
    )

    assert "Ada Byron" in asked.text
    assert "Phone number" in asked.text
    assert "Nothing was chosen" in nothing.text
    assert "Nova never writes Phone number of 1 record again." in done.text
    rule = WriteExclusion.objects.get()
    assert (rule.customer, rule.field, rule.decided_by) == (ada, "phone", root)
    assert "phone" not in RemoteWrite.objects.get().after


def test_a_standing_no_is_deleted_in_its_list(review, staff):
    make_buyer("ada@x.org")
    review()
    row = RemoteWrite.objects.get()
    staff.post(reverse("hubspot-plan-never"), {"write": row.pk, "whole": "1"})
    rule = WriteExclusion.objects.get()

    page = reverse("admin:integrations_writeexclusion_delete", args=[rule.pk])
    staff.post(page, {"post": "yes"})
    review()

    assert not WriteExclusion.objects.exists()
    assert states() == ["planned"]


def test_from_a_plan_to_results_and_back(world, portal, review, staff, settings):
    make_buyer("known@x.org", first_name="Bob", last_name="Hope")
    world.add_contact("known@x.org")
    make_buyer("new@x.org")
    settings.HUBSPOT_WRITE_MODE = "review"

    made = staff.post(reverse("hubspot-plan-make"), follow=True)
    work_waiting()
    decide(staff, "approve all")
    staff.post(reverse("hubspot-plan-apply"))
    applied = work_waiting()
    results = staff.get(reverse("hubspot-run", args=[applied.pk]))
    before = staff.get(reverse("hubspot-undo", args=[applied.pk]))
    staff.post(reverse("hubspot-undo", args=[applied.pk]))
    undone = work_waiting()
    after = staff.get(reverse("hubspot-run", args=[undone.pk]))
    again = staff.get(reverse("hubspot-undo", args=[applied.pk]))

    assert "Waiting for a worker to take it up." in made.text
    assert applied.outcome == Outcome.DONE
    assert "1 record that this run created" in results.text
    assert "1 record becomes what it was before this run." in before.text
    assert "1 record that this run created" in before.text
    assert f"Undo of run {applied.pk}: 1 record restored." in after.text
    assert "1 record that this run created" in after.text
    assert "This run is undone already." in again.text
    known = world.dump("contacts")[0]["properties"]
    assert not known.get("nova_total_spend")
    assert len(world.dump("contacts")) == 2


def test_where_no_worker_answers_the_page_does_it(world, review, staff):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    staff.post(reverse("hubspot-plan-make"))
    (pk,) = runs.waiting_runs()

    text = staff.post(reverse("hubspot-run-here", args=[pk]), follow=True).text

    assert SyncRun.objects.get(pk=pk).outcome == Outcome.DONE
    assert "1 contact differs from Nova. Nothing was written to HubSpot." in text
    assert states() == ["planned"]


def test_a_run_that_waits_is_cancelled_and_makes_room(review, staff):
    staff.post(reverse("hubspot-plan-make"))
    (pk,) = runs.waiting_runs()

    refused = staff.post(reverse("hubspot-plan-make"), follow=True)
    staff.post(reverse("hubspot-run-cancel", args=[pk]))
    staff.post(reverse("hubspot-plan-make"))

    assert f"HubSpot run {pk} (sync_hubspot --dry-run) waits to start." in refused.text
    assert SyncRun.objects.get(pk=pk).message == "Cancelled before it began."
    assert len(runs.waiting_runs()) == 1


def test_while_another_run_holds_the_system_this_one_waits(review, staff):
    staff.post(reverse("hubspot-plan-make"))
    (pk,) = runs.waiting_runs()

    with exclusive("sync-hubspot") as is_mine:
        told = staff.post(reverse("hubspot-run-here", args=[pk]), follow=True).text
        with pytest.raises(Busy):
            runs.work(pk)

    assert is_mine
    assert "Another HubSpot run is under way." in told
    assert runs.waiting_runs() == [pk]


def test_a_worker_does_it_and_the_sweep_finds_what_was_lost(review, staff):
    staff.post(reverse("hubspot-plan-make"))
    (first,) = runs.waiting_runs()
    work_run(first)
    staff.post(reverse("hubspot-plan-make"))
    (second,) = runs.waiting_runs()
    tend_runs()

    outcomes = dict(SyncRun.objects.values_list("pk", "outcome"))
    assert (outcomes[first], outcomes[second]) == (Outcome.DONE, Outcome.DONE)


def test_applying_while_writing_is_off_fails_with_the_reason(review, staff, settings):
    make_buyer("ada@x.org")
    review()
    decide(staff, "approve all")
    settings.HUBSPOT_WRITE_MODE = "off"

    page = staff.get(reverse(PLAN)).text
    staff.post(reverse("hubspot-plan-apply"))
    run = work_waiting()

    assert "approved to HubSpot</button>" not in page
    assert run.outcome == Outcome.FAILED
    assert run.message.startswith("Nothing of the plan was written: HUBSPOT_WRITE_MODE is “off”.")


def test_over_the_limit_nothing_can_be_applied_and_the_page_says_what_to_do(
    review, staff, settings
):
    settings.HUBSPOT_MAX_NEW_CONTACTS = 1
    make_buyer("ada@x.org")
    make_buyer("bob@x.org")
    review()

    decide(staff, "approve all")
    text = staff.get(reverse(PLAN)).text

    assert "2 are approved, so a run would stop before its first write:" in text
    assert "disabled>Write 2 approved to HubSpot" in text


def test_progress_is_told_as_json(review, staff):
    staff.post(reverse("hubspot-plan-make"))
    (pk,) = runs.waiting_runs()

    told = staff.get(reverse("hubspot-run-progress", args=[pk])).json()

    assert told == {
        "outcome": "waiting",
        "words": "Waiting for a worker to take it up.",
        "done": 0,
        "total": 0,
    }


def test_marketing_decides_and_others_do_not_see_the_plan(review):
    make_buyer("ada@x.org")
    review()
    row = RemoteWrite.objects.get()
    marketing, finance = client_of("Marketing"), client_of("Finance")

    assert marketing.get(reverse(PLAN)).status_code == 200
    assert decide(marketing, "approve rows", write=[row.pk]).status_code == 200
    assert states() == ["approved"]
    assert finance.get(reverse(PLAN)).status_code == 403


def test_who_may_only_look_sees_no_button_and_cannot_act(review):
    make_buyer("ada@x.org")
    log = review()
    client = client_of("Marketing")
    group = Group.objects.get(name="Marketing")
    group.permissions.remove(group.permissions.get(codename="apply_remotewrite"))
    run = SyncRun.objects.get(pk=log.run.pk)

    text = client.get(reverse(PLAN)).text
    statuses = [
        client.post(reverse(PLAN), {"do": "approve all"}).status_code,
        *(
            client.post(reverse(f"hubspot-plan-{name}")).status_code
            for name in ("make", "apply", "never")
        ),
        client.get(reverse("hubspot-undo", args=[run.pk])).status_code,
        client.post(reverse("hubspot-run-here", args=[run.pk])).status_code,
    ]

    assert "You may look at the plan." in text
    assert "Make a plan now" not in text
    assert statuses == [403] * 6
    assert states() == ["planned"]


def test_a_run_of_another_system_has_no_such_page(staff):
    run = SyncRun.objects.create(
        system=System.EVENTBRITE, command="x", started_at="2026-01-01T00:00:00Z"
    )

    assert staff.get(reverse("hubspot-run", args=[run.pk])).status_code == 404


def test_the_page_of_a_run_leads_to_its_undo(world, sync, staff):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    log = sync()

    text = staff.get(reverse("admin:integrations_syncrun_change", args=[log.run.pk])).text

    assert "Taking it back" in text
    assert reverse("hubspot-undo", args=[log.run.pk]) in text


def test_the_plan_takes_as_many_queries_for_many_rows_as_for_few(review, staff):
    def measure() -> int:
        review()
        staff.get(reverse(PLAN))
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(reverse(PLAN)).status_code == 200
        return len(queries)

    make_buyer("a@x.org")
    few = measure()
    for number in range(20):
        make_buyer(f"p{number}@x.org", events=1 + number % 3)

    assert measure() == few
    assert RemoteWrite.objects.filter(state=WriteState.PLANNED).count() == 21
