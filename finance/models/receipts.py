"""The papers that prove expenses."""

import secrets
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from finance.models.expenses import Expense


class ReceiptKind(models.TextChoices):
    """What a receipt may be, by its media type."""

    PDF = "application/pdf", "PDF"
    JPEG = "image/jpeg", "JPEG"
    PNG = "image/png", "PNG"
    WEBP = "image/webp", "WebP"
    HEIC = "image/heic", "HEIC"


MAX_RECEIPT_BYTES = 10 * 1024 * 1024


def receipt_path(receipt: Any, name: str) -> str:
    """A name that nobody can guess; it keeps nothing of the uploaded file's own."""
    return f"receipts/{secrets.token_hex(16)}"


class Receipt(models.Model):
    """A file that belongs to an expense. Only who may see the expense gets it, through a page."""

    expense = models.ForeignKey(Expense, on_delete=models.CASCADE, related_name="receipts")
    file = models.FileField(upload_to=receipt_path)
    name = models.CharField(max_length=200, help_text="As the file was called when uploaded.")
    kind = models.CharField(max_length=20, choices=ReceiptKind)
    size = models.PositiveIntegerField(help_text="Bytes.")
    uploaded_at = models.DateTimeField("uploaded", auto_now_add=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="finance_receipt_kind_known", condition=Q(kind__in=ReceiptKind.values)
            ),
            models.CheckConstraint(
                name="finance_receipt_size_within",
                condition=Q(size__gt=0, size__lte=MAX_RECEIPT_BYTES),
                violation_error_message="A receipt has up to 10 MB.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def download_name(self) -> str:
        """The name under which it is saved: its own, with the ending of what it really is."""
        stem = PurePath(self.name).stem or "receipt"
        return f"{stem}.{ReceiptKind(self.kind).label.lower().replace('jpeg', 'jpg')}"
