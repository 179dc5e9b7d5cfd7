"""Scores who will book within 90 days, and prints the card of the model that says so."""

from django.core.exceptions import ValidationError
from django.core.management import CommandError

from nova_project.commands import NovaCommand


class Command(NovaCommand):
    help = "Scores everybody: who will book within 90 days, and how often regulars will come."

    def handle(self, *args, **options):
        from customers.scoring.card import printed
        from customers.scoring.run import score_leads

        try:
            scored = score_leads()
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        result = {
            "people": scored.people,
            "changed": scored.changed,
            "seconds": round(scored.seconds, 1),
        }
        card = scored.model.card if options["json"] else printed(scored.model)
        self.report(
            result | {"kind": str(scored.model.kind)} | card,
            title=str(scored.model),
            as_json=options["json"],
        )
