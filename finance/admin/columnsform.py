"""The form that asks which heading of somebody's file is what, and how it writes its cells."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest

from finance.models import AmountStyle, StatementMapping
from finance.resources.recognising import (
    DELIMITERS,
    ENCODINGS,
    OF_BANKS,
    guess,
    guess_fields,
    headings_at,
    set_headings,
)
from finance.resources.statements import DATE_FORMATS, FIELDS, Opener

_KINDS = [(kind.value, kind.label) for kind in OF_BANKS]


class ColumnsForm(forms.Form):
    """Which heading of a file is what, and how it writes days and amounts.

    `names` are what a heading may hold, `needed` those of them that must be chosen.
    """

    names: ClassVar[dict[str, str]] = FIELDS
    needed: ClassVar[tuple[str, ...]] = ("booked_on", "amount")

    name = forms.CharField(max_length=80, label="Remember it as")
    kind = forms.ChoiceField(choices=_KINDS, label="The file is a")
    heading_row = forms.IntegerField(min_value=1, max_value=40, label="Row of the headings")
    delimiter = forms.ChoiceField(choices=list(DELIMITERS.items()), label="Cells are parted by")
    encoding = forms.ChoiceField(choices=list(ENCODINGS.items()), label="Encoding")
    date_format = forms.ChoiceField(choices=list(DATE_FORMATS.items()), label="Days look like")
    decimals = forms.ChoiceField(
        choices=[("point", "1,234.56"), ("comma", "1.234,56")], label="Amounts look like"
    )
    amount_style = forms.ChoiceField(choices=AmountStyle.choices, label="Amounts are in")
    debit_words = forms.CharField(max_length=120, required=False, label="Words for money that left")

    def __init__(self, headings: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        offered = [("", "–"), *((heading, heading) for heading in headings if heading)]
        for name, label in self.names.items():
            self.fields[f"column_{name}"] = forms.ChoiceField(
                choices=offered, required=False, label=label
            )

    def column_fields(self) -> list[forms.BoundField]:
        return [self[f"column_{name}"] for name in self.names]

    def other_fields(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("column_")]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        needed = {"two_columns": ["money_out"], "with_mark": ["mark"]}.get(
            found.get("amount_style", ""), []
        )
        for name in [*self.needed, *needed]:
            if not found.get(f"column_{name}"):
                self.add_error(f"column_{name}", f"{self.names[name]}: choose the heading.")
        return found

    def fill(self, mapping: StatementMapping) -> None:
        """Gives the mapping what the form says."""
        for name in ("name", "kind", "date_format", "amount_style"):
            if name in self.cleaned_data:
                setattr(mapping, name, self.cleaned_data[name])
        mapping.has_decimal_comma = self.cleaned_data["decimals"] == "comma"
        mapping.debit_words = self.cleaned_data.get("debit_words", "")
        mapping.fields = {
            name: self.cleaned_data[f"column_{name}"]
            for name in self.names
            if self.cleaned_data.get(f"column_{name}")
        }


def asked_columns(
    request: HttpRequest, open_file: Opener, form_class: type[ColumnsForm] = ColumnsForm
) -> tuple[StatementMapping, ColumnsForm]:
    """The mapping and its form: as guessed, or as the page says."""
    mapping = guess(open_file)
    if request.method != "POST":
        return mapping, form_class(mapping.headings, initial=_initial(mapping))
    shape = form_class([], request.POST)
    shape.full_clean()
    asked = [shape.cleaned_data.get(name) for name in ("heading_row", "delimiter", "encoding")]
    row, delimiter, encoding = asked
    mapping.delimiter, mapping.encoding = delimiter or mapping.delimiter, encoding or "utf-8-sig"
    mapping.heading_row = row or mapping.heading_row
    set_headings(mapping, mapping.heading_row, headings_at(open_file, mapping))
    given = request.POST.copy()
    chosen = [given.get(f"column_{name}") for name in form_class.names]
    if not any(heading in mapping.headings for heading in chosen if heading):
        mapping.fields = guess_fields(mapping.headings)
        given.update({f"column_{name}": heading for name, heading in mapping.fields.items()})
    return mapping, form_class(mapping.headings, given)


def _initial(mapping: StatementMapping) -> dict[str, Any]:
    names = ("name", "kind", "heading_row", "delimiter", "encoding", "date_format")
    initial = {name: getattr(mapping, name) for name in (*names, "amount_style", "debit_words")}
    initial["decimals"] = "comma" if mapping.has_decimal_comma else "point"
    return initial | {f"column_{name}": heading for name, heading in mapping.fields.items()}
