"""The people in the admin, a module per concept.

finance registers orders and seats, with their ledger, and follow-ups, with what they brought;
integrations registers customers and audiences, with HubSpot.
"""

from customers.admin.emails import CampaignEmailStatsAdmin
from customers.admin.followup_messages import FollowUpMessageAdmin
from customers.admin.followups import FollowUpAdmin
from customers.admin.marketing import CampaignAdmin
from customers.admin.orders import OrderAdmin
from customers.admin.outreach import AudienceAdmin
from customers.admin.people import CustomerAdmin
from customers.admin.scoring import LeadModelAdmin
from customers.admin.seats import AttendanceAdmin
from customers.admin.segments import SegmentBandsAdmin
from customers.admin.touches import CampaignCodeAdmin, TouchAdmin

__all__ = [
    "AttendanceAdmin",
    "AudienceAdmin",
    "CampaignAdmin",
    "CampaignCodeAdmin",
    "CampaignEmailStatsAdmin",
    "CustomerAdmin",
    "FollowUpAdmin",
    "FollowUpMessageAdmin",
    "LeadModelAdmin",
    "OrderAdmin",
    "SegmentBandsAdmin",
    "TouchAdmin",
]
