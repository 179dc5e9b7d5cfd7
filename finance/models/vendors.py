"""Who is paid."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from finance.models.categories import Category
from nova_project.models import Timestamped


class Vendor(Timestamped):
    """A house, firm or person that the organiser pays."""

    name = models.CharField(
        max_length=160,
        unique=True,
        error_messages={"unique": "There is already a vendor of this name."},
    )
    email = models.EmailField("e-mail", blank=True)
    tax_id = models.CharField(
        "tax id", max_length=40, blank=True, help_text="VAT or tax number, as on the invoices."
    )
    default_category = models.CharField(
        max_length=12,
        choices=Category,
        blank=True,
        help_text="The category of an expense of this vendor that names none.",
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="finance_vendor_default_category_known",
                condition=Q(default_category__in=["", *Category.values]),
            ),
            models.CheckConstraint(
                name="finance_vendor_has_name",
                condition=~Q(name=""),
                violation_error_message="A vendor needs a name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
