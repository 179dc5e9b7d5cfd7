"""Who is on a list, brought back to what it was: members that joined leave, and the other way."""

from collections import defaultdict

from django.db.models import QuerySet

from integrations.errors import Rejected
from integrations.hubspot.batches import Results, batches
from integrations.hubspot.client import Record
from integrations.hubspot.lists.apply import sort_out
from integrations.hubspot.lists.state import OFF, ON, become
from integrations.hubspot.marketing_client import MEMBERS_AT_ONCE, MarketingClient
from integrations.hubspot.undo.steps import MEMBERS, Step, Values, count_only, keep, steps_of
from integrations.models import AudienceLink, ListState, RemoteWrite
from integrations.sync import RunLog

_NO_LIST = "The list is no longer in HubSpot, or is not Nova's."


def undo_members(
    client: MarketingClient, log: RunLog, writes: QuerySet[RemoteWrite], *, dry_run: bool
) -> None:
    """Reads each list once, and moves the contacts who are on it, or not, as Nova left them."""
    total, done = writes.count(), 0
    lists = _Lists(client) if total else None
    for batch in batches(writes, MEMBERS_AT_ONCE):
        by_list: dict[str, list[RemoteWrite]] = defaultdict(list)
        for write in batch:
            by_list[next(iter(write.after))].append(write)
        for name, moved in by_list.items():
            if lists is not None:
                lists.undo(log, name, moved, dry_run=dry_run)
        done += len(batch)
        log.progress("List members restored", done, total)


class _Lists:
    """The lists that Nova keeps, and who is on those that were read."""

    def __init__(self, client: MarketingClient) -> None:
        self._client = client
        kept = AudienceLink.objects.filter(state=ListState.IN_STEP)
        self._links = {link.list_name: link for link in kept}
        self._members: dict[str, set[str] | None] = {}

    def undo(self, log: RunLog, name: str, writes: list[RemoteWrite], *, dry_run: bool) -> None:
        members = self._members_of(name)
        if members is None:
            steps = [Step(write, error=_NO_LIST) for write in writes]
        else:
            found = {w.remote_id: _record(name, w.remote_id in members) for w in writes}
            steps = steps_of(writes, found, _values)
        if dry_run:
            count_only(log, MEMBERS, steps)
            return
        results = Results()
        link = self._links.get(name)
        if link is not None:
            self._move(link, [step for step in steps if step.values], results)
        keep(log, MEMBERS, steps, results, lambda results, written: _read_again(link))

    def _members_of(self, name: str) -> set[str] | None:
        """The contacts on a list; None where Nova has no such list any more."""
        link = self._links.get(name)
        if name not in self._members:
            self._members[name] = self._client.members(link.list_id) if link else None
        return self._members[name]

    def _move(self, link: AudienceLink, steps: list[Step], results: Results) -> None:
        if not steps:
            return
        add = [step.write.remote_id for step in steps if ON in step.values.values()]
        remove = [step.write.remote_id for step in steps if OFF in step.values.values()]
        try:
            answer = self._client.change_members(link.list_id, add, remove)
        except Rejected as error:
            results.failed |= {step.write.pk: str(error) for step in steps}
            return
        if answer is None:
            results.skipped |= {step.write.pk: _NO_LIST for step in steps}
        else:
            sort_out([step.write for step in steps], answer, results)


def _read_again(link: AudienceLink | None) -> None:
    """The next plan reads the list, and comes to what is held back."""
    if link is not None:
        become(link, ListState.IN_STEP)


def _record(name: str, is_member: bool) -> Record:
    """A contact's place on a list, as a record of one property."""
    return {"properties": {name: ON if is_member else OFF}}


def _values(record: Record) -> Values:
    values: Values = record["properties"]
    return values
