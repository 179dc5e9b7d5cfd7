"""The column of vendors: known ones by name, unknown ones added."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from finance.services.vendors import Vendors
from nova_project.imports.columns import TextWidget

_LONGEST = 160
_NAMED = 8


class VendorWidget(TextWidget):
    """A vendor by its name, in any case. One that Nova does not know yet stays its name, until the
    row is written. One query a run.
    """

    hint = "Whom you pay. Vendors that Nova does not know yet are added."

    def __init__(self) -> None:
        super().__init__(_LONGEST)
        self._spellings: dict[str, str] = {}

    @cached_property
    def vendors(self) -> Vendors:
        return Vendors()

    def clean(  # type: ignore[override]
        self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> int | str:
        name = super().clean(value, row, **kwargs)
        return self.vendors.find(name) or self._spellings.setdefault(name.casefold(), name)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value if isinstance(value, str) else self.vendors.names.get(value, "")


def will_be_added(names: set[str]) -> list[str]:
    """What the preview says of new vendors; nothing where there are none."""
    if not names:
        return []
    shown = ", ".join(f"“{name}”" for name in sorted(names)[:_NAMED])
    more = " …" if len(names) > _NAMED else ""
    number = "1 vendor is" if len(names) == 1 else f"{len(names):,} vendors are"
    return [f"{number} new and will be added with the rows: {shown}{more}."]
