"""What an account lacks of what Nova needs, in words for staff, and how to mend it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from integrations.hubspot.client import HubSpotClient, Record


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that Nova needs and the account lacks; `mend` is None where only staff can."""

    name: str
    text: str
    mend: Callable[[HubSpotClient], None] | None = None


def option(value: str, place: int, label: str = "") -> Record:
    """An option of an enumeration; the label is the value where it has no other."""
    return {"label": label or value, "value": value, "displayOrder": place, "hidden": False}


def property_gaps(
    kind: str, definitions: Mapping[str, Record], properties: Mapping[str, Record]
) -> Iterator[Gap]:
    """The properties of a kind of object that are missing, or are there in another shape."""
    for name, wanted in definitions.items():
        title = f"{kind.removesuffix('s')} property {name}"
        found = properties.get(name)
        if found is None:
            mend = partial(_create, kind=kind, definition=wanted)
            yield Gap(title, f"The {title} is missing.", mend)
        elif (found["type"], found["fieldType"]) != (wanted["type"], wanted["fieldType"]):
            yield Gap(
                title,
                f"The {title} is {found['type']} ({found['fieldType']}) and must "
                f"be {wanted['type']} ({wanted['fieldType']}). Rename or delete it in HubSpot.",
            )
        elif wanted.get("hasUniqueValue") and not found.get("hasUniqueValue"):
            text = f"The {title} must hold unique values, which cannot be changed. Delete it in "
            yield Gap(title, f"{text}HubSpot.")
        else:
            yield from _option_gaps(kind, wanted, found)


def _create(client: HubSpotClient, kind: str, definition: Record) -> None:
    client.create_property(kind, definition)


def _option_gaps(kind: str, wanted: Record, found: Record) -> Iterator[Gap]:
    """The options that are missing; the others stay as they are."""
    name, there = wanted["name"], list(found.get("options") or [])
    values = {one["value"] for one in there}
    lacking = [one for one in wanted.get("options", ()) if one["value"] not in values]
    if lacking:
        listed = ", ".join(one["label"] for one in lacking)
        added = [one | {"displayOrder": len(there) + n} for n, one in enumerate(lacking)]
        yield Gap(
            f"option {listed} of {name}",
            f"The {kind.removesuffix('s')} property {name} lacks the option {listed}.",
            lambda client: client.set_options(kind, name, there + added),
        )
