"""The five models beside each other, and what another model or window would move."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from finance.services.attribution import USUAL_MODEL, Model, Scope, usual_days
from finance.services.campaigns import Amounts, Marketing, WholeMarketing, marketing
from nova_project.money import ZERO

_EVERY = (USUAL_MODEL, *(model for model in Model if model is not USUAL_MODEL))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsBeside:
    """What a campaign earned in one currency under each model, in the usual window.

    `tried` is what it would earn under the model and window on trial.
    """

    name: str
    currency: str
    campaign_id: int | None = None
    channel: str = ""
    is_rest: bool = False
    spend: Decimal = ZERO
    amounts: Amounts = field(default_factory=dict)
    tried: Decimal = ZERO
    whole: WholeMarketing | None = None

    @property
    def first(self) -> Decimal:
        return self.amounts.get(Model.FIRST, ZERO)

    @property
    def last(self) -> Decimal:
        return self.amounts.get(Model.LAST, ZERO)

    @property
    def linear(self) -> Decimal:
        return self.amounts.get(Model.LINEAR, ZERO)

    @property
    def position(self) -> Decimal:
        return self.amounts.get(Model.POSITION, ZERO)

    @property
    def decay(self) -> Decimal:
        return self.amounts.get(Model.DECAY, ZERO)

    @property
    def present(self) -> Decimal:
        """Under the usual model and window."""
        return self.amounts.get(USUAL_MODEL, ZERO)

    @property
    def shift(self) -> Decimal:
        """What it would gain, or lose if negative."""
        return self.tried - self.present


def is_trial(model: Model, days: int) -> bool:
    """Is anything other than usual asked for?"""
    return model is not USUAL_MODEL or days != usual_days()


def models_beside(scope: Scope, model: Model = USUAL_MODEL) -> list[ModelsBeside]:
    """Each campaign under all models in the usual window, and under `model` in that of `scope`.

    Rows and order as in `marketing`; Σ shift of a currency is zero. Six queries; twelve where the
    window is another.
    """
    usual = marketing(replace(scope, days=usual_days()), _EVERY)
    tried = usual if scope.days == usual_days() else marketing(scope, [model])
    amounts = {_key(row): row.amounts[model] for row in tried}
    rows = [_beside(row, amounts.pop(_key(row), ZERO)) for row in usual]
    new = [
        _beside(replace(row, amounts={}), amounts[_key(row)])
        for row in tried
        if _key(row) in amounts
    ]
    efforts = [row for row in rows if not row.is_rest]
    return [*efforts, *new, *(row for row in rows if row.is_rest)]


def beside_totals(rows: Iterable[ModelsBeside]) -> list[ModelsBeside]:
    """The sums of `rows`, a row per currency, in their order."""
    by_currency: dict[str, list[ModelsBeside]] = defaultdict(list)
    for row in rows:
        by_currency[row.currency].append(row)
    return [_total(currency, found) for currency, found in by_currency.items()]


def _total(currency: str, rows: Sequence[ModelsBeside]) -> ModelsBeside:
    return ModelsBeside(
        name="",
        currency=currency,
        spend=sum((row.spend for row in rows), ZERO),
        amounts={m: sum((row.amounts.get(m, ZERO) for row in rows), ZERO) for m in Model},
        tried=sum((row.tried for row in rows), ZERO),
    )


def _key(row: Marketing) -> tuple[str, int | None, str]:
    return row.currency, row.campaign_id, row.name


def _beside(row: Marketing, tried: Decimal) -> ModelsBeside:
    return ModelsBeside(
        name=row.name,
        currency=row.currency,
        campaign_id=row.campaign_id,
        channel=row.channel,
        is_rest=row.is_rest,
        spend=row.spend or ZERO,
        amounts=row.amounts,
        tried=tried,
        whole=row.whole,
    )
