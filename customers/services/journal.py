"""Changes of rows that can be taken back: what each held before, and what it holds since."""

from collections import defaultdict
from collections.abc import Collection
from contextlib import nullcontext
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from nova_project.bulk import recorded

Step = dict[str, Any]


class Journal:
    """What was done, as plain data: a step for rows that changed alike, or for a row that went."""

    def __init__(self, reason: str) -> None:
        """`reason` is what staff read in the history of the rows."""
        self.reason = reason
        self.steps: list[Step] = []

    def change(
        self, rows: models.QuerySet[Any], values: dict[str, Any], *, loose: Collection[str] = ()
    ) -> None:
        """Sets `values` (by attribute, such as `customer_id`) in all of `rows`.

        A row in which one of them is another by the time of the undo stays as it is; those in
        `loose` may have moved on. Two queries, and two more where the model keeps a history.
        """
        model = rows.model
        groups: dict[str, tuple[list[Any], list[Any]]] = {}
        for pk, *before in rows.order_by("pk").values_list("pk", *values):
            told = [plain(value) for value in before]
            groups.setdefault(repr(told), (told, []))[1].append(pk)
        after = {name: plain(value) for name, value in values.items()}
        for told, pks in groups.values():
            before_values = dict(zip(values, told, strict=True))
            if before_values == after:
                continue
            self.steps.append(
                {
                    "model": model._meta.label,
                    "pks": pks,
                    "before": before_values,
                    "after": after,
                    "loose": sorted(loose),
                }
            )
            _update(model, pks, values, self.reason)

    def remove(self, rows: models.QuerySet[Any]) -> None:
        """Deletes `rows`, which nothing points to any more; the undo makes them again."""
        names = [f.attname for f in rows.model._meta.concrete_fields]
        for row in rows.order_by("pk"):
            values = {name: plain(getattr(row, name)) for name in names}
            self.steps.append({"model": rows.model._meta.label, "removed": values})
            row.delete()


def take_back(steps: list[Step], reason: str) -> dict[str, int]:
    """Undoes the steps, the last first; returns how many rows stay as they are, by kind.

    Rows stay that changed since, and those whose place somebody took.
    """
    left: dict[str, int] = defaultdict(int)
    for step in reversed(steps):
        model = apps.get_model(step["model"])
        kind = str(model._meta.verbose_name_plural)
        if "removed" in step:
            left[kind] += not _restore(model, step["removed"])
        else:
            left[kind] += _change_back(model, step, reason)
    return {kind: number for kind, number in left.items() if number}


def plain(value: Any) -> Any:
    """A value as JSON holds it, to the last digit."""
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value


def _change_back(model: type[models.Model], step: Step, reason: str) -> int:
    """Returns how many rows were changed since, or are gone."""
    strict = {n: v for n, v in step["after"].items() if n not in step["loose"]}
    rows = model._base_manager.filter(pk__in=step["pks"]).values_list("pk", *strict)
    same = [pk for pk, *held in rows if [plain(value) for value in held] == list(strict.values())]
    values = {name: _revived(model, name, value) for name, value in step["before"].items()}
    try:
        with transaction.atomic():
            _update(model, same, values, reason)
    except IntegrityError:
        return len(step["pks"])
    return len(step["pks"]) - len(same)


def _restore(model: type[models.Model], values: dict[str, Any]) -> bool:
    row = model(**{name: _revived(model, name, value) for name, value in values.items()})
    try:
        with transaction.atomic():
            row.save_base(raw=True, force_insert=True)
    except IntegrityError:
        return False
    return True


def _revived(model: type[models.Model], name: str, value: Any) -> Any:
    fields = {f.attname: f for f in model._meta.concrete_fields}
    field = fields[name]
    return value if isinstance(field, models.JSONField) else field.to_python(value)


def _update(model: type[models.Model], pks: list[Any], values: dict[str, Any], reason: str) -> None:
    stamp = {"updated_at": timezone.now()} if _has(model, "updated_at") else {}
    told = recorded(model, pks, reason) if hasattr(model, "history") else nullcontext()
    with told:
        model._base_manager.filter(pk__in=pks).update(**values, **stamp)


def _has(model: type[models.Model], name: str) -> bool:
    return any(f.attname == name for f in model._meta.concrete_fields)
