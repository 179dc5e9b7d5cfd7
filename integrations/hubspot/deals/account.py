"""What a HubSpot account has for deals: pipelines, stages, currencies. Three requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from finance.models import ExpenseStatus
from integrations.hubspot.client import DEALS, HubSpotClient, Record

EXPENSES, SALES = "Nova expenses", "Nova ticket sales"
"""Nova's two pipelines; they are found by these labels."""
CANCELLED = "Cancelled"
STATUSES = {status.label: str(status) for status in ExpenseStatus}
"""Stages of the expenses, and the status that each stands for."""
PAID, REFUNDED = "Paid", "Refunded"
CURRENCY = "deal_currency_code"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline and the labels of its stages by id."""

    id: str
    label: str
    stages: Mapping[str, str]

    def stage(self, label: str) -> str:
        """The id of the stage with this label, "" where there is none."""
        return next((pk for pk, name in self.stages.items() if name == label), "")


@dataclass(frozen=True, slots=True)
class Account:
    """The account as a run finds it. `currency` is the one of deals that name none."""

    currency: str
    pipelines: Mapping[str, Pipeline]
    properties: Mapping[str, Record] = field(default_factory=dict)

    def pipeline(self, label: str) -> Pipeline | None:
        """The pipeline with this label."""
        return next((one for one in self.pipelines.values() if one.label == label), None)

    @property
    def has_currencies(self) -> bool:
        """May deals bear a currency of their own?"""
        return CURRENCY in self.properties

    def knows(self, currency: str) -> bool:
        """May a deal be in this currency?"""
        if currency == self.currency:
            return True
        options = self.properties.get(CURRENCY, {}).get("options") or []
        return any(option.get("value") == currency for option in options)


def read_account(client: HubSpotClient) -> Account:
    """Raises NotAllowed: the token may not read deals."""
    pipelines = (
        Pipeline(
            str(one["id"]),
            str(one["label"]),
            {str(stage["id"]): str(stage["label"]) for stage in one["stages"]},
        )
        for one in client.pipelines()
    )
    return Account(
        str(client.account().get("companyCurrency") or ""),
        {one.id: one for one in pipelines},
        client.properties(DEALS),
    )
