"""Bringing a file in, as the page does it: checked, confirmed, imported."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from integrations.eventbrite.files import EventbriteFileResource
from nova_project.imports import jobs

PAYLOADS = Path(__file__).parents[3] / "payloads" / "eventbrite_files"


@pytest.fixture
def bring_in(db, settings, tmp_path):
    """Imports a payload by its name, or text, and returns the job."""
    settings.MEDIA_ROOT = tmp_path
    user = User.objects.create_user("box")

    def bring_in(name="file.csv", text=None, confirm=True):
        content = (PAYLOADS / name).read_bytes() if text is None else text.encode()
        job = jobs.open_job(
            upload=SimpleUploadedFile(name, content), resource=EventbriteFileResource, user=user
        )
        job = jobs.work(job.pk)
        if confirm and job.good_count:
            job = jobs.work(jobs.confirm(job).pk)
        return job

    return bring_in


def payload(name, encoding="utf-8-sig"):
    return (PAYLOADS / name).read_bytes().decode(encoding)
