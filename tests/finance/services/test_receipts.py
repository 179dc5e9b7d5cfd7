import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from finance.models import Receipt, ReceiptKind
from finance.services.receipts import add_receipts, kind_of
from tests.factories import make_expense

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PDF, ReceiptKind.PDF),
        (b"\xff\xd8\xff\xe0..JFIF", ReceiptKind.JPEG),
        (b"\x89PNG\r\n\x1a\n....", ReceiptKind.PNG),
        (b"RIFF1234WEBPVP8 ", ReceiptKind.WEBP),
        (b"\0\0\0\x18ftypheic\0\0\0\0", ReceiptKind.HEIC),
        (b"<html><script>alert(1)</script>", None),
        (b"\0\0\0\x18ftypisom\0\0\0\0", None),
        (b"MZ\x90\0", None),
    ],
)
def test_a_file_is_what_it_begins_like(head, kind):
    assert kind_of(head) == kind


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b"%PDF-" + b"x" * (10 * 1024 * 1024), "too_large"), (b"hello", "no_receipt")],
)
def test_of_several_files_none_is_kept_when_one_is_no_receipt(content, code):
    uploads = [SimpleUploadedFile("good.pdf", PDF), SimpleUploadedFile("invoice.pdf", content)]

    with pytest.raises(ValidationError) as caught:
        add_receipts(expense=make_expense(), uploads=uploads, user=None)

    assert caught.value.code == code
    assert not Receipt.objects.exists()


def test_the_stored_name_cannot_be_guessed_and_the_own_one_is_told(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    upload = SimpleUploadedFile("../photo.exe", b"\xff\xd8\xff\xe0")

    (receipt,) = add_receipts(expense=make_expense(), uploads=[upload], user=None)

    assert "photo" not in receipt.file.name
    assert len(receipt.file.name) > 30
    assert receipt.download_name == "photo.jpg"
