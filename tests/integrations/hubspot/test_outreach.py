"""Lists, events and campaigns of one run, in both versions of HubSpot's API."""

import pytest

from customers.models import Audience, Campaign, CampaignEmailStats
from integrations.http import Meter
from integrations.hubspot.outreach import set_up_outreach
from integrations.hubspot.sync import connect
from integrations.hubspot.versions import VERSIONS
from tests.factories import make_buyer


@pytest.mark.parametrize("version", VERSIONS)
def test_lists_events_and_campaigns_follow_in_either_version(
    world, portal, sync, settings, version
):
    portal.limits.use_tier("enterprise")
    settings.HUBSPOT_API_VERSION, settings.HUBSPOT_EVENTS = version, "2026-01-01"
    Audience.objects.filter(name="Repeat customers").update(is_mirrored=True)
    make_buyer("ada@x.org", events=2)
    world.add_email("May", campaign=world.add_campaign("Newsletter"), sent=9)
    defined, missing, resting = set_up_outreach(connect(Meter()), may_write=True)

    sync()
    again = sync(full=True)

    assert (len(defined), missing, resting) == (2, [], [])
    assert [len(row["_members"]) for row in world.dump("lists")] == [1]
    assert len(world.dump("event_occurrences")) == 4
    assert (Campaign.objects.count(), CampaignEmailStats.objects.get().sent) == (1, 9)
    assert again.meter.writes == 0
