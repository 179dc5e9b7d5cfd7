"""Single values as HubSpot has them, in the one spelling that Nova compares. Pure."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation


def number(text: str) -> str:
    """A number in its shortest spelling: 12.50 is 12.5, 1e2 is 100, -0 is 0. Raises ValueError."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"“{text}” is no number") from None
    if not value.is_finite():
        raise ValueError(f"“{text}” is no number")
    return f"{value.normalize():f}" if value else "0"


def moment(text: str) -> str:
    """A time in UTC as ISO 8601, from that or from epoch milliseconds. Raises ValueError."""
    if text.lstrip("-").isdecimal():
        at = datetime.fromtimestamp(int(text) / 1000, UTC)
    else:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.isoformat().replace("+00:00", "Z")
