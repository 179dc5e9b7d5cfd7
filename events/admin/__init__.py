"""The programme in the admin. finance registers events and show types, with their money."""

from events.admin.events import EventAdmin
from events.admin.show_types import ShowTypeAdmin
from events.admin.venues import VenueAdmin

__all__ = ["EventAdmin", "ShowTypeAdmin", "VenueAdmin"]
