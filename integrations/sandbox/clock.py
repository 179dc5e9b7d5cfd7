"""The sandbox's time, which a test can hold or move instead of sleeping."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time, until it is frozen or moved."""

    def __init__(self) -> None:
        self._frozen: datetime | None = None
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return (self._frozen or datetime.now(UTC)) + self._ahead

    def freeze(self, at: datetime | None = None) -> None:
        """Stops the clock at `at` (aware), or where it stands."""
        self._frozen = (at or self.now()).astimezone(UTC)
        self._ahead = timedelta()

    def advance(self, seconds: float) -> None:
        """Moves the clock on."""
        self._ahead += timedelta(seconds=seconds)


def in_seconds(at: datetime) -> str:
    """`2026-11-24T08:40:33Z`, as Eventbrite writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_milliseconds(at: datetime) -> str:
    """`2026-11-24T08:40:33.123Z`, as HubSpot writes it. Sorts as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
