"""The people and what they did, a module per concept."""

from customers.models.conditions import AudienceCondition, Relation, Subject
from customers.models.emails import CampaignEmailStats
from customers.models.followups import Carrier, FollowUp, FollowUpState, Trigger
from customers.models.marketing import (
    Campaign,
    CampaignCode,
    Channel,
    CodeKind,
    Touch,
    TouchKind,
)
from customers.models.merges import CustomerMerge, MergeState
from customers.models.messages import FollowUpMessage, MessageState, Outbox
from customers.models.outreach import Audience, AudienceRule, count_members
from customers.models.people import (
    Consent,
    Customer,
    CustomerType,
    EmailAddress,
    LeadBand,
    Suppression,
    clean_address,
)
from customers.models.scoring import LeadKind, LeadModel, LeadScore
from customers.models.segments import Segment, SegmentBands
from customers.models.stages import FirstVisits, TypeChange
from customers.models.ticketing import (
    Attendance,
    AttendanceStatus,
    Order,
    OrderStatus,
    PaidThrough,
)

__all__ = [
    "Attendance",
    "AttendanceStatus",
    "Audience",
    "AudienceCondition",
    "AudienceRule",
    "Campaign",
    "CampaignCode",
    "CampaignEmailStats",
    "Carrier",
    "Channel",
    "CodeKind",
    "Consent",
    "Customer",
    "CustomerMerge",
    "CustomerType",
    "EmailAddress",
    "FirstVisits",
    "FollowUp",
    "FollowUpMessage",
    "FollowUpState",
    "LeadBand",
    "LeadKind",
    "LeadModel",
    "LeadScore",
    "MergeState",
    "MessageState",
    "Order",
    "OrderStatus",
    "Outbox",
    "PaidThrough",
    "Relation",
    "Segment",
    "SegmentBands",
    "Subject",
    "Suppression",
    "Touch",
    "TouchKind",
    "Trigger",
    "TypeChange",
    "clean_address",
    "count_members",
]
