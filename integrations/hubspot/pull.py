"""Reading contacts from HubSpot, linking them, and taking over what HubSpot says of them."""

from django.db import transaction

from integrations.errors import Misconfigured
from integrations.hubspot.client import CONTACTS, HubSpotClient, Record
from integrations.hubspot.mapping import PROPERTIES
from integrations.hubspot.match import archive_links, readable_contacts, store_contacts
from integrations.hubspot.settling import settle_links
from integrations.hubspot.walk import Reading
from integrations.sync import RunLog


class Contacts(Reading):
    """One run's reading of contacts."""

    kind = CONTACTS
    stream = "contacts"
    label = "Contacts in HubSpot"
    properties = PROPERTIES
    archived_properties = ("email",)

    def __init__(self, client: HubSpotClient, log: RunLog, *, full: bool) -> None:
        super().__init__(client, log, full=full)
        self.owners = self._read_owners()

    def _read_owners(self) -> dict[str, str] | None:
        """Owners' names; without the right to read them they stay as they are."""
        try:
            return self.client.owners()
        except Misconfigured as error:
            if "owners" not in str(error):
                raise
            self.log.problem("owners", "owners of contacts", str(error))
            return None

    def store(self, records: list[Record]) -> None:
        contacts = readable_contacts(records, self.log)
        trusts_times = not self.is_full
        stored = store_contacts(contacts, self.log, self.owners, trusts_times=trusts_times)
        self.log.count("contacts", stored)
        self.log.checked(f"contact {contact.id}" for contact in contacts)

    def archive(self, ids: list[str]) -> None:
        archive_links(ids)

    def finish(self) -> None:
        """Decides links that can be decided now."""
        with transaction.atomic():
            settle_links(self.log, self.owners)


def pull_contacts(client: HubSpotClient, log: RunLog, *, full: bool = False) -> None:
    """Reads contacts, links them to customers, and takes over what HubSpot says of them."""
    reading = Contacts(client, log, full=full)
    reading.read()
    reading.finish()
