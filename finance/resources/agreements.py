"""Agreements with performers as files show them."""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from events.models import Event
from finance.models import (
    AgreementStatus,
    BonusStep,
    DealBase,
    DealKind,
    Performer,
    PerformerAgreement,
)
from finance.resources.events import EventWidget
from finance.resources.terms import NumberWidget, PercentageWidget, Steps, StepsWidget, ordered
from finance.services import compare_settlements
from nova_project.bulk import upsert
from nova_project.imports.amounts import AmountWidget, CurrencyWidget
from nova_project.imports.columns import (
    ChoiceWidget,
    Column,
    DayWidget,
    NameWidget,
    TextWidget,
)
from nova_project.imports.history import remember
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import CHUNK, Row


class AgreementResource(BulkResource):
    """An agreement is found by its show and its performer: there is one for each two."""

    key = "pair"
    noun = "agreement"
    key_words = "An agreement is found by its event and its performer."

    event = Column("event_id", EventWidget(), is_required=True, example="Comedy Night, 2026-03-14")
    performer = Column(
        "performer_id",
        NameWidget(Performer.objects.all(), noun="performer"),
        is_required=True,
        example="The Foxes",
    )
    kind = Column(
        "kind", ChoiceWidget(DealKind), is_required=True, example="Guarantee versus share"
    )
    currency = Column("currency", CurrencyWidget(), example="EUR")
    guarantee = Column("guarantee", AmountWidget(), example="500.00")
    percentage = Column("percentage", PercentageWidget(), example="70")
    base = Column("base", ChoiceWidget(DealBase), example="Net sales")
    split_point = Column("split_point", AmountWidget())
    per_seat = Column("per_seat", AmountWidget())
    above_seats = Column("above_seats", NumberWidget())
    bonus_steps = Column(
        "bonus_steps", StepsWidget(), heading="Bonus steps", example="100 from 80 seats"
    )
    status = Column("status", ChoiceWidget(AgreementStatus), example="Agreed")
    paid_on = Column("paid_on", DayWidget())
    note = Column("note", TextWidget(250))
    due = Column("due", AmountWidget(), heading="Due", readonly=True)

    class Meta:
        model = PerformerAgreement

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.events: set[int] = set()

    def identify(self, rows: Sequence[Row]) -> None:
        for row in rows:
            pair = row.given.get("event_id"), row.given.get("performer_id")
            row.key = pair if None not in pair else None

    def _refuse_no_key(self, row: Row) -> None:
        for name in ("event_id", "performer_id"):
            heading = self.heading(name)
            if name not in row.given and not row.is_refused_in(heading):
                row.refuse(heading, "Is missing.")

    def existing(
        self, keys: Collection[Any], *, lock: bool
    ) -> dict[Any, tuple[int, dict[str, Any]]]:
        """Two queries: the agreements of these shows, and their bonus steps."""
        queryset = PerformerAgreement.objects.filter(event__in={event for event, _ in keys})
        if lock:
            queryset = queryset.select_for_update()
        rows = queryset.order_by("pk").values("pk", *_STORED)
        found = {row.pop("pk"): row for row in rows}
        steps = _steps_of(found)
        return {
            (row["event_id"], row["performer_id"]): (pk, {**row, "bonus_steps": steps.get(pk, ())})
            for pk, row in found.items()
        }

    def check(self, row: Row) -> None:
        if row.problems:
            return
        agreement = PerformerAgreement(**{name: row.new[name] for name in _STORED})
        currencies = self._programme.currencies
        agreement.event = Event(pk=agreement.event_id, currency=currencies[agreement.event_id])
        try:
            agreement.full_clean(
                exclude=["event", "performer"], validate_unique=False, validate_constraints=False
            )
            for step in _made(agreement, row.new["bonus_steps"]):
                step.clean_fields(exclude=["agreement"])
                step.clean()
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                row.refuse(self._heading_of(field), " ".join(messages))

    @property
    def _programme(self) -> Any:
        return self.columns["event_id"].widget.programme

    def _heading_of(self, field: str) -> str:
        columns = {name.removesuffix("_id"): name for name in self.columns}
        if field in ("from_base", "from_seats", "amount"):
            return self.heading("bonus_steps")
        return self.heading(columns[field]) if field in columns else ""

    def write(self, rows: Sequence[Row]) -> None:
        known = {row.pk: row for row in rows if row.pk is not None}
        remember(PerformerAgreement, list(known))
        upsert(
            PerformerAgreement,
            [(pk, *(row.new[name] for name in _STORED)) for pk, row in known.items()],
            fields=("id", *_STORED),
            key="id",
        )
        new = [row for row in rows if row.pk is None]
        made = PerformerAgreement.objects.bulk_create(
            PerformerAgreement(**{name: row.new[name] for name in _STORED}) for row in new
        )
        changed = [pk for pk, row in known.items() if "bonus_steps" in row.changed]
        BonusStep.objects.filter(agreement__in=changed).delete()
        wanted = {pk: known[pk] for pk in changed}
        wanted |= {agreement.pk: row for agreement, row in zip(made, new, strict=True)}
        steps = BonusStep.objects.bulk_create(
            BonusStep(agreement_id=pk, from_seats=seats, from_base=base, amount=amount)
            for pk, row in wanted.items()
            for seats, base, amount in row.new["bonus_steps"] or ()
        )
        self.record([agreement.pk for agreement in made], is_new=True)
        self.record(list(known), is_new=False)
        self.record([step.pk for step in steps], is_new=True, model=BonusStep)
        self.events |= {row.new["event_id"] for row in rows}

    def finish(self) -> None:
        compare_settlements(self.events)

    def title(self, row: Row) -> str:
        names = [name for name in ("performer_id", "event_id") if name in row.new]
        return ", ".join(str(self.shown(name, row.new)) for name in names)

    def export_rows(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        """Two queries for each chunk, and one per lookup table."""
        columns = list(self.fields.values())
        chosen = queryset.order_by().values("pk")
        agreements = PerformerAgreement.objects.filter(pk__in=chosen).with_due()
        rows = agreements.order_by("event__starts_on", "event_id", "pk").values(
            "pk", "due", *_STORED
        )
        for start in range(0, len(rows), CHUNK):
            chunk = {row.pop("pk"): row for row in rows[start : start + CHUNK]}
            steps = _steps_of(chunk)
            for pk, row in chunk.items():
                whole = {**row, "bonus_steps": steps.get(pk, ())}
                yield [
                    column.widget.render(whole[column.attribute], currency=whole["currency"])
                    for column in columns
                ]


_STORED = tuple(
    column.attribute
    for name, column in AgreementResource.fields.items()
    if name not in ("bonus_steps", "due")
)


def _made(agreement: PerformerAgreement, steps: Steps | None) -> Iterator[BonusStep]:
    for seats, base, amount in steps or ():
        yield BonusStep(agreement=agreement, from_seats=seats, from_base=base, amount=amount)


def _steps_of(pks: Collection[int]) -> dict[int, Steps]:
    found: dict[int, list[tuple[int | None, Decimal | None, Decimal]]] = {}
    rows = BonusStep.objects.filter(agreement__in=list(pks)).order_by("pk")
    for step in rows:
        found.setdefault(step.agreement_id, []).append(
            (step.from_seats, step.from_base, step.amount)
        )
    return {pk: ordered(steps) for pk, steps in found.items()}
