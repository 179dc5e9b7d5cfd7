"""Making the lists that are planned, and adding and removing contacts, a thousand at a time."""

from collections import defaultdict
from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from integrations.errors import Rejected
from integrations.hubspot.batches import Results, batches, keep_results, note_sent
from integrations.hubspot.lists.state import (
    KIND,
    OBJECT_TYPE,
    ON,
    become,
    is_ours,
    tell,
    wanted_contacts,
)
from integrations.hubspot.marketing_client import MEMBERS_AT_ONCE, MarketingClient, Record
from integrations.hubspot.match import archive_links
from integrations.models import AudienceLink, ListState, Operation, RemoteWrite
from integrations.sync import RunLog

_MOVED = "The audience changed since the plan. The next run plans anew."
_NO_LIST = "The list is not there, or not Nova's. The next run looks again."
_NO_CONTACT = "The contact is no longer in HubSpot."
_TAKEN = "HubSpot has a list of this name by now. The next run looks at it."


def apply_lists(client: MarketingClient, log: RunLog, *, only_approved: bool = False) -> None:
    """Makes the planned lists, then changes who is on them.

    With `only_approved` what staff have not decided on is left alone. Contacts whose audience
    changed since the plan are left out; what HubSpot has already is no write. A list that was
    made, or contacts that were added, before a crash are recognised later.
    """
    rows = RemoteWrite.objects.filter(object_type=OBJECT_TYPE)
    pending = rows.approved() if only_approved else rows.pending()
    _make_lists(client, log, pending.filter(operation=Operation.CREATE))
    moves = pending.filter(operation=Operation.UPDATE)
    total, done = moves.count(), 0
    members = _Members(client, log)
    for batch in batches(moves, MEMBERS_AT_ONCE):
        members.change(batch)
        done += len(batch)
        log.progress("List members written", done, total)


def _make_lists(client: MarketingClient, log: RunLog, writes: QuerySet[RemoteWrite]) -> None:
    links = {link.list_name: link for link in AudienceLink.objects.filter(state=ListState.WANTED)}
    for write in writes.order_by("pk"):
        link, results = links.get(write.after["name"]), Results()
        if link is None:
            results.skipped[write.pk] = _MOVED
        else:
            note_sent(log, [write.pk])
            link.list_id = _make_list(client, write, results)
        with transaction.atomic():
            if link is not None and link.list_id:
                become(link, ListState.IN_STEP)
            _keep([write], results, log)


def _make_list(client: MarketingClient, write: RemoteWrite, results: Results) -> str:
    """The id of the list that is made, or was made by a call whose answer got lost; else ""."""
    name = write.after["name"]
    remote = client.list_named(name)
    if remote is None:
        try:
            made = client.create_list(name)
        except Rejected as error:
            remote = client.list_named(name)
            if remote is None:
                results.failed[write.pk] = str(error)
                return ""
        else:
            results.written[write.pk] = made
            return str(made["listId"])
    if not is_ours(remote):
        results.skipped[write.pk] = _TAKEN
        return ""
    results.equal.append(write.pk)
    return str(remote["listId"])


class _Members:
    """Changes of membership, list by list."""

    def __init__(self, client: MarketingClient, log: RunLog) -> None:
        self._client = client
        self._log = log
        links = AudienceLink.objects.filter(state=ListState.IN_STEP)
        by_name = links.select_related("audience__show_type")
        self._links = {link.list_name: link for link in by_name}
        self._wanted: dict[int, set[str]] = {}

    def change(self, batch: list[RemoteWrite]) -> None:
        """Sends a batch, one request a list, and saves what became of it in one transaction."""
        by_list: dict[str, list[RemoteWrite]] = defaultdict(list)
        for write in batch:
            by_list[next(iter(write.after))].append(write)
        results, missing = Results(), set[str]()
        for name, writes in by_list.items():
            link = self._links.get(name)
            if link is None:
                results.skipped |= {write.pk: _NO_LIST for write in writes}
            else:
                missing |= self._change(link, writes, results)
        with transaction.atomic():
            archive_links(missing)
            _keep(batch, results, self._log)

    def _change(self, link: AudienceLink, writes: list[RemoteWrite], results: Results) -> set[str]:
        """Adds and removes; returns the contacts that HubSpot does not know."""
        wanted = self._wanted_on(link)
        valid = []
        for write in writes:
            if _joins(write) == (write.remote_id in wanted):
                valid.append(write)
            else:
                results.skipped[write.pk] = _MOVED
        if not valid:
            return set()
        note_sent(self._log, [write.pk for write in valid])
        add = [write.remote_id for write in valid if _joins(write)]
        remove = [write.remote_id for write in valid if not _joins(write)]
        try:
            answer = self._client.change_members(link.list_id, add, remove)
        except Rejected as error:
            results.failed |= {write.pk: str(error) for write in valid}
            return set()
        if answer is None:
            become(link, ListState.GONE)
            tell(self._log, link, None)
            del self._links[link.list_name]
            results.skipped |= {write.pk: _NO_LIST for write in valid}
            return set()
        return sort_out(valid, answer, results)

    def _wanted_on(self, link: AudienceLink) -> set[str]:
        """Who should be on the list at this moment; worked out once a run."""
        if link.pk not in self._wanted:
            self._wanted[link.pk] = set(wanted_contacts(link))
        return self._wanted[link.pk]


def _joins(write: RemoteWrite) -> bool:
    return ON in write.after.values()


def sort_out(writes: list[RemoteWrite], answer: Record, results: Results) -> set[str]:
    """Notes what HubSpot did with each contact; what it does not name was so already."""
    # HubSpot itself spells the first of them so; both are read, in case it mends that.
    moved = _ids(answer, "recordsIdsAdded", "recordIdsAdded", "recordIdsRemoved")
    missing = _ids(answer, "recordIdsMissing", "recordsIdsMissing")
    for write in writes:
        if write.remote_id in missing:
            results.skipped[write.pk] = _NO_CONTACT
        elif write.remote_id in moved:
            results.written[write.pk] = answer
        else:
            results.equal.append(write.pk)
    return missing


def _ids(answer: Mapping[str, object], *names: str) -> set[str]:
    lists = (answer.get(name) for name in names)
    return {str(one) for ids in lists if isinstance(ids, list) for one in ids}


def _keep(batch: list[RemoteWrite], results: Results, log: RunLog) -> None:
    keep_results(batch, results, log, kind=KIND, record_of=record_of_write)


def record_of_write(write: RemoteWrite) -> str:
    if write.operation == Operation.CREATE:
        return f"list “{write.after['name']}”"
    return f"list “{next(iter(write.after))}”, contact {write.remote_id}"
