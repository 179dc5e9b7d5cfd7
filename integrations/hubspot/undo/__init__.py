"""Taking a run back: what Nova wrote in it, and what still is as Nova left it, becomes as before.

Whoever changed a field, or who is on a list, since keeps that change. Every write of an undo is a
RemoteWrite of a run of its own, so it can be looked at, and taken back, like any other.
"""

from integrations.hubspot.undo.outlook import RESTORABLE, Outlook, outlook
from integrations.hubspot.undo.run import undo_run

__all__ = ["RESTORABLE", "Outlook", "outlook", "undo_run"]
