"""Keeping the papers of expenses: what a file is, by its content, and where it goes."""

from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from finance.models import Expense, Receipt, ReceiptKind
from finance.models.receipts import MAX_RECEIPT_BYTES

_HEAD = 1024
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"))


def kind_of(head: bytes) -> ReceiptKind | None:
    """What a file is, by how it begins; None for everything that is no receipt."""
    if head.startswith(b"\xff\xd8\xff"):
        return ReceiptKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ReceiptKind.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ReceiptKind.WEBP
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return ReceiptKind.HEIC
    return ReceiptKind.PDF if b"%PDF-" in head else None


def check_receipt(upload: UploadedFile) -> ReceiptKind:
    """Raises ValidationError: empty (`empty`), over 10 MB (`too_large`), or of a kind that Nova
    does not keep (`no_receipt`), whatever its name says.
    """
    name = upload.name or "The file"
    if not upload.size:
        raise ValidationError(f"“{name}” is empty.", code="empty")
    if upload.size > MAX_RECEIPT_BYTES:
        size = upload.size / (1024 * 1024)
        raise ValidationError(
            f"“{name}” has {size:.1f} MB; a receipt has up to 10 MB. Make the picture smaller.",
            code="too_large",
        )
    upload.seek(0)
    kind = kind_of(upload.read(_HEAD))
    upload.seek(0)
    if kind is None:
        raise ValidationError(
            f"“{name}” is no receipt that Nova keeps: choose a PDF, JPEG, PNG, WebP or HEIC file.",
            code="no_receipt",
        )
    return kind


@transaction.atomic
def add_receipts(
    *, expense: Expense, uploads: Sequence[UploadedFile], user: AbstractBaseUser | None
) -> list[Receipt]:
    """Keeps files with an expense, beside those that it has. Raises ValidationError: one is no
    receipt; then none is kept.
    """
    kinds = [check_receipt(upload) for upload in uploads]
    made = []
    for upload, kind in zip(uploads, kinds, strict=True):
        receipt = Receipt(
            expense=expense,
            file=upload,
            name=(upload.name or "receipt")[-200:],
            kind=kind,
            size=upload.size or 0,
            uploaded_by_id=user.pk if user else None,
        )
        receipt.save()
        made.append(receipt)
    return made


def forget_files(receipts: Sequence[Receipt]) -> None:
    """Removes the files of deleted receipts, once the deletion is certain."""
    files = [(receipt.file.storage, str(receipt.file.name)) for receipt in receipts]

    def remove() -> None:
        for storage, name in files:
            storage.delete(name)

    transaction.on_commit(remove)
