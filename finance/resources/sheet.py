"""Expenses typed or pasted into a table on a page: read, checked and written as those of a file."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from finance.resources.expenses import ExpenseResource
from nova_project.imports.history import record
from nova_project.imports.rows import Row

COLUMNS = (
    "spent_on",
    "category",
    "event_id",
    "amount",
    "currency",
    "tax_amount",
    "vendor_id",
    "status",
    "basis",
    "note",
)
"""The columns of the table, in the order of its cells."""

CARRIED = ("spent_on", "category", "event_id", "currency", "status", "basis")
"""Those that a row takes over from the row above it. Alone they make no row."""

MOST_ROWS = 300


@dataclass(slots=True)
class SheetRow:
    """A row as it was typed. `problems` are sentences by column, "" for the whole row."""

    number: int
    cells: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        return not any(text for name, text in self.cells.items() if name not in CARRIED)


class SheetResource(ExpenseResource):
    """Says in the history where the rows come from."""

    def record(
        self, pks: Collection[int], *, is_new: bool, model: type[models.Model] | None = None
    ) -> None:
        record(
            model or self.model,
            pks,
            is_new=is_new,
            user_id=self.user_id,
            reason="Entered in the sheet",
        )


@transaction.atomic
def enter_sheet(
    rows: Sequence[SheetRow], *, token: str, user_id: int | None, only_plans: bool = False
) -> tuple[int, list[SheetRow]]:
    """Saves the good rows and returns how many, and the bad ones with what is wrong with each.

    `token` is the page's own: the same page sent twice enters its rows once. With `only_plans`
    only planned costs and budgets are taken.
    """
    resource = SheetResource(user_id=user_id)
    resource.accept(["Reference", *(resource.heading(name) for name in COLUMNS)])
    given = {row.number: row for row in rows if not row.is_blank}
    planned = [
        Row(number, [f"S-{token}-{number}", *(row.cells.get(name, "") for name in COLUMNS)])
        for number, row in given.items()
    ]
    resource.plan(planned, lock=True)
    for row in planned:
        if only_plans and row.new and not is_plan(row.new):
            row.refuse(resource.heading("status"), ONLY_PLANS)
    good = [row for row in planned if not row.problems]
    resource.write([row for row in good if row.is_new or row.is_changed])
    resource.finish()
    names = {resource.heading(name): name for name in COLUMNS}
    bad = []
    for row in planned:
        if row.problems:
            entered = given[row.number]
            for heading, message in row.problems:
                entered.problems.setdefault(names.get(heading, ""), message)
            bad.append(entered)
    return len(good), bad


ONLY_PLANS = "You may enter planned costs and budgets: choose Planned, or Budget."


def is_plan(values: dict[str, Any]) -> bool:
    """Is a cost with these values one that a producer may enter?"""
    return values.get("status") == "planned" or values.get("basis") == "budget"
