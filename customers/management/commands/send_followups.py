"""Sends the follow-ups that are due, or says who would get which, and why."""

from dataclasses import asdict
from typing import IO, cast

from django.core.management import CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from customers.models import FollowUp
from customers.services.followups import Foreseen, foresee, send_follow_ups
from nova_project.commands import NovaCommand


class Command(NovaCommand):
    help = "Sends the follow-ups that are due. With --dry-run says who, why and when; sends none."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--dry-run", action="store_true", help="List who is due and why; send nothing."
        )

    def handle(self, *args, **options):
        if options["dry_run"]:
            self.list_due(as_json=options["json"])
            return
        outcome = send_follow_ups()
        self.report(asdict(outcome), title="Follow-ups sent", as_json=options["json"])
        if outcome.problem:
            raise CommandError(outcome.problem)

    def list_due(self, *, as_json):
        due = [_row(foreseen) for foreseen in foresee(FollowUp.objects.on())]
        if as_json:
            self.report({"due": due}, title="", as_json=True)
        elif not due:
            self.stdout.write("Nobody is due. Only follow-ups that are on are looked at.")
        else:
            table = Table(*(name.replace("_", " ").capitalize() for name in due[0]))
            for row in due:
                table.add_row(*row.values())
            Console(file=cast(IO[str], self.stdout)).print(table)


def _row(foreseen: Foreseen) -> dict[str, str]:
    return {
        "follow_up": foreseen.follow_up.name,
        "who": str(foreseen.customer),
        "event": str(foreseen.event),
        "why": f"{foreseen.why}, {_moment(foreseen.at)}",
        "due": _moment(foreseen.due_at),
        "what": str(foreseen.verdict),
    }


def _moment(moment):
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M}"
