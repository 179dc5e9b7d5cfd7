"""Finding a person in the texts of every table, wherever somebody quoted them.

Every text and JSON column of every model is looked through for the addresses of the person; what
machines noted down also for the name and the phone numbers. A name alone says too little anywhere
else: a show, a venue or another customer may bear it.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from integrations.privacy.subject import Subject

GONE = "[erased]"
_WORDS_AT_ONCE = 10

_LEFT = {
    "auth.User": "accounts of staff, kept under Settings → Users",
    "sessions.Session": "signed-in browsers, which end by themselves within 12 hours",
    "customers.Suppression": "hashes only",
}
"""What is not looked through, and why."""

_COMPARED = {
    "integrations.ContactLink": {"seen", "agreed"},
    "integrations.DealLink": {"seen", "agreed"},
    "integrations.RemoteWrite": {"before", "after", "replaced"},
    "integrations.Conflict": {"local_value", "remote_value", "base_value", "chosen_value"},
}
"""Values that are compared with HubSpot's: masking one would be taken for news. The person's own
are erased with their rows."""

_NOTED = {
    "admin.LogEntry",
    "integrations.Delivery",
    "integrations.Problem",
    "integrations.RemoteWrite",
    "integrations.SyncRun",
    "nova_project.ImportJob",
    "nova_project.ImportProblem",
}
"""Models whose texts machines write: there a name or a number can only mean the person."""


class Found(NamedTuple):
    """A row with the person in it, and its columns as they should be."""

    model: type[models.Model]
    pk: Any
    columns: dict[str, Any]


def find_mentions(subject: Subject) -> Iterator[Found]:
    """Every row that quotes the person. One query a table, which reads the whole of it."""
    for model in apps.get_models(include_auto_created=True):
        words = _words(model, subject)
        names = _columns(model)
        for start in range(0, len(words) if names else 0, _WORDS_AT_ONCE):
            yield from _mentions(model, names, words[start : start + _WORDS_AT_ONCE])


def erase_mentions(subject: Subject) -> list[str]:
    """Puts “[erased]” in the place of the person in every text.

    Returns the rows that the database refuses to change, such as those of closed books.
    """
    refused = []
    for model, pk, columns in find_mentions(subject):
        if any(f.name == "updated_at" for f in model._meta.concrete_fields):
            columns["updated_at"] = timezone.now()
        try:
            with transaction.atomic():
                model._base_manager.filter(pk=pk).update(**columns)
        except DatabaseError:
            refused.append(f"{model._meta.verbose_name} {pk}")
    return refused


def _words(model: type[models.Model], subject: Subject) -> list[str]:
    if model._meta.label in _LEFT:
        return []
    noted = subject.names | subject.phones if model._meta.label in _NOTED else ()
    return sorted({*subject.addresses, *noted})


def _columns(model: type[models.Model]) -> list[str]:
    left = _COMPARED.get(model._meta.label, set())
    return [
        f.name
        for f in model._meta.concrete_fields
        if isinstance(f, models.CharField | models.TextField | models.JSONField)
        and not f.choices
        and not f.primary_key
        and f.name not in left
    ]


def _mentions(model: type[models.Model], names: list[str], words: list[str]) -> Iterator[Found]:
    """The database finds rows that may be meant, and each is then looked at letter by letter."""
    texts = {f"text_of_{name}": Cast(name, TextField()) for name in names}
    wanted = Q()
    for alias in texts:
        for word in words:
            for spelling in _spellings(word):
                wanted |= Q(**{f"{alias}__icontains": spelling})
    pattern = _pattern(words)
    unique = {f.name for f in model._meta.concrete_fields if f.unique}
    rows = model._base_manager.alias(**texts).filter(wanted).values_list("pk", *names)
    for pk, *values in rows.iterator(chunk_size=500):
        changed = {}
        for name, value in zip(names, values, strict=True):
            clean = _without(value, pattern)
            if clean != value:
                changed[name] = f"{clean} {pk}" if name in unique else clean
        if changed:
            yield Found(model, pk, changed)


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Whole words only: “a@x.org” is not in “ada@x.org”, nor in “a@x.org.uk”.

    It is in “a@x.org.csv”, the name of a file.
    """
    spellings = {spelling for word in words for spelling in _spellings(word)}
    parts = "|".join(re.escape(word) for word in sorted(spellings, key=len, reverse=True))
    files = "(?:csv|tsv|txt|xlsx?)"
    return re.compile(rf"(?<![\w.%-])(?:{parts})(?![\w-]|\.(?!{files}\b)\w)", re.IGNORECASE)


def _spellings(word: str) -> set[str]:
    """Letters beyond ASCII stand in JSON as they are, or by their numbers."""
    return {word, json.dumps(word)[1:-1]}


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(GONE, value)
    if isinstance(value, list):
        return [_without(item, pattern) for item in value]
    if isinstance(value, dict):
        return {pattern.sub(GONE, key): _without(item, pattern) for key, item in value.items()}
    return value
