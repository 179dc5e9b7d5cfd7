"""The form of a follow-up: what is typed is checked before it can go to anybody."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from customers.models import Carrier, FollowUp
from customers.models.followups import EVERY_DAY
from customers.services.followups.wording import check_body, check_subject
from nova_project.admin import Checkboxes

_WEEKDAYS = (
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("7", "Sunday"),
)


class FollowUpForm(forms.ModelForm):
    """A follow-up as staff type it. An e-mail needs a subject and a text with a way out."""

    weekdays = forms.MultipleChoiceField(choices=_WEEKDAYS, widget=Checkboxes())

    class Meta:
        model = FollowUp
        fields = ("name", "carrier", "subject", "body", "weekdays")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["weekdays"] = list(self.instance.weekdays or EVERY_DAY)
        for name in {"send_from", "send_until"} & self.fields.keys():
            self.fields[name].widget.format = "%H:%M"

    def clean_weekdays(self) -> str:
        return "".join(sorted(self.cleaned_data["weekdays"]))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if found.get("carrier") == Carrier.MAIL:
            for name, check in (("subject", check_subject), ("body", check_body)):
                try:
                    check(found.get(name) or "")
                except ValidationError as error:
                    self.add_error(name, error)
        return found
