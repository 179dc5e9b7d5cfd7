"""Reports about people and marketing, a module each. Importing this package registers them."""

from customers.reports import trust  # noqa: F401  registers its measures
from customers.reports.cohorts import CohortReport, JourneyReport
from customers.reports.first_timers import FirstTimers
from customers.reports.funnel import FunnelReport
from customers.reports.lead_scores import LeadScores
from customers.reports.segments import SegmentReport
from customers.reports.types import TypeReport

__all__ = [
    "CohortReport",
    "FirstTimers",
    "FunnelReport",
    "JourneyReport",
    "LeadScores",
    "SegmentReport",
    "TypeReport",
]
