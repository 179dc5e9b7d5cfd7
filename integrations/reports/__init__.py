"""Reports about the systems that Nova is in step with. Importing this package registers them."""

from integrations.reports import trust  # noqa: F401  registers its measures
from integrations.reports.matches import Matches, MatchesList
from integrations.reports.sync_health import SyncHealth

__all__ = ["Matches", "MatchesList", "SyncHealth"]
