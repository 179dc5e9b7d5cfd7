"""Pulls events, orders and seats from Eventbrite."""

from integrations.commands import SyncCommand
from integrations.eventbrite.pull import pull_eventbrite


class Command(SyncCommand):
    help = "Reads from Eventbrite what changed since the last run."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--full", action="store_true", help="Read everything again, not only what changed."
        )

    def handle(self, *args, **options):
        is_full = options["full"]
        self.synchronise(
            lambda listener: pull_eventbrite(
                command="sync_eventbrite --full" if is_full else "sync_eventbrite",
                is_full=is_full,
                listener=listener,
            ),
            title="Eventbrite",
            options=options,
        )
