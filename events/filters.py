"""How pages and reports ask for a show type."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from events.models import ShowType

NO_SHOW_TYPE = ShowType(name="No show type")
"""Stands for the events that no rule and no person has given a type. Never saved."""
NONE = "none"
"""How the address asks for the events without a show type."""


class ShowTypeField(forms.Field):
    """A show type by its id or name; nothing for all, `none` for events without one."""

    widget = forms.Select

    def __init__(self) -> None:
        super().__init__(label="Show type", required=False)
        self.show_types: list[ShowType] = []

    def offer(self, show_types: list[ShowType]) -> None:
        self.show_types = show_types
        named = [(str(show_type.pk), show_type.name) for show_type in show_types]
        self.widget.choices = [("", "All"), *named, (NONE, NO_SHOW_TYPE.name)]

    def to_python(self, value: Any) -> ShowType | None:
        asked = str(value or "").strip()
        if not asked:
            return None
        if asked == NONE:
            return NO_SHOW_TYPE
        for show_type in self.show_types:
            if asked == str(show_type.pk) or asked.casefold() == show_type.name.casefold():
                return show_type
        raise ValidationError(
            f"Show type: there is none called “{asked}”. Choose one of the list.",
            code="unknown_show_type",
        )
