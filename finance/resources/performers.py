"""Performers as files show them."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError

from finance.models import Performer
from nova_project.imports.columns import Column, TextWidget
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import Row


class PerformerResource(BulkResource):
    """Performers by their name. How they are paid is in no file."""

    key = "name"
    noun = "performer"
    key_words = "A performer is found by the name."

    name = Column("name", TextWidget(160), is_required=True, example="The Foxes")
    email = Column("email", TextWidget(254), example="foxes@example.org")

    class Meta:
        model = Performer

    def identify(self, rows: Sequence[Row]) -> None:
        """A name in other case is the same performer."""
        known = {name.casefold(): name for name in Performer.objects.values_list("name", flat=True)}
        for row in rows:
            if name := row.given.get("name"):
                row.key = row.given["name"] = known.setdefault(name.casefold(), name)

    def check(self, row: Row) -> None:
        try:
            Performer(name=row.new["name"] or "?", email=row.new["email"]).clean_fields()
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                row.refuse(self.heading(field), " ".join(messages))
