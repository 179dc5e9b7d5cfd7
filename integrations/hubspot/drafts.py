"""What a comparison comes to becomes the plan that stands, and keeps what staff said of it.

Whatever kind of record is planned goes through here: its drafts take the place of the rows of the
last plan. A draft with the values that staff approved or rejected is approved or rejected again;
one that was undone is held back until the values are others; what staff never want is left out.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import F, Q
from django.utils import timezone

from integrations.models import Operation, RemoteWrite, WriteExclusion, WriteState
from integrations.models.writes import OPEN, RemoteWriteQuerySet
from integrations.sync import RunLog
from nova_project.bulk import insert_many

_REFUSED = (
    "HubSpot refused these values before: {error} They are sent again when they change, or with "
    "--full."
)
_CUT_OFF = (
    "The run was cut off before it kept HubSpot's answer. HubSpot took the write all the same."
)
_HELD = "These values were undone. They are written again when they change, or if staff say so."


class Draft(NamedTuple):
    """A write that would bring one record in step.

    `subject` is Nova's side of it, such as customer 12; `record` is how staff are told of it.
    """

    subject: str
    record: str
    operation: Operation
    remote_id: str
    before: dict[str, str]
    after: dict[str, str]
    reason: str
    link_id: int | None = None
    customer_id: int | None = None


class _Verdict(NamedTuple):
    state: WriteState
    error: str = ""
    decided_by_id: int | None = None
    decided_at: Any = None


_FRESH = _Verdict(WriteState.PLANNED)
_FIELDS = (*Draft._fields[:1], *Draft._fields[2:], *_Verdict._fields, "object_type", "run_id")


class Drafts:
    """The plan of one kind of record, in the making."""

    def __init__(
        self, log: RunLog, *, object_type: str, kind: str, retries_refused: bool = False
    ) -> None:
        """`kind` is how the run counts them, such as “HubSpot contacts”."""
        self._log = log
        self._object_type = object_type
        self._kind = kind
        self._retries_refused = retries_refused
        self._rows = RemoteWrite.objects.filter(object_type=object_type)

    def keep(self, drafts: Iterable[Draft]) -> None:
        """Plans these. At most four queries; call it in a transaction, once for each subject."""
        wanted = self._without_excluded(list(drafts))
        if not wanted:
            return
        earlier = self._earlier({draft.subject for draft in wanted})
        self._keep_taken(wanted, earlier)
        fresh = []
        for draft in wanted:
            verdict = self._judge(draft, earlier.get(draft.subject, []))
            if verdict is not None:
                fresh.append((draft[0], *draft[2:], *verdict, self._object_type, self._log.run.pk))
                self._count(draft, verdict.state)
        self._forget(self._rows.open().filter(subject__among=[d.subject for d in wanted]))
        insert_many(RemoteWrite, fresh, fields=_FIELDS)
        self._release(wanted, [row for of_subject in earlier.values() for row in of_subject])

    def finish(self) -> None:
        """What the comparison did not come to again is no longer planned, or was written."""
        left = self._rows.open().exclude(run=self._log.run)
        left.exclude(sent_at=None).update(
            state=WriteState.APPLIED, applied_at=F("sent_at"), error=_CUT_OFF
        )
        self._forget(left)

    def _keep_taken(self, drafts: list[Draft], earlier: dict[str, list[RemoteWrite]]) -> None:
        """Of writes that went out without an answer: the fields that HubSpot holds by now."""
        for draft in drafts:
            for write in earlier.get(draft.subject, ()):
                taken = _taken(write, draft)
                if not taken or write.state not in OPEN or write.sent_at is None:
                    continue
                write.before = {n: v for n, v in write.before.items() if n in taken}
                write.after, write.error = taken, _CUT_OFF
                write.state, write.applied_at = WriteState.APPLIED, write.sent_at
                write.save()

    @staticmethod
    def _forget(rows: RemoteWriteQuerySet) -> None:
        """One statement: nothing points to rows that were never written, so none are read first."""
        rows._raw_delete(rows.db)

    def _without_excluded(self, drafts: list[Draft]) -> list[Draft]:
        excluded = defaultdict(set)
        rules = WriteExclusion.objects.filter(object_type=self._object_type)
        named = rules.filter(subject__among=[draft.subject for draft in drafts])
        for subject, field in named.values_list("subject", "field"):
            excluded[subject].add(field)
        if not excluded:
            return drafts
        left = (_without(draft, excluded.get(draft.subject, set())) for draft in drafts)
        return [draft for draft in left if draft is not None]

    def _earlier(self, subjects: set[str]) -> dict[str, list[RemoteWrite]]:
        """What was said and what became of earlier writes about these, oldest first."""
        telling = Q(state__in=[*OPEN, WriteState.FAILED]) | Q(is_held=True)
        found = defaultdict(list)
        for write in self._rows.filter(telling, subject__among=subjects).order_by("pk"):
            found[write.subject].append(write)
        return found

    def _judge(self, draft: Draft, earlier: list[RemoteWrite]) -> _Verdict | None:
        """How the draft enters the plan; None: not at all, because HubSpot refused it before."""
        if not self._retries_refused and (refused := _refusal(draft, earlier)):
            if refused.dismissed_at is None:
                message = _REFUSED.format(error=refused.error)
                self._log.problem("refused", draft.record, message, kind=self._kind)
            return None
        for write in reversed(earlier):
            if write.state in OPEN and _covers(write, draft):
                return _Verdict(
                    WriteState(write.state), write.error, write.decided_by_id, write.decided_at
                )
        if any(write.is_held and _covers(write, draft) for write in earlier):
            return _Verdict(WriteState.HELD, _HELD)
        return _FRESH

    def _count(self, draft: Draft, state: WriteState) -> None:
        kept_back = {WriteState.REJECTED: "rejected", WriteState.HELD: "held back"}
        self._log.add(self._kind, kept_back.get(state, f"to {draft.operation}"))

    def _release(self, drafts: list[Draft], rows: list[RemoteWrite]) -> None:
        """An undone write whose record is to hold other values by now holds back no more."""
        by_subject = {draft.subject: draft for draft in drafts}
        held = [row for row in rows if row.is_held]
        over = [row.pk for row in held if not _covers(row, by_subject[row.subject])]
        if over:
            self._rows.filter(pk__in=over).update(is_held=False, updated_at=timezone.now())


def _covers(write: RemoteWrite, draft: Draft) -> bool:
    """Is the draft for the same record, with no value that the write did not have?"""
    if write.operation != draft.operation or write.remote_id != draft.remote_id:
        return False
    return draft.after.items() <= write.after.items()


def _taken(write: RemoteWrite, draft: Draft) -> dict[str, str]:
    """The fields of an earlier write that HubSpot holds, by what is to be written now."""
    if write.operation == draft.operation == Operation.CREATE:
        return {}
    return {
        name: value
        for name, value in write.after.items()
        if name not in draft.after or draft.before.get(name, "") == value
    }


def _refusal(draft: Draft, earlier: list[RemoteWrite]) -> RemoteWrite | None:
    failed = (w for w in earlier if w.state == WriteState.FAILED and w.after == draft.after)
    return next(failed, None)


def _without(draft: Draft, fields: set[str]) -> Draft | None:
    """The draft without these fields; None where "" stands for all, or nothing is left."""
    if not fields:
        return draft
    after = {name: value for name, value in draft.after.items() if name not in fields}
    is_nobody = draft.operation == Operation.CREATE and "email" in fields
    if "" in fields or not after or is_nobody:
        return None
    before = {name: value for name, value in draft.before.items() if name not in fields}
    return draft._replace(before=before, after=after)
