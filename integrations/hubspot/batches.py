"""Applying planned writes a hundred at a time, whatever kind of object they are about.

Which records may still be written, and what becomes of the rows on this side, is decided by the
module of each kind; how a batch is sent, narrowed down and answered for is decided here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import F, QuerySet
from django.utils import timezone

from integrations.errors import Rejected
from integrations.hubspot.client import BATCH, BatchReply, Record
from integrations.hubspot.refusals import reason
from integrations.models import Operation, RemoteWrite, WriteState
from integrations.sync import RunLog
from nova_project.bulk import amend

_NO_WORD = "HubSpot did not say what became of this record. The next run looks again."
_TRACE = "nova-"

Send = Callable[[list[Record]], BatchReply]


@dataclass(slots=True)
class Results:
    """What became of the writes of one batch, by write id.

    `sent` holds the properties of each write that went out, `written` HubSpot's answer to it,
    `replaced` the values that it wrote over where HubSpot spells them otherwise than the plan.
    """

    sent: dict[int, dict[str, str]] = field(default_factory=dict)
    written: dict[int, Record] = field(default_factory=dict)
    equal: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)
    replaced: dict[int, dict[str, str]] = field(default_factory=dict)

    def note_replaced(self, write: RemoteWrite, spelt: Mapping[str, str | None]) -> None:
        """`spelt` are the record's properties as just read; an undo restores them to the letter."""
        now = {name: spelt.get(name) or "" for name in write.after}
        differing = {n: value for n, value in now.items() if value != write.before.get(n, "")}
        if differing:
            self.replaced[write.pk] = differing


def batches(writes: QuerySet[RemoteWrite], size: int = BATCH) -> Iterator[list[RemoteWrite]]:
    """The writes in the order of the plan, `size` at a time."""
    ids = iter(list(writes.order_by("pk").values_list("pk", flat=True)))
    while chunk := list(islice(ids, size)):
        yield list(writes.filter(pk__among=chunk).order_by("pk"))


def input_of(write: RemoteWrite, key: str, properties: dict[str, str]) -> Record:
    """One record of a batch: its id or unique value `key`, and what to write.

    The trace id lets HubSpot take the good records of a batch and name the bad ones.
    """
    return {"id": key, "properties": properties, "objectWriteTraceId": f"{_TRACE}{write.pk}"}


def note_sent(log: RunLog, writes: Iterable[int]) -> None:
    """Notes that these writes are about to go out in this run. Before they do, in no transaction.

    So what HubSpot took is known of a run that is killed before it can keep the answer.
    """
    now = timezone.now()
    rows = RemoteWrite.objects.filter(pk__among=list(writes))
    rows.update(sent_at=now, updated_at=now, run=log.run)


def sent_in(inputs: list[Record]) -> list[int]:
    """The writes that a batch is made of."""
    return [_write_id(entry) for entry in inputs]


def send_batch(send: Send, inputs: list[Record], results: Results, *, by: str = "") -> None:
    """Sends a batch; one that is refused as a whole is halved until the bad record is alone.

    `by` names the property whose value is the inputs' key, where that is not the id.
    """
    if not inputs:
        return
    try:
        reply = send(inputs)
    except Rejected as error:
        if len(inputs) == 1:
            results.failed[_write_id(inputs[0])] = str(error)
            return
        half = len(inputs) // 2
        send_batch(send, inputs[:half], results, by=by)
        send_batch(send, inputs[half:], results, by=by)
        return
    _sort_out(inputs, reply, results, by)


def _sort_out(inputs: list[Record], reply: BatchReply, results: Results, by: str) -> None:
    """Matches the reply to the inputs by id, unique value or trace id, never by position."""
    keys = {str(entry["id"]): entry for entry in inputs}
    keys |= {entry["objectWriteTraceId"]: entry for entry in inputs}
    for record in reply.records:
        unique = str((record.get("properties") or {}).get(by) or "")
        entry = (
            keys.get(str(record.get("objectWriteTraceId")))
            or keys.get(str(record["id"]))
            or keys.get(unique)
            or keys.get(unique.lower())  # HubSpot lower-cases addresses
        )
        if entry is not None:
            pk = _write_id(entry)
            results.written[pk], results.sent[pk] = record, entry["properties"]
    for error in reply.errors:
        context = error.get("context") or {}
        for key in [*(context.get("objectWriteTraceId") or []), *(context.get("ids") or [])]:
            if entry := keys.get(str(key)):
                results.failed[_write_id(entry)] = reason(error)
    for entry in inputs:
        pk = _write_id(entry)
        if pk not in results.written and pk not in results.failed:
            results.skipped[pk] = _NO_WORD


def _write_id(entry: Record) -> int:
    return int(entry["objectWriteTraceId"].removeprefix(_TRACE))


def keep_results(
    batch: list[RemoteWrite],
    results: Results,
    log: RunLog,
    *,
    kind: str,
    record_of: Callable[[RemoteWrite], str],
) -> None:
    """Saves what became of each write, counts it under `kind`, and tells staff what failed.

    `record_of` is how staff are told which record a write is about.
    """
    now = timezone.now()
    writes = RemoteWrite.objects.filter(pk__among=[write.pk for write in batch])
    applied = [*results.written, *results.equal]
    writes.filter(pk__among=applied).update(
        state=WriteState.APPLIED, applied_at=now, updated_at=now, run=log.run
    )
    _keep_replaced(results)
    for state, told in ((WriteState.FAILED, results.failed), (WriteState.SKIPPED, results.skipped)):
        for error in set(told.values()):
            ids = [pk for pk, text in told.items() if text == error]
            writes.filter(pk__among=ids).update(
                state=state, error=error, updated_at=now, run=log.run
            )
    for write in batch:
        if write.pk in results.failed:
            log.problem("refused", record_of(write), results.failed[write.pk], kind=kind)
        elif write.pk in results.written:
            log.checked([record_of(write)])
            log.add(kind, "created" if write.operation == Operation.CREATE else "updated")
    log.add(kind, "unchanged", len(results.equal))
    log.add(kind, "skipped", len(results.skipped))


def _keep_replaced(results: Results) -> None:
    """What an undo goes by: the values written over, and that equal records had them already."""
    if results.equal:
        RemoteWrite.objects.filter(pk__among=results.equal).update(before=F("after"))
    rows = [(pk, told) for pk, told in results.replaced.items() if pk in results.written]
    if rows:
        amend(RemoteWrite, rows, fields=("id", "replaced"), key="id")
