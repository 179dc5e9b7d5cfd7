"""Creates in HubSpot what Nova writes to, or says what is missing."""

from django.core.management.base import CommandError

from integrations.errors import SyncError
from integrations.http import Meter
from integrations.hubspot.outreach import set_up_outreach
from integrations.hubspot.setup import find_gaps, set_up
from integrations.hubspot.sync import connect, write_mode
from nova_project.commands import NovaCommand

_OFF = (
    "Nothing was created: HUBSPOT_WRITE_MODE is “off”. Set it to “review” or “auto” and run "
    "setup_hubspot again."
)


class Command(NovaCommand):
    help = "Creates the property group and the properties that Nova writes to in HubSpot."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--check", action="store_true", help="Only say what is missing; write nothing."
        )

    def handle(self, *args, **options):
        meter = Meter()
        try:
            may_write = write_mode() != "off" and not options["check"]
            client = connect(meter)
            mended, left = set_up(client) if may_write else ([], find_gaps(client))
            defined, undefined, resting = set_up_outreach(client, may_write=may_write)
        except SyncError as error:
            raise CommandError(str(error)) from error
        result = {
            "created": [*(gap.name for gap in mended), *defined],
            "missing": [*(gap.text for gap in left), *undefined],
            "left out": resting,
            "requests": meter.requests,
            "writes": meter.writes,
        }
        self.report(result, title="HubSpot set-up", as_json=options["json"])
        if left or undefined:
            is_off = not options["check"] and not may_write
            raise CommandError(_OFF if is_off else "HubSpot is not ready for Nova yet.")
