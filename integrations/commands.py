"""What the commands that synchronise share: progress bars, a table or JSON, one line of trouble."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError

from integrations.errors import SyncError
from integrations.sync import Listener, RunLog, summary
from nova_project.commands import NovaCommand


class SyncCommand(NovaCommand):
    """Runs one synchronisation. Exit status 1 with the reason where the other system fails it."""

    def synchronise(
        self, sync: Callable[[Listener], RunLog], *, title: str, options: dict[str, Any]
    ) -> None:
        """Calls `sync` with a listener for its progress, then prints what the run did."""
        try:
            with self.progress(is_quiet=options["json"] or options["verbosity"] == 0) as listener:
                log = sync(listener)
        except SyncError as error:
            raise CommandError(str(error)) from error
        self.report(summary(log), title=title, as_json=options["json"])
