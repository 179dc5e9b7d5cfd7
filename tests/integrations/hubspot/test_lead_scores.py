"""Lead scores go to HubSpot where that is switched on, and only when they move by a step."""

import pytest

from customers.models import Customer
from integrations.hubspot.mapping import Contact, Figures, changes
from integrations.hubspot.setup import set_up
from integrations.models import RemoteWrite
from tests.factories import make_customer


def figures(score, band="warm"):
    return Figures(0, 0, 0, None, None, "lead", score, band)


@pytest.mark.parametrize(
    ("score", "written"), [(0, "0"), (2, "0"), (3, "5"), (12, "10"), (13, "15"), (100, "100")]
)
def test_a_score_is_written_in_steps_of_five(score, written):
    assert changes(figures(score), {}) == {"nova_lead_score": written, "nova_lead_band": "Warm"}


def test_a_score_that_moves_within_its_step_is_no_difference():
    held = Contact.from_api(
        {"id": "1", "properties": {"nova_lead_score": "15.0", "nova_lead_band": "Warm"}}
    )

    assert changes(figures(17), held.values) == {}
    assert changes(figures(18), held.values) == {"nova_lead_score": "20"}
    assert changes(figures(15, "hot"), held.values) == {"nova_lead_band": "Hot"}


def test_who_has_no_score_keeps_what_hubspot_holds():
    held = {"nova_lead_score": "15", "nova_lead_band": "Warm"}

    assert changes(figures(None, ""), held) == {}


@pytest.fixture
def scored(db, world):
    person = make_customer("ada@x.org", first_name="", last_name="")
    world.add_contact("ada@x.org")
    Customer.objects.filter(pk=person.pk).update(lead_score=42, lead_band="hot")
    return person


def test_without_the_switch_nothing_of_scores_is_written(scored, sync):
    sync(dry_run=True)

    assert not RemoteWrite.objects.exists()


def test_with_the_switch_scores_are_set_up_and_written_once(scored, world, sync, client, settings):
    settings.HUBSPOT_LEAD_SCORES = True

    made, left = set_up(client)
    first, second = sync(apply=True), sync(apply=True, full=True)

    assert [gap.name for gap in made] == [
        "contact property nova_lead_score",
        "contact property nova_lead_band",
    ]
    assert left == []
    [contact] = world.dump("contacts")
    held = contact["properties"]
    assert (held["nova_lead_score"], held["nova_lead_band"]) == ("40", "Hot")
    assert RemoteWrite.objects.get().reason == "Differs from Nova: lead score, lead band."
    assert (first.run.write_count, second.run.write_count) == (1, 0)
