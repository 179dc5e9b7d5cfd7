"""The sentences of a model's constraints, for checks that know the rule without the database."""

from django.db import models


def violated(model: type[models.Model], name: str) -> str:
    """What the constraint `name` of `model` says when it is broken. Raises LookupError."""
    for constraint in model._meta.constraints:
        if constraint.name == name:
            return str(constraint.get_violation_error_message())
    raise LookupError(f"{model.__name__} has no constraint “{name}”.")
