"""CSV and XLSX in and out of the people and what reaches them, a module per kind of row."""

from customers.resources.campaigns import CampaignResource
from customers.resources.followups import FollowUpMessageResource
from customers.resources.people import AddressWidget, CustomerResource
from customers.resources.touches import TouchResource

__all__ = [
    "AddressWidget",
    "CampaignResource",
    "CustomerResource",
    "FollowUpMessageResource",
    "TouchResource",
]
