"""The people and companies on stage."""

from django.db import models
from django.db.models.functions import Lower
from simple_history.models import HistoricalRecords

from nova_project.models import Timestamped


class Performer(Timestamped):
    """Somebody who plays for a fee or a share: a person, a band, a company."""

    name = models.CharField(
        max_length=160,
        unique=True,
        error_messages={"unique": "There is a performer of this name already."},
    )
    email = models.EmailField("e-mail", blank=True)
    payment_details = models.TextField(
        blank=True,
        max_length=1_000,
        help_text="How they are paid: account, tax number, who sends the invoice. Only those who "
        "may change performers see it; it is in no file, no printed page and no log.",
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="finance_performer_name_once",
                violation_error_message="There is a performer of this name already.",
            ),
            models.CheckConstraint(
                name="finance_performer_has_name",
                condition=~models.Q(name=""),
                violation_error_message="A performer needs a name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
