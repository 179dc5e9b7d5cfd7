"""Recomputes the figures of every customer: booked and attended events, spend, type."""

from customers.services import refresh_rollups
from nova_project.commands import NovaCommand


class Command(NovaCommand):
    help = "Recomputes booked and attended events, spend and type of every customer."

    def handle(self, *args, **options):
        refreshed = refresh_rollups(everyone=True)
        self.report(
            {"customers": refreshed.checked, "changed": refreshed.changed},
            title="Customers refreshed",
            as_json=options["json"],
        )
