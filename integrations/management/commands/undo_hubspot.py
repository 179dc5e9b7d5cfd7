"""Takes back what a run wrote to HubSpot."""

from integrations.commands import SyncCommand
from integrations.hubspot.undo import undo_run


class Command(SyncCommand):
    help = "Restores the values that a run wrote over in HubSpot and that nobody changed since."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("run", type=int, help="The number of the run, as “Sync runs” has it.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Only say what would be restored."
        )

    def handle(self, *args, **options):
        flag = " --dry-run" if options["dry_run"] else ""
        self.synchronise(
            lambda listener: undo_run(
                run_id=options["run"],
                command=f"undo_hubspot {options['run']}{flag}",
                dry_run=options["dry_run"],
                listener=listener,
            ),
            title="Undo",
            options=options,
        )
