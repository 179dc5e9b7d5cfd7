"""The base of all reports: what one is, how it is filtered, shown and exported."""

from nova_project.reports.base import (
    Arguments,
    Column,
    Kind,
    Report,
    all_reports,
    find_report,
    register,
)
from nova_project.reports.charts import Chart, Series
from nova_project.reports.forms import CurrencyChoiceField, DayField, PeriodForm
from nova_project.reports.grids import Grid, GridCell
from nova_project.reports.trust import Reading, Topic, measure, share

__all__ = [
    "Arguments",
    "Chart",
    "Column",
    "CurrencyChoiceField",
    "DayField",
    "Grid",
    "GridCell",
    "Kind",
    "PeriodForm",
    "Reading",
    "Report",
    "Series",
    "Topic",
    "all_reports",
    "find_report",
    "measure",
    "register",
    "share",
]
