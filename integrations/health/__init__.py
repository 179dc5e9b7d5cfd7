"""How well the syncs are: each day's runs, how fresh each source is, and what waits."""

from integrations.health.backlog import Waiting, backlog
from integrations.health.days import SystemDay, system_days
from integrations.health.sources import Source, State, sources

__all__ = ["Source", "State", "SystemDay", "Waiting", "backlog", "sources", "system_days"]
