"""The run that takes another one back."""

from collections import Counter
from functools import partial

from django.db.models import QuerySet

from integrations.errors import Misconfigured
from integrations.http import Patience
from integrations.hubspot import lists
from integrations.hubspot.features import Feature, attempt
from integrations.hubspot.marketing_client import MarketingClient
from integrations.hubspot.sync import connect, require_writing
from integrations.hubspot.undo.fields import UNDOABLE, undo_fields
from integrations.hubspot.undo.members import undo_members
from integrations.hubspot.undo.outlook import Outlook, outlook, told_of
from integrations.hubspot.undo.steps import MEMBERS, RECORDS
from integrations.models import Operation, RemoteWrite, SyncRun, System, WriteState
from integrations.sync import Listener, RunLog, sync_run


def undo_run(
    *,
    run_id: int,
    command: str,
    dry_run: bool = False,
    listener: Listener | None = None,
    patience: Patience | None = None,
    run: SyncRun | None = None,
) -> RunLog:
    """Restores what the run `run_id` wrote and nobody changed since; returns the run of the undo.

    With `dry_run` HubSpot is read and nothing is written, here or there. What was undone is held
    back: the next plans leave it out until Nova's values are others, or staff say so.
    Raises Misconfigured (no such run of HubSpot, or writing is off), RetryLater, Busy.
    """
    if not dry_run:
        require_writing("Nothing was undone")
    undone = SyncRun.objects.filter(pk=run_id, system=System.HUBSPOT).first()
    if undone is None:
        raise Misconfigured(f"There is no HubSpot run {run_id}. “Sync runs” in the admin has them.")
    with sync_run(System.HUBSPOT, command, listener=listener, run=run) as log:
        client = connect(log.meter, patience=patience)
        told = outlook(undone)
        for object_type in UNDOABLE:
            undo_fields(client, log, object_type, _writes_of(undone, object_type), dry_run=dry_run)
        members = _writes_of(undone, lists.OBJECT_TYPE)
        if members.exists():
            marketing = MarketingClient(client)
            moves = partial(undo_members, marketing, log, members, dry_run=dry_run)
            attempt(Feature.LISTS, log, moves, again=True)
        log.run.message = _message(log, told, dry_run=dry_run)
    return log


def _writes_of(run: SyncRun, object_type: str) -> QuerySet[RemoteWrite]:
    applied = RemoteWrite.objects.filter(run=run, state=WriteState.APPLIED)
    return applied.filter(object_type=object_type, operation=Operation.UPDATE)


def _message(log: RunLog, told: Outlook, *, dry_run: bool) -> str:
    records, members = (log.counts.get(kind, Counter()) for kind in (RECORDS, MEMBERS))
    outcome = "to restore" if dry_run else "restored"
    number = told_of(records[outcome], members[outcome])
    done = f"{number} would be restored" if dry_run else f"{number} restored"
    parts = [f"Undo of run {told.run.pk}: {done}."]
    if left := records["left as they are"] + members["left as they are"]:
        parts.append(f"{left:,} left as they are, because somebody changed them since.")
    if told.cannot:
        parts += ["Not undone:", *told.cannot]
    return " ".join(parts)
