"""What can go wrong with another system, named for what the caller does next.

Every message is written for staff: what happened, where, and what to do.
"""


class SyncError(Exception):
    """Something that another system did or did not do."""

    code = "error"


class RetryLater(SyncError):
    """Not now: the system is busy, slow or out of reach. Celery tries again."""

    code = "unreachable"

    def __init__(self, message: str, *, after_seconds: float = 60) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class BudgetSpent(RetryLater):
    """The calls allowed are used up for longer than a run should wait: it ends in order, paused."""

    code = "budget"


class Rejected(SyncError):
    """The system refuses one record. It is noted, and the run goes on."""

    code = "rejected"


class Misconfigured(SyncError):
    """Nothing will work until staff change something: a token, a scope, an address."""

    code = "misconfigured"


class NotAllowed(Misconfigured):
    """The account's plan or the token's scopes do not cover this call; others may go on."""

    code = "not_allowed"


class Busy(SyncError):
    """Another run of the same system is under way."""

    code = "busy"
