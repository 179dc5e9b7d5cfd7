"""What an undo of a run could take back, and what not, told from what Nova knows. No request."""

from collections import Counter
from dataclasses import dataclass

from integrations.hubspot import lists
from integrations.hubspot.client import CONTACTS, DEALS
from integrations.models import Operation, RemoteWrite, SyncRun, WriteState

RESTORABLE = (CONTACTS, DEALS, lists.OBJECT_TYPE)
"""The kinds of object whose changes can be taken back; every other write is final."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an undo of a run would do: the fields of `records`, and `members` of lists.

    `created` and `others` stay as they are, `undone` is taken back already.
    """

    run: SyncRun
    records: int
    members: int
    created: int
    others: int
    undone: int

    @property
    def restorable(self) -> int:
        return self.records + self.members

    @property
    def words(self) -> str:
        """How much can be restored, such as “121 records and 1 place on a list”."""
        return told_of(self.records, self.members)

    @property
    def cannot(self) -> list[str]:
        """What stays in HubSpot, a sentence each."""
        told = []
        if self.created:
            records = "1 record" if self.created == 1 else f"{self.created:,} records"
            told.append(
                f"{records} that this run created. Nova never deletes; remove them in HubSpot if "
                "they should not be there."
            )
        if self.others:
            others = "1 other write" if self.others == 1 else f"{self.others:,} other writes"
            told.append(
                f"{others} (sent events, contacts of deals), which HubSpot does not let anybody "
                "take back, or not as it was."
            )
        return told


def told_of(records: int, members: int) -> str:
    """Both numbers in words; no records are named only where there is no member either."""
    parts = []
    if records or not members:
        parts.append("1 record" if records == 1 else f"{records:,} records")
    if members:
        parts.append("1 place on a list" if members == 1 else f"{members:,} places on lists")
    return " and ".join(parts)


def outlook(run: SyncRun) -> Outlook:
    """What an undo of `run` could take back, and what not. One query."""
    rows = RemoteWrite.objects.filter(run=run, state__in=[WriteState.APPLIED, WriteState.UNDONE])
    counted: Counter[str] = Counter()
    for row in rows.values_list("operation", "object_type", "state"):
        counted[_what_of(*row)] += 1
    return Outlook(run, **{name: counted[name] for name in _COUNTED})


_COUNTED = ("records", "members", "created", "others", "undone")


def _what_of(operation: str, object_type: str, state: str) -> str:
    """Under which of the counts a write falls."""
    if state == WriteState.UNDONE:
        return "undone"
    if object_type not in RESTORABLE:
        return "others"
    if operation == Operation.CREATE:
        return "created"
    return "members" if object_type == lists.OBJECT_TYPE else "records"
