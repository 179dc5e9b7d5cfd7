"""Keeping the systems in step, in the admin, a module per concept.

Customers are registered here: what Nova knows of them, and what HubSpot holds beside it. So are
orders and seats, with the import of Eventbrite's files.
"""

from integrations.admin.conflicts import ConflictAdmin
from integrations.admin.deals import DealLinkAdmin, HubSpotDealAdmin
from integrations.admin.deliveries import DeliveryAdmin
from integrations.admin.eventbritefiles import OrderFromFilesAdmin, SeatFromFilesAdmin
from integrations.admin.exclusions import WriteExclusionAdmin
from integrations.admin.libraries import GroupAdmin, PeriodicTaskAdmin, UserAdmin
from integrations.admin.links import ContactLinkAdmin
from integrations.admin.merges import CustomerMergeAdmin
from integrations.admin.outreach import (
    AudienceLinkAdmin,
    AudienceWithListAdmin,
    OccurrenceAdmin,
)
from integrations.admin.people import CustomerWithHubSpotAdmin
from integrations.admin.runs import CursorAdmin, ProblemAdmin, SyncRunAdmin
from integrations.admin.tokens import ApiTokenAdmin
from integrations.admin.writes import RemoteWriteAdmin

__all__ = [
    "ApiTokenAdmin",
    "AudienceLinkAdmin",
    "AudienceWithListAdmin",
    "ConflictAdmin",
    "ContactLinkAdmin",
    "CursorAdmin",
    "CustomerMergeAdmin",
    "CustomerWithHubSpotAdmin",
    "DealLinkAdmin",
    "DeliveryAdmin",
    "GroupAdmin",
    "HubSpotDealAdmin",
    "OccurrenceAdmin",
    "OrderFromFilesAdmin",
    "PeriodicTaskAdmin",
    "ProblemAdmin",
    "RemoteWriteAdmin",
    "SeatFromFilesAdmin",
    "SyncRunAdmin",
    "UserAdmin",
    "WriteExclusionAdmin",
]
