"""The empty portal of the HubSpot tests, and Nova connected to it."""

from tests.integrations.hubspot.conftest import (
    client,
    definitions,
    patience,
    portal,
    sandbox,
    sync,
    world,
)

__all__ = ["client", "definitions", "patience", "portal", "sandbox", "sync", "world"]
