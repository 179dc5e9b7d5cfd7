"""One write of a run at a time: what would take it back, and what became of that."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.hubspot.batches import Results
from integrations.hubspot.client import Record
from integrations.hubspot.mapping import ATTENDEE, TAGS
from integrations.models import Operation, RemoteWrite, WriteState
from integrations.sync import RunLog
from nova_project.bulk import insert_many

RECORDS, MEMBERS = "HubSpot records restored", "HubSpot list members restored"
"""How an undo is counted on its run."""
_GONE = "The record is no longer in HubSpot."
_MOVED = "Changed since Nova wrote it, so left as it is: {names}."
_FIELDS = (
    "run_id",
    "object_type",
    "operation",
    "link_id",
    "customer_id",
    "subject",
    "remote_id",
    "before",
    "after",
    "reason",
    "state",
    "error",
    "applied_at",
    "undoes_id",
)

Values = Mapping[str, str]
Read = Callable[[Record], Values]
Restored = Callable[[Results, list[RemoteWrite]], None]
"""Keeps on this side what HubSpot took back; it runs in the transaction that saves the steps."""


@dataclass(slots=True)
class Step:
    """One write of the run, and the values that would take it back.

    `is_back` says that a field holds its earlier value by now: an undo that did not live to save
    what it did, or somebody who was faster.
    """

    write: RemoteWrite
    now: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)
    is_back: bool = False
    error: str = ""

    def look(self, record: Record | None, read: Read) -> None:
        """Compares what the record holds with what Nova wrote."""
        if record is None:
            self.error = _GONE
            return
        try:
            now = read(record)
        except ValueError as error:
            self.error = f"It cannot be read: {error}. Correct it in HubSpot."
            return
        for name, ours in self.write.after.items():
            if ours != self.write.before.get(name, ""):
                self._look_at(name, ours, now.get(name, ""), record["properties"].get(name) or "")
        if self.moved:
            self.error = _MOVED.format(names=", ".join(sorted(self.moved)))

    def _look_at(self, name: str, ours: str, now: str, spelt: str) -> None:
        write = self.write
        earlier = write.replaced.get(name, write.before.get(name, ""))
        if name == TAGS:
            ours, earlier = spelt, _with_tag_as(earlier, spelt)
            now = spelt
        if now in (earlier, write.before.get(name, "")):
            self.is_back = True
        elif now == ours:
            self.now[name], self.values[name] = ours, earlier
        else:
            self.moved.append(name)


def _with_tag_as(earlier: str, spelt: str) -> str:
    """The tags that are there, in their order, with Nova's own one only if it was there earlier."""
    others = [tag for tag in spelt.split(";") if tag and tag != ATTENDEE]
    had = ATTENDEE in earlier.split(";")
    if had == (ATTENDEE in spelt.split(";")):
        return spelt
    return ";".join([*others, ATTENDEE] if had else others)


def steps_of(batch: list[RemoteWrite], found: Mapping[str, Record], read: Read) -> list[Step]:
    """What takes these back, given their records by HubSpot id; what needs nothing is left out."""
    steps = [Step(write) for write in batch]
    for step in steps:
        step.look(found.get(step.write.remote_id), read)
    return [step for step in steps if step.values or step.error or step.is_back]


def count_only(log: RunLog, kind: str, steps: list[Step]) -> None:
    """What a dry run tells of these."""
    log.add(kind, "to restore", sum(bool(step.values) for step in steps))
    log.add(kind, "left as they are", sum(not step.values for step in steps))


def keep(log: RunLog, kind: str, steps: list[Step], results: Results, restored: Restored) -> None:
    """Saves what became of a batch, in one transaction."""
    back = {*results.written, *results.equal}
    done = [s for s in steps if s.write.pk in back or (s.is_back and not s.values)]
    written = [step.write for step in done if step.write.pk in results.written]
    with transaction.atomic():
        restored(results, written)
        _record(log, steps, results)
        _mark(done)
    log.add(kind, "restored", len(written))
    log.add(kind, "left as they are", sum(bool(s.error and not s.values) for s in steps))
    for step in steps:
        if told := results.failed.get(step.write.pk):
            log.problem(
                "not undone", f"{step.write.object_type} {step.write.remote_id}", told, kind=kind
            )


def _record(log: RunLog, steps: Iterable[Step], results: Results) -> None:
    """Each attempt as a write of the undo's own run."""
    now = timezone.now()
    rows = []
    for step in steps:
        write, pk = step.write, step.write.pk
        error = results.failed.get(pk) or results.skipped.get(pk) or step.error
        state = WriteState.SKIPPED if error else WriteState.APPLIED
        state = WriteState.FAILED if pk in results.failed else state
        state = WriteState.APPLIED if pk in results.written else state
        earlier = {name: write.before.get(name, "") for name in write.after}
        rows.append(
            (
                log.run.pk,
                write.object_type,
                Operation.UPDATE,
                write.link_id,
                write.customer_id,
                write.subject,
                write.remote_id,
                step.now or earlier,
                step.values or earlier,
                f"Undo of run {write.run_id}.",
                state,
                error,
                now if state == WriteState.APPLIED else None,
                pk,
            )
        )
    insert_many(RemoteWrite, rows, fields=_FIELDS)


def _mark(done: list[Step]) -> None:
    """A write that is taken back is undone, and held back; an undo that is, makes it hold again."""
    now = timezone.now()
    writes = RemoteWrite.objects.filter(pk__in=[step.write.pk for step in done])
    writes.update(state=WriteState.UNDONE, is_held=Q(undoes=None), updated_at=now)
    again = [step.write.undoes_id for step in done if step.write.undoes_id]
    if again:
        first = RemoteWrite.objects.filter(pk__in=again, state=WriteState.UNDONE)
        first.update(state=WriteState.APPLIED, is_held=False, updated_at=now)
