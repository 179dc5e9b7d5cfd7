"""A portal that is set up for deals, and short ways to enter and look at them."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.hubspot.client import HubSpotClient
from integrations.hubspot.deals.account import EXPENSES, SALES
from integrations.sandbox.app import Sandbox
from integrations.sandbox.world import World
from tests.integrations.hubspot.conftest import Definitions, defined

Row = dict[str, Any]


@pytest.fixture
def client(client: HubSpotClient, settings: Any) -> HubSpotClient:
    """Nova's line to the portal, all deals kept in step."""
    settings.HUBSPOT_DEALS = "all"
    return client


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    return defined(tmp_path_factory.mktemp("portal"), HUBSPOT_DEALS="all")


@pytest.fixture
def pipeline(world: World, portal: Sandbox) -> Callable[[str], Row]:
    """A pipeline of the portal by its label: its id, and its stages by label."""

    def find(label: str) -> Row:
        row = next(row for row in world.dump("pipelines") if row["label"] == label)
        return {"id": row["id"], "stages": {one["label"]: one["id"] for one in row["stages"]}}

    return find


@pytest.fixture
def enter(world: World, pipeline: Callable[[str], Row]) -> Callable[..., Row]:
    """Enters a deal in the pipeline of expenses, as staff do in HubSpot."""

    def add(stage: str = "Paid", **values: Any) -> Row:
        home = pipeline(EXPENSES)
        defaults = {
            "name": "Sound hire",
            "amount": "250.50",
            "closedate": "2026-03-02T22:30:00Z",
            "nova_expense_category": "production",
        }
        stages = {"pipeline": home["id"], "stage": home["stages"][stage]}
        return world.add_deal(**defaults | stages | values)

    return add


@pytest.fixture
def deals(world: World, pipeline: Callable[[str], Row]) -> Callable[[str], list[Row]]:
    """The properties of the live deals of a pipeline, the stage by its label; Nova's alone."""

    def dump(label: str) -> list[Row]:
        home = pipeline(label)
        stages = {pk: name for name, pk in home["stages"].items()}
        return [
            {
                name: stages[value] if name == "dealstage" else value
                for name, value in row["properties"].items()
                if not name.startswith("hs_") and name not in ("createdate", "pipeline")
            }
            for row in world.dump("deals")
            if row["properties"]["pipeline"] == home["id"] and not row["archived"]
        ]

    return dump


@pytest.fixture
def expenses(deals: Callable[[str], list[Row]]) -> Callable[[], list[Row]]:
    return lambda: deals(EXPENSES)


@pytest.fixture
def sales(deals: Callable[[str], list[Row]]) -> Callable[[], list[Row]]:
    return lambda: deals(SALES)
