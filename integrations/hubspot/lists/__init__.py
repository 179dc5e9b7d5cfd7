"""Audiences as HubSpot lists: who is on a list against who should be, and the difference.

Only lists that Nova made or that staff handed to it are read and written. Every contact who joins
or leaves is a planned write of its own; only linked contacts can be on a list.
"""

from integrations.hubspot.lists.apply import apply_lists, record_of_write
from integrations.hubspot.lists.plan import PREFIX, plan_lists
from integrations.hubspot.lists.state import OBJECT_TYPE

__all__ = ["OBJECT_TYPE", "PREFIX", "apply_lists", "plan_lists", "record_of_write"]
