"""What both sides hold, without what two runs may rightly differ in: row ids, times of writing.

Every model of the apps is walked, so one that is added is compared from that day on.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.request import urlopen

OURS = ("events", "customers", "finance", "integrations")
RUNS = {"SyncRun", "Cursor", "Problem", "RemoteWrite"}
"""What tells of the way, not of where it led."""
TIMES = {
    "id",
    "created_at",
    "updated_at",
    "known_at",
    "pushed_at",
    "remote_changed_at",
    "local_changed_at",
    "is_push_due",
    "is_rollup_due",
}
HOW = {"rule", "evidence"}
"""How a link was found: after a kill Nova meets a contact that it made as it meets any other."""
STAMPS = {
    "hs_object_id",
    "createdate",
    "lastmodifieddate",
    "hs_lastmodifieddate",
    "hs_calculated_merged_vids",
}
REMOTE = ("contacts", "deals", "lists")

State = dict[str, Counter[str]]


def remote_rows(url: str, kind: str) -> list[dict[str, Any]]:
    """All objects of a kind in the sandbox."""
    rows = json.load(urlopen(f"{url}/__sandbox__/dump/{kind}"))
    return list(rows)


def remote_state(url: str) -> State:
    """HubSpot's side."""
    return {f"HubSpot {kind}": _counted(remote_rows(url, kind)) for kind in REMOTE}


def _counted(rows: list[dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        values = row.get("properties") or {"name": row.get("name")}
        kept = {k: v for k, v in values.items() if k not in STAMPS and v not in (None, "")}
        kept["archived"] = bool(row.get("archived"))
        found[json.dumps(kept, sort_keys=True)] += 1
    return found


def local_state(url: str, since: datetime) -> State:
    """Nova's side. Ids of HubSpot are read as the addresses or names that they stand for, and times
    from `since` on, when the rounds began, as one time."""
    from django.apps import apps

    names = {
        str(row["id"]): str((row.get("properties") or {}).get(key) or row["id"])
        for kind, key in (("contacts", "email"), ("deals", "dealname"))
        for row in remote_rows(url, kind)
    }
    reader = _Reader(names, since)
    models = [m for app in OURS for m in apps.get_app_config(app).get_models()]
    found = {
        m.__name__: Counter(reader.line(row) for row in m._default_manager.all())
        for m in models
        if m.__name__ not in RUNS and not m.__name__.startswith("Historical")
    }
    return found | {"Open problems": _open_problems()}


def _open_problems() -> Counter[str]:
    from integrations.models import Problem

    return Counter(Problem.objects.open().values_list("code", flat=True))


class _Reader:
    """Writes a row as text without ids."""

    def __init__(self, names: Mapping[str, str], since: datetime) -> None:
        self._names, self._since = names, since
        self._keys: dict[tuple[str, Any], str] = {}

    def line(self, row: Any) -> str:
        values = {
            field.name: self._value(row, field)
            for field in row._meta.concrete_fields
            if field.name not in TIMES | HOW
        }
        if values.pop("pair", ""):  # two customers, the one with the lower row id first
            both = (values["customer"], values["other"])
            values["customer"], values["other"] = sorted(both, key=str)
        return json.dumps(values, sort_keys=True, default=str)

    def _value(self, row: Any, field: Any) -> Any:
        value = getattr(row, field.attname)
        if field.is_relation:
            return None if value is None else self._key(getattr(row, field.name))
        if field.name == "archived_at":
            return value is not None
        if field.name in ("seen", "before", "after") and isinstance(value, dict):
            return {k: v for k, v in value.items() if k not in STAMPS}
        if isinstance(value, datetime) and value >= self._since:
            return "meanwhile"
        return self._names.get(value, value) if isinstance(value, str) else value

    def _key(self, row: Any) -> str:
        """What names a row for a person: its id on Eventbrite, its address, or its own values."""
        place = (row._meta.label, row.pk)
        if place not in self._keys:
            self._keys[place] = self._made_key(row)
        return self._keys[place]

    def _made_key(self, row: Any) -> str:
        if own := getattr(row, "eventbrite_id", None) or getattr(row, "hubspot_id", None):
            return self._names.get(own, own)
        if hasattr(row, "addresses"):
            addresses = row.addresses.order_by("-is_primary", "address")
            return ";".join(addresses.values_list("address", flat=True)) or str(row)
        return str(row)


def differences(expected: State, found: State) -> list[str]:
    """What is missing, what is too much, and in what alike rows differ: a line each."""
    told = []
    for kind in sorted({*expected, *found}):
        wanted, there = expected.get(kind, Counter()), found.get(kind, Counter())
        missing = list((wanted - there).elements())
        surplus = list((there - wanted).elements())
        for line in missing:
            twin = max(surplus, key=lambda other: _alike(line, other), default=None)
            if twin is None or _alike(line, twin) < 0.5:
                told.append(f"{kind}: missing {line}")
            else:
                surplus.remove(twin)
                told.append(f"{kind}: {_apart(line, twin)}")
        told += [f"{kind}: too much {line}" for line in surplus]
    return told


def _fields(line: str) -> dict[str, str]:
    """The values of a row, those within values too."""
    try:
        row = json.loads(line)
    except ValueError:
        return {"": line}
    flat: dict[str, str] = {}
    for name, value in row.items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        flat |= {f"{name} {part}".strip(): str(one) for part, one in inner}
    return flat


def _alike(line: str, other: str) -> float:
    """The share of values that two rows have in common."""
    one, two = set(_fields(line).items()), set(_fields(other).items())
    return len(one & two) / max(len(one), len(two))


def _apart(line: str, other: str) -> str:
    one, two = _fields(line), _fields(other)
    names = sorted(name for name in {*one, *two} if one.get(name) != two.get(name))
    about = [two[name] for name in ("email", "address", "eventbrite_id", "customer") if name in two]
    changed = "; ".join(f"{n} {one.get(n, '-')!r} became {two.get(n, '-')!r}" for n in names)
    return f"{' '.join(about[:1])}: {changed}"
