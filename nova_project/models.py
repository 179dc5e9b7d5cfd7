"""What every app's models are made of: timestamps, constraints and sums that cannot multiply."""

import json
from typing import Any

from django.db import models
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from nova_project.imports.models import ImportJob, ImportProblem  # noqa: F401  found here by Django
from nova_project.money import ZERO, MoneyField


class Timestamped(models.Model):
    """When a row was made and last changed, UTC. `update()` and bulk writes set it themselves."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


def one_of(field: str, choices: type[models.Choices]) -> models.CheckConstraint:
    """The database accepts only the values of `choices` in `field`."""
    return models.CheckConstraint(
        name=f"%(app_label)s_%(class)s_{field}_known",
        condition=Q(**{f"{field}__in": [str(value) for value in choices.values]}),
    )


def _per(queryset: QuerySet[Any], per: str, aggregate: Any) -> Subquery:
    return Subquery(
        queryset.filter(**{per: OuterRef("pk")})
        .order_by()
        .values(per)
        .annotate(per_total=aggregate)
        .values("per_total")
    )


class Total(Sum):
    """Σ of amounts as stored. PostgreSQL's sums keep the digits, so no value of many is rounded."""

    def get_db_converters(self, connection: Any) -> list[Any]:
        return [] if connection.vendor == "postgresql" else super().get_db_converters(connection)


def sum_of(queryset: QuerySet[Any], field: str, *, per: str) -> Coalesce:
    """Σ `field` of the rows that point by `per` to the outer row; 0.000 where there are none."""
    return Coalesce(_per(queryset, per, Sum(field)), Value(ZERO), output_field=MoneyField())


def count_of(queryset: QuerySet[Any], *, per: str, distinct: str | None = None) -> Coalesce:
    """How many rows point by `per` to the outer row, or how many values of `distinct` they have."""
    counted = Count(distinct, distinct=True) if distinct else Count("pk")
    return Coalesce(_per(queryset, per, counted), Value(0), output_field=IntegerField())


@models.IntegerField.register_lookup
@models.CharField.register_lookup
class Among(models.Lookup):
    """`address__among=addresses`: as `__in`, by one parameter however many values there are.

    For texts and ids. `__in` costs Django and the driver as much a value as reading the row.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", (*params, values)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(values))
