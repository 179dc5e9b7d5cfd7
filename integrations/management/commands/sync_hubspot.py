"""Keeps HubSpot's contacts and Nova's customers in step."""

from django.core.management.base import CommandError

from integrations.commands import SyncCommand
from integrations.hubspot.options import SyncOptions
from integrations.hubspot.sync import sync_with_hubspot


class Command(SyncCommand):
    help = "Reads contacts from HubSpot, plans what to write there, and writes it if allowed."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--pull-only", action="store_true", help="Read, and nothing else.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Read and plan; write nothing to HubSpot."
        )
        parser.add_argument(
            "--apply", action="store_true", help="Write the plan (HUBSPOT_WRITE_MODE review, auto)."
        )
        parser.add_argument(
            "--full", action="store_true", help="Read and compare everybody, not only changes."
        )

    def handle(self, *args, **options):
        flags = {name: options[name] for name in ("pull_only", "dry_run", "apply", "full")}
        try:
            asked = SyncOptions(**flags)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        self.synchronise(
            lambda listener: sync_with_hubspot(command=asked.command, listener=listener, **flags),
            title="HubSpot",
            options=options,
        )
