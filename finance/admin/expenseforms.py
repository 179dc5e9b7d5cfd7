"""The forms of expenses: vendors by their names, new ones included."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from finance.models import Expense, Spread, Vendor
from finance.resources.sheet import ONLY_PLANS, is_plan
from finance.services.receipts import check_receipt
from nova_project.admin import AmountsForm, SuggestingTextInput
from nova_project.money import ZERO

_SUGGESTED_VENDORS = 500


class VendorField(forms.CharField):
    """A vendor by name. One that is not known yet is added when the form is saved."""

    def __init__(self, suggestions: Any = None, **kwargs: Any) -> None:
        widget = SuggestingTextInput(known_vendors if suggestions is None else suggestions)
        super().__init__(required=False, max_length=160, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.name if isinstance(value, Vendor) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "").strip()

    def clean(self, value: Any) -> Vendor | None:
        name = super().clean(value)
        if not name:
            return None
        found = Vendor.objects.filter(name=name).first()
        found = found or Vendor.objects.filter(name__iexact=name).order_by("pk").first()
        return found or Vendor(name=name)


def known_vendors() -> list[str]:
    """The vendors there are, by name."""
    return list(Vendor.objects.order_by("name").values_list("name", flat=True)[:_SUGGESTED_VENDORS])


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class ReceiptsField(forms.FileField):
    """Any number of files, each a receipt by its content."""

    def __init__(self) -> None:
        super().__init__(
            label="Add receipts",
            required=False,
            help_text="PDF, JPEG, PNG, WebP or HEIC, up to 10 MB each. Several at once are fine.",
            widget=FilesInput(
                attrs={"multiple": True, "accept": ".pdf,.jpg,.jpeg,.png,.webp,.heic,.heif"}
            ),
        )

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        uploads = data if isinstance(data, list | tuple) else [data] if data else []
        problems = []
        for upload in uploads:
            try:
                check_receipt(upload)
            except ValidationError as error:
                problems += error.error_list
        if problems:
            raise ValidationError(problems)
        return list(uploads)


class ExpenseForm(AmountsForm):
    """An expense whose vendor is typed, not looked up."""

    only_plans = False
    vendor = VendorField(
        help_text="Type a name; a new vendor is added by itself.",
    )
    new_receipts = ReceiptsField()

    class Meta:
        model = Expense
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.vendor_id:
            self.initial["vendor"] = self.instance.vendor
        for name in ("tax_amount", "spread", "category"):
            if name in self.fields:
                self.fields[name].required = False

    def clean(self) -> dict[str, Any] | None:
        """Where no category is chosen, the vendor's own stands in."""
        found = super().clean() or self.cleaned_data
        if "category" in self.fields and not found.get("category"):
            vendor = found.get("vendor")
            found["category"] = vendor.default_category if vendor else ""
            if not found["category"]:
                self.add_error("category", "Choose a category.")
        if self.only_plans and not is_plan(found):
            self.add_error("status", ONLY_PLANS)
        return found

    def clean_tax_amount(self) -> Decimal:
        return self.cleaned_data["tax_amount"] or ZERO

    def clean_spread(self) -> str:
        return self.cleaned_data["spread"] or Spread.EQUAL

    def save(self, commit: bool = True) -> Any:
        vendor = self.cleaned_data.get("vendor")
        if vendor is not None and vendor.pk is None:
            vendor.save()
            self.instance.vendor = vendor
        return super().save(commit)
