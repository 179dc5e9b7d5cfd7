"""What staff decide about a plan holds: over the next plan, over an apply, until values change."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from customers.models import Customer
from integrations.errors import Misconfigured
from integrations.hubspot.decisions import (
    allow_again,
    approve,
    dismiss,
    never_write,
    reject,
    reopen,
    try_again,
)
from integrations.hubspot.plans import Filters, in_groups, standing
from integrations.hubspot.sync import apply_approved
from integrations.hubspot.undo import undo_run
from integrations.models import Problem, RemoteWrite, WriteExclusion, WriteState
from tests.factories import make_buyer

UPSERT = "POST /crm/v3/objects/{type}/batch/upsert"


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def reviewed(settings, sync):
    """A plan of one contact to change and one to create, in mode “review”."""
    settings.HUBSPOT_WRITE_MODE = "review"
    return sync


def spend(customer, amount):
    Customer.objects.filter(pk=customer.pk).update(is_rollup_due=True)
    customer.orders.update(gross=Decimal(amount), gross_paid=Decimal(amount))


def addresses(world):
    return sorted(row["properties"]["email"] for row in world.dump("contacts"))


def of(customer):
    return RemoteWrite.objects.open().filter(customer=customer)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("decide", "state"), [(approve, WriteState.APPROVED), (reject, WriteState.REJECTED)]
)
def test_a_decision_holds_over_a_new_plan_with_the_same_values(
    world, reviewed, root, decide, state, full
):
    known, new = make_buyer("known@x.org"), make_buyer("new@x.org")
    world.add_contact("known@x.org")
    reviewed()
    decide(RemoteWrite.objects.all(), user=root)

    reviewed(full=full)

    for customer in (known, new):
        write = of(customer).get()
        assert (write.state, write.decided_by) == (state, root)
        assert write.decided_at is not None


def test_a_decision_is_over_when_the_values_are_others(world, reviewed, root):
    customer = make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    reviewed()
    reject(RemoteWrite.objects.all(), user=root)
    spend(customer, 50)

    reviewed()

    write = of(customer).get()
    assert (write.state, write.after["nova_total_spend"]) == (WriteState.PLANNED, "50")


def test_a_rejected_write_stays_out_of_an_apply_of_everything(world, reviewed, root):
    no, _ = make_buyer("no@x.org"), make_buyer("yes@x.org")
    reviewed()
    reject(RemoteWrite.objects.filter(customer=no), user=root)

    reviewed(apply=True)

    assert addresses(world) == ["yes@x.org"]
    assert of(no).get().state == WriteState.REJECTED


def test_only_what_is_approved_is_applied_from_the_admin(world, reviewed, root, patience):
    yes, no = make_buyer("yes@x.org"), make_buyer("other@x.org")
    reviewed()
    approve(RemoteWrite.objects.filter(customer=yes), user=root)

    log = apply_approved(command="test", patience=patience)

    assert addresses(world) == ["yes@x.org"]
    assert of(no).get().state == WriteState.PLANNED
    assert RemoteWrite.objects.get(customer=yes).state == WriteState.APPLIED
    assert log.run.outcome == "done"


def test_with_nothing_approved_no_request_is_made(portal, reviewed, patience):
    make_buyer("ada@x.org")
    reviewed()
    portal.stats.reset()

    log = apply_approved(command="test", patience=patience)

    assert portal.stats.total == 0
    assert log.run.message == "Nothing was approved, so nothing was written."


def test_too_many_approved_new_contacts_stop_before_the_first_write(
    portal, reviewed, root, patience, settings
):
    settings.HUBSPOT_MAX_NEW_CONTACTS = 1
    make_buyer("ada@x.org")
    make_buyer("bob@x.org")
    reviewed()
    approve(RemoteWrite.objects.all(), user=root)
    portal.stats.reset()

    with pytest.raises(Misconfigured, match="would create 2 contacts"):
        apply_approved(command="test", patience=patience)

    assert portal.stats.writes == 0
    assert standing().is_over_limit is True


def test_a_decision_is_taken_back(reviewed, root):
    customer = make_buyer("ada@x.org")
    reviewed()
    reject(of(customer), user=root)

    reopen(of(customer), user=root)
    reviewed()

    assert of(customer).get().state == WriteState.PLANNED


def test_a_hold_is_lifted_by_approving(world, reviewed, root, patience):
    customer = make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    log = reviewed(apply=True)
    undo_run(run_id=log.run.pk, command="test", patience=patience)
    reviewed()
    held = of(customer).get().state

    approve(of(customer), user=root)
    reviewed()
    apply_approved(command="test", patience=patience)

    assert held == WriteState.HELD
    assert world.dump("contacts")[0]["properties"]["nova_total_spend"] == "20"
    assert not RemoteWrite.objects.filter(is_held=True).exists()


def test_a_field_is_never_written_again_and_the_others_are(world, reviewed, root):
    customer = make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    reviewed()

    never_write(of(customer), user=root, fields=["nova_total_spend"])
    reviewed()
    planned = of(customer).get().after
    reviewed(apply=True)
    log = reviewed(full=True)

    assert "nova_total_spend" not in planned
    properties = world.dump("contacts")[0]["properties"]
    assert not properties.get("nova_total_spend")
    assert properties["nova_customer_type"] == "New"
    assert not RemoteWrite.objects.open().exists()
    assert log.meter.writes == 0


@pytest.mark.parametrize("is_known", [False, True])
def test_a_record_is_never_written_again_until_staff_allow_it(world, reviewed, root, is_known):
    customer = make_buyer("ada@x.org")
    if is_known:
        world.add_contact("ada@x.org")
    reviewed()
    never_write(of(customer), user=root)

    reviewed(apply=True)
    left_out = not of(customer).exists()
    allow_again(list(WriteExclusion.objects.all()))
    reviewed()

    assert left_out
    assert of(customer).get().state == WriteState.PLANNED


def test_a_failed_write_is_tried_again_when_staff_ask(portal, sync, root):
    make_buyer("bad@ümlaut.org")
    sync()
    portal.stats.reset()

    number = try_again(RemoteWrite.objects.refused())
    sync()

    assert number == 1
    assert portal.stats.by_route[UPSERT] == 1


def test_a_dismissed_failure_is_told_no_more(portal, sync):
    make_buyer("bad@ümlaut.org")
    sync()
    portal.stats.reset()

    dismiss(RemoteWrite.objects.refused())
    sync()

    assert portal.stats.by_route[UPSERT] == 0
    assert not Problem.objects.open().exists()
    assert not RemoteWrite.objects.refused().exists()


def test_the_plan_is_told_by_kind_and_reason(world, reviewed, root):
    for number in range(3):
        make_buyer(f"new{number}@x.org")
    make_buyer("known@x.org")
    world.add_contact("known@x.org")
    reviewed()
    approve(RemoteWrite.objects.filter(operation="update"), user=root)

    told = standing()

    assert [(g.label, g.total) for g in told.groups] == [
        ("Create contacts", 3),
        ("Change contacts", 1),
    ]
    assert told.new_contacts(WriteState.PLANNED) == 3
    assert told.count(WriteState.APPROVED) == 1
    assert told.final(WriteState.PLANNED) == [
        "3 contacts would be created. Nova never deletes in HubSpot, so an undo leaves them there."
    ]
    assert in_groups([told.groups[0].key]).count() == 3


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, {"ada", "bob", "eve"}),
        ({"kind": "contacts:create"}, {"ada", "bob"}),
        ({"kind": "contacts:update"}, {"eve"}),
        ({"field": "phone"}, {"bob"}),
        ({"field": "nova_tags", "q": "Byron"}, {"ada"}),
        ({"q": "bob@x"}, {"bob"}),
        ({"q": "ada byron"}, {"ada"}),
        ({"state": "approved"}, set()),
        ({"state": "planned"}, {"ada", "bob", "eve"}),
        ({"state": "odd"}, {"ada", "bob", "eve"}),
        ({"reason": "none such"}, set()),
    ],
)
def test_the_plan_is_filtered(world, reviewed, given, found):
    make_buyer("ada@x.org", first_name="Ada", last_name="Byron")
    make_buyer("bob@x.org", phone="+49 1")
    make_buyer("eve@x.org")
    world.add_contact("eve@x.org")
    reviewed()

    writes = Filters.of(given).narrow(RemoteWrite.objects.open())

    assert {w.customer.email.partition("@")[0] for w in writes} == found
