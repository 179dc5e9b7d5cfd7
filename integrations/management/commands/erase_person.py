"""Erases a person: everywhere in Nova, for good."""

from django.core.management.base import CommandError

from integrations.privacy import (
    Erasure,
    NotErased,
    erase_everywhere,
    foresee,
    keep_away,
    person_with,
)
from integrations.privacy.erasure import NOT_DONE_ELSEWHERE
from nova_project.commands import NovaCommand


class Command(NovaCommand):
    help = "Erases the person with this e-mail address, for good. Amounts and seats stay."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("email", metavar="EMAIL", help="Any address of the person.")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--dry-run", action="store_true", help="Only say what would be erased.")
        how.add_argument(
            "--beforehand",
            action="store_true",
            help="Keep an address away that nobody in Nova has yet.",
        )

    def handle(self, *args, **options):
        try:
            result, title = self._do(options)
        except NotErased as error:
            is_bad_use = error.code == "invalid"
            raise CommandError(error.message, returncode=2 if is_bad_use else 1) from error
        self.report(result, title=title, as_json=options["json"])

    def _do(self, options):
        email = options["email"]
        if options["beforehand"]:
            outcome = "kept away" if keep_away(email=email) else "kept away already"
            return {"outcome": outcome}, "The address stays out of Nova"
        if options["dry_run"]:
            return _told(foresee(person_with(email)), "nothing erased"), "What would be erased"
        erasure = erase_everywhere(person_with(email))
        return _told(erasure, erasure.outcome), "Erased"


def _told(erasure: Erasure, outcome: str) -> dict[str, object]:
    return {
        "outcome": outcome,
        "customers": [str(pk) for pk in erasure.customers],
        "addresses": erasure.addresses,
        "rows": {name: {"rows": count} for name, count in erasure.counts.items()},
        "refused, for it is closed": erasure.refused,
        "left to you": list(NOT_DONE_ELSEWHERE),
    }
