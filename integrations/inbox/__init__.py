"""Everything that waits for a person, from wherever it comes, in one list.

What waits is rows of many tables. Each kind is one `Source` in `integrations.inbox.sources`; the
list, its counts, filters, pages and actions follow from that table, in a few queries however many
kinds there are.
"""

from integrations.inbox.listing import (
    Matter,
    Matters,
    act,
    count_by_kind,
    list_matters,
    sources_for,
    waiting_count,
)
from integrations.inbox.source import Action, Source

__all__ = [
    "Action",
    "Matter",
    "Matters",
    "Source",
    "act",
    "count_by_kind",
    "list_matters",
    "sources_for",
    "waiting_count",
]
