"""What a webhook tells, before anything is done about it. Plain Python, for both systems."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

MASK = "[masked]"


class Unreadable(ValueError):
    """The body of a webhook is not what the system documents."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One object of which a webhook says that something happened to it.

    `key` is the same for each repeat of the notice, and blank where repeats cannot be told apart.
    `why_left` says why there is nothing to read about it; blank otherwise.
    """

    action: str
    object_type: str
    object_id: str
    body: str
    key: str = ""
    told_at: datetime | None = None
    why_left: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """An object to be read again, because of all notices about it that wait.

    `told_at` is the time of the latest of them, `actions` what they say happened.
    """

    object_type: str
    object_id: str
    told_at: datetime
    actions: frozenset[str]


class Verdict(Enum):
    DONE = auto()
    NOT_YET = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of reading a subject: it is in Nova, it is not to be seen yet, or it cannot be."""

    verdict: Verdict
    message: str = ""


DONE = Finding(Verdict.DONE)
