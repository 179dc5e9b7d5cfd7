"""What was asked of the sandbox, for tests that count requests."""

from collections import Counter, deque
from typing import Any

LOG_LENGTH = 5_000


class Stats:
    """Counts since the start or the last reset. A write is a success that changes something."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Starts counting anew."""
        self.total = 0
        self.writes = 0
        self.by_system: Counter[str] = Counter()
        self.by_route: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.writes_by_system: Counter[str] = Counter()
        self.log: deque[tuple[str, str, int]] = deque(maxlen=LOG_LENGTH)

    def record(self, system: str, route: str, method: str, target: str, status: int) -> None:
        """Counts one request; status 0 is a broken connection."""
        self.total += 1
        self.by_system[system] += 1
        self.by_route[route] += 1
        self.by_status[status] += 1
        self.log.append((method, target, status))

    def record_write(self, system: str) -> None:
        """Counts one request that changed something."""
        self.writes += 1
        self.writes_by_system[system] += 1

    def as_dict(self) -> dict[str, Any]:
        """All counts, as JSON likes them."""
        return {
            "total": self.total,
            "writes": self.writes,
            "by_system": dict(self.by_system),
            "by_route": dict(self.by_route),
            "by_status": {str(status): count for status, count in self.by_status.items()},
            "writes_by_system": dict(self.writes_by_system),
        }
