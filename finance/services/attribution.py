"""What marketing earned: the net sales of orders given to the touches of their buyers, in SQL.

Who groups touches says how (`Grouping`); names, spend and ratios are added by
`finance.services.campaigns`. Amounts are split in whole units of the currency (cents), so that for
every model Σ credit + unattributed = net sales exactly.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.conf import settings

from events.models import ShowType
from finance.services.crediting import ask, statement
from finance.services.profit import events_of
from nova_project.currencies import from_minor
from nova_project.money import ZERO
from nova_project.periods import Period


class Model(StrEnum):
    """By what rule the touches before an order share its net sales."""

    FIRST = "first"
    LAST = "last"
    LINEAR = "linear"
    POSITION = "position"
    DECAY = "decay"

    @property
    def label(self) -> str:
        return {
            Model.FIRST: "First touch",
            Model.LAST: "Last touch",
            Model.LINEAR: "Linear",
            Model.POSITION: "Position 40/20/40",
            Model.DECAY: "Time decay",
        }[self]


USUAL_MODEL = Model.LAST
"""What is shown where nobody chose a model."""


class Grouping(StrEnum):
    CAMPAIGN = "campaign"
    CHANNEL = "channel"
    SOURCE = "source"


def usual_days() -> int:
    """How many days before an order its touches earn, where nobody chose otherwise."""
    return int(settings.NOVA_ATTRIBUTION_DAYS)


@dataclass(frozen=True, slots=True)
class Scope:
    """The orders that are asked about: those of the shows of `period`, as in the profit by event.

    `days` is the window before an order; an empty `currency` means each of them apart.
    """

    period: Period
    show_type: ShowType | None = None
    currency: str = ""
    days: int = field(default_factory=usual_days)


@dataclass(frozen=True, slots=True)
class Credit:
    """What one group of touches earned in one currency, by model.

    `orders` are the placed ones in which a touch of the group earned a part: where a model shares,
    an order counts in each of its groups. `seats` are their valid seats; `first_time_buyers` those
    for whom it was the first placed order ever.
    """

    campaign_id: int | None
    label: str
    currency: str
    orders: int = 0
    seats: int = 0
    first_time_buyers: int = 0
    net_sales: Mapping[Model, Decimal] = field(default_factory=dict)

    def less(self, other: "Credit") -> "Credit":
        """What is left of it without `other`."""
        models = self.net_sales.items()
        return Credit(
            None,
            "",
            self.currency,
            self.orders - other.orders,
            self.seats - other.seats,
            self.first_time_buyers - other.first_time_buyers,
            {model: amount - other.net_sales.get(model, ZERO) for model, amount in models},
        )


@dataclass(frozen=True, slots=True)
class Attribution:
    """The credits of all groups, all there was to share, and what no touch earned, by currency."""

    credits: Sequence[Credit]
    whole: Mapping[str, Credit]
    unattributed: Mapping[str, Credit]


def attribute(
    scope: Scope, models: Sequence[Model], by: Grouping = Grouping.CAMPAIGN
) -> Attribution:
    """Shares the net sales of each order among the touches of its buyer before it.

    A touch earns if it lies at most `scope.days` days before the order, or at the same moment, and
    is neither an opened e-mail nor a source behind which no marketing stands. Touches of the same
    moment count in the order in which Nova noted them. What does not divide goes by rounding the
    running sum of the shares half up, so no cent is lost. One query.
    """
    sql, params = statement(
        events_of(scope.period, scope.show_type).order_by().values("pk"),
        days=scope.days,
        currency=scope.currency,
        by=by.value,
        models=[model.value for model in models],
    )
    found = list(_read(ask(sql, params), models))
    parts = {part: [credit for kind, credit in found if kind == part] for part, _ in found}
    touched = {credit.currency: credit for credit in parts.get("touched", [])}
    whole = {credit.currency: credit for credit in parts.get("whole", [])}
    left = {
        currency: credit.less(touched.get(currency, Credit(None, "", currency)))
        for currency, credit in whole.items()
    }
    return Attribution(parts.get("credit", []), whole, left)


def _read(rows: Sequence[Any], models: Sequence[Model]) -> Iterator[tuple[str, Credit]]:
    for part, campaign_id, label, currency, orders, seats, newcomers, *amounts in rows:
        earned = {
            model: from_minor(int(amount or 0), currency)
            for model, amount in zip(models, amounts, strict=True)
        }
        counts = (int(orders), int(seats), int(newcomers))
        yield part, Credit(campaign_id, label, currency, *counts, earned)
