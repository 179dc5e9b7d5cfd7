"""Imports that stopped on the way: which they are, and going on with them or not."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations.inbox.source import Person
from integrations.inbox.words import counted
from nova_project.imports import jobs
from nova_project.imports.models import ImportJob
from nova_project.tasks import work_import

_SILENCE = timedelta(minutes=2)
"""An import that shows no life for so long has stopped."""


def silent_imports() -> QuerySet[ImportJob]:
    limit = timezone.now() - _SILENCE
    return ImportJob.objects.working().filter(created_at__lt=limit).exclude(worked_at__gt=limit)


def go_on(imports: QuerySet[Any], user: Person) -> str:
    keys = list(imports.values_list("pk", flat=True))
    for pk in keys:
        # Without a broker nothing is lost: the import's page offers to go on there.
        with suppress(OperationalError):
            work_import.apply_async([pk], retry=False)
    return f"{counted(len(keys), 'import goes', 'imports go')} on when a worker is free."


def cancel(imports: QuerySet[Any], user: Person) -> str:
    done = 0
    for job in imports:
        with suppress(ValidationError):
            jobs.cancel(job)
            done += 1
    return f"{counted(done, 'import', 'imports')} cancelled. Rows that are in stay in."


def pages(keys: Sequence[int]) -> dict[int, str]:
    found = {}
    for job in ImportJob.objects.filter(pk__in=keys):
        meta = jobs.resource_class(job)._meta.model._meta
        name = f"admin:{meta.app_label}_{meta.model_name}_import_job"
        found[job.pk] = reverse(name, args=[job.pk])
    return found
