"""What Nova remembers of the systems it is in step with, a module per concept."""

from integrations.models.conflicts import Conflict, ConflictState, Resolution
from integrations.models.deals import (
    DealKind,
    DealLink,
    DealState,
    HubSpotDeal,
    HubSpotDealContact,
)
from integrations.models.deliveries import WEBHOOKS, Delivery, DeliveryState
from integrations.models.links import ContactLink, LinkState, MatchRule
from integrations.models.matching import MatchSuggestion, SuggestionRule, SuggestionState
from integrations.models.outreach import AudienceLink, ListState, Occurrence, OccurrenceKind
from integrations.models.runs import Cursor, Outcome, Problem, SyncRun, System
from integrations.models.tokens import ApiToken
from integrations.models.writes import Operation, RemoteWrite, WriteExclusion, WriteState

__all__ = [
    "WEBHOOKS",
    "ApiToken",
    "AudienceLink",
    "Conflict",
    "ConflictState",
    "ContactLink",
    "Cursor",
    "DealKind",
    "DealLink",
    "DealState",
    "Delivery",
    "DeliveryState",
    "HubSpotDeal",
    "HubSpotDealContact",
    "LinkState",
    "ListState",
    "MatchRule",
    "MatchSuggestion",
    "Occurrence",
    "OccurrenceKind",
    "Operation",
    "Outcome",
    "Problem",
    "RemoteWrite",
    "Resolution",
    "SuggestionRule",
    "SuggestionState",
    "SyncRun",
    "System",
    "WriteExclusion",
    "WriteState",
]
