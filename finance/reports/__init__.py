"""Reports about money, a module each. Importing this package registers them."""

from finance.reports import trust  # noqa: F401  registers its measures
from finance.reports.budget import (
    BudgetAgainstActual,
)
from finance.reports.changes_since import (
    ChangesSince,
)
from finance.reports.email_effectiveness import (
    EmailEffectiveness,
)
from finance.reports.event_profit import (
    EventProfit,
)
from finance.reports.follow_up_results import (
    FollowUpResults,
)
from finance.reports.heatmap import (
    Heatmap,
)
from finance.reports.marketing import (
    MarketingDashboard,
)
from finance.reports.marketing_roi import (
    MarketingRoi,
)
from finance.reports.pacing import (
    Pacing,
)
from finance.reports.profit_by import (
    ProfitByMonth,
    ProfitByPerformer,
    ProfitByShowType,
    ProfitByVenue,
)
from finance.reports.reconciliation import (
    Reconciliation,
)
from finance.reports.show_type_margin import (
    ShowTypeMargin,
)

__all__ = [
    "BudgetAgainstActual",
    "ChangesSince",
    "EmailEffectiveness",
    "EventProfit",
    "FollowUpResults",
    "Heatmap",
    "MarketingDashboard",
    "MarketingRoi",
    "Pacing",
    "ProfitByMonth",
    "ProfitByPerformer",
    "ProfitByShowType",
    "ProfitByVenue",
    "Reconciliation",
    "ShowTypeMargin",
]
