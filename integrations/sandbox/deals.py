"""HubSpot's deals and their pipelines: a deal's stage must exist, and decides whether it is won."""

from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.crm import Crm, stamped
from integrations.sandbox.properties import BORN, READ_ONLY, BadValue, MissingValue, definition
from integrations.sandbox.store import Row

DEFAULT_PIPELINE = "default"
SALES_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
FIRST_PIPELINE, FIRST_STAGE = 756_120_011, 1_088_210_013
GROUPS = {"dealinformation": "Deal information"}
# name, type, field type; `readonly` last where HubSpot alone writes it.
PROPERTIES = """
dealname string text
dealstage enumeration radio
pipeline enumeration select
amount number number
closedate datetime date
dealtype enumeration radio
description string textarea
deal_currency_code enumeration select
hubspot_owner_id enumeration select
hs_priority enumeration select
hs_object_id number number readonly
createdate datetime date readonly
hs_lastmodifieddate datetime date readonly
hs_is_closed bool booleancheckbox readonly
hs_is_closed_won bool booleancheckbox readonly
hs_deal_stage_probability number number readonly
hs_merged_object_ids string text readonly
num_associated_contacts number number readonly
"""
OPTIONS = {
    "dealtype": ["newbusiness", "existingbusiness"],
    "deal_currency_code": ["EUR", "JPY", "USD", "GBP"],
    "hs_priority": ["low", "medium", "high"],
}
ELSEWHERE = ("dealstage", "pipeline", "hubspot_owner_id")


def deal_definitions() -> list[Row]:
    """The deal properties of a new portal."""
    rows = []
    for line in PROPERTIES.strip().splitlines():
        name, kind, field_type, *rest = line.split()
        more = {"options": OPTIONS.get(name, []), "read_only": READ_ONLY in rest}
        more |= {"groupName": "dealinformation", "externalOptions": name in ELSEWHERE}
        rows.append(definition("deals", name, kind, field_type, **more))
    return rows


def stage(stage_id: str, label: str, order: int, metadata: dict[str, str], at: str) -> Row:
    """A stage as the API shows it; metadata values are text."""
    return {
        "id": stage_id,
        "label": label,
        "displayOrder": order,
        "metadata": metadata,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
    }


def stage_metadata(probability: Any, is_closed: Any = None) -> dict[str, str]:
    """A stage's metadata; 0 and 1 close a deal unless told otherwise. Raises ValueError."""
    try:
        share = Decimal(str(probability))
    except InvalidOperation as error:
        raise ValueError(f"probability must be a number, was {probability}") from error
    if not 0 <= share <= 1:
        raise ValueError(f"probability must be between 0.0 and 1.0, was {probability}")
    closes = share in (0, 1) if is_closed is None else str(is_closed).lower() == "true"
    return {"isClosed": str(closes).lower(), "probability": str(float(share))}


class Deals(Crm):
    """Builders of deals and pipelines, and the rules of a deal."""

    def found_deals(self) -> None:
        """What every portal has of deals from the first day."""
        for name, label in GROUPS.items():
            row = {"id": f"deals/{name}", "name": name, "label": label}
            self.store.put("groups", row | {"displayOrder": -1, "archived": False})
        for row in deal_definitions():
            self.store.put("properties", row)
        self.add_pipeline("Sales Pipeline", list(SALES_STAGES), id=DEFAULT_PIPELINE, at=BORN)

    def add_pipeline(
        self,
        label: str,
        stages: list[tuple[str, str, str]],
        *,
        id: str = "",
        order: int = 0,
        at: str = "",
    ) -> Row:
        """A pipeline of stages (id or "", label, probability); 0.0 is lost and 1.0 won."""
        at = at or in_milliseconds(self.clock.now())
        numbers = iter(range(self._next_stage(), self._next_stage() + len(stages)))
        made = [
            stage(stage_id or str(next(numbers)), name, place, stage_metadata(share), at)
            for place, (stage_id, name, share) in enumerate(stages)
        ]
        row = {"id": id or self._next_pipeline(), "label": label, "displayOrder": order}
        row |= {"stages": made, "createdAt": at, "updatedAt": at, "archived": False}
        return self.store.put("pipelines", row)

    def add_stage(self, pipeline_id: str, label: str, order: int, metadata: dict[str, str]) -> Row:
        """A further stage of a pipeline. Raises KeyError."""
        pipeline = self.store.tables["pipelines"].rows[pipeline_id]
        at = in_milliseconds(self.clock.now())
        row = stage(str(self._next_stage()), label, order, metadata, at)
        stages = sorted([*pipeline["stages"], row], key=lambda one: one["displayOrder"])
        self.store.put("pipelines", pipeline | {"stages": stages, "updatedAt": at})
        return row

    def change_stage(self, pipeline_id: str, stage_id: str, changes: dict[str, Any]) -> Row:
        """Changes a stage; its deals become won, lost or open with it. Raises KeyError."""
        pipeline = self.store.tables["pipelines"].rows[pipeline_id]
        at = in_milliseconds(self.clock.now())
        changed = {one["id"]: one for one in pipeline["stages"]}
        changed[stage_id] = changed[stage_id] | changes | {"updatedAt": at}
        stages = sorted(changed.values(), key=lambda one: one["displayOrder"])
        self.store.put("pipelines", pipeline | {"stages": stages, "updatedAt": at})
        if "metadata" in changes:
            for row in list(self.store.tables["deals"]):
                if row["properties"].get("dealstage") == stage_id and not row["archived"]:
                    self._save("deals", row, _figures(changed[stage_id]), at)
        return changed[stage_id]

    def _next_pipeline(self) -> str:
        return str(max(self.store.tables["pipelines"].top + 1, FIRST_PIPELINE))

    def _next_stage(self) -> int:
        ids = [one["id"] for row in self.store.tables["pipelines"] for one in row["stages"]]
        return max([FIRST_STAGE - 1, *(int(one) for one in ids if one.isdecimal())]) + 1

    def find_stage(self, pipeline_id: str, stage_id: str) -> Row | None:
        """A stage of a pipeline that is in use."""
        pipeline = self.store.tables["pipelines"].get(pipeline_id)
        stages = pipeline["stages"] if pipeline and not pipeline["archived"] else []
        return next((one for one in stages if one["id"] == stage_id), None)

    def add_deal(
        self, name: str = "Venue hire", stage: str = "appointmentscheduled", **values: Any
    ) -> Row:
        """A deal, checked like a write but free to fill read-only properties.

        `createdate` and `hs_lastmodifieddate` (datetime or text) say when; the default is now.
        """
        made = values.pop("createdate", None) or self.clock.now()
        moved = values.pop("hs_lastmodifieddate", None) or made
        given = {"dealname": name, "dealstage": stage, **values}
        given = {key: stamped(value) for key, value in given.items() if value is not None}
        changes = self.checked("deals", given, None, read_only=True)
        return self._insert("deals", changes, stamped(made), stamped(moved))

    def edit_deal(self, record_id: str, **values: Any) -> Row:
        """A change made by somebody in HubSpot; read-only properties included."""
        return self._edit_freely("deals", record_id, values)

    def checked(
        self, kind: str, given: dict[str, Any], row: Row | None, *, read_only: bool = False
    ) -> dict[str, str]:
        """As for any record; a deal must also have a name and a stage of its pipeline."""
        changes = super().checked(kind, given, row, read_only=read_only)
        return self._with_stage(changes, row) if kind == "deals" else changes

    def _with_stage(self, changes: dict[str, str], row: Row | None) -> dict[str, str]:
        values = (row["properties"] if row else {}) | changes
        values["pipeline"] = values.get("pipeline") or DEFAULT_PIPELINE
        for name in ("dealname", "dealstage"):
            if not values.get(name) and (row is None or name in changes):
                raise MissingValue(name, "REQUIRED_FIELD", f"{name} is required")
        if row is not None and not changes.keys() & {"dealstage", "pipeline"}:
            return changes
        pipeline = self.store.tables["pipelines"].get(values["pipeline"])
        if pipeline is None or pipeline["archived"]:
            known = [one["id"] for one in self.store.tables["pipelines"] if not one["archived"]]
            raise _no_option("pipeline", values["pipeline"], known)
        found = self.find_stage(values["pipeline"], values["dealstage"])
        if found is None:
            known = [one["id"] for one in pipeline["stages"]]
            raise _no_option("dealstage", values["dealstage"], known)
        return changes | {"pipeline": values["pipeline"]} | _figures(found)


def _no_option(name: str, value: str, known: list[str]) -> BadValue:
    message = f"{value} was not one of the allowed options: {known}"
    return BadValue(name, "INVALID_OPTION", message)


def _figures(found: Row) -> dict[str, str]:
    """What a stage says of its deals."""
    metadata = found["metadata"]
    won = metadata["isClosed"] == "true" and Decimal(metadata["probability"]) == 1
    return {
        "hs_is_closed": metadata["isClosed"],
        "hs_is_closed_won": str(won).lower(),
        "hs_deal_stage_probability": metadata["probability"],
    }
