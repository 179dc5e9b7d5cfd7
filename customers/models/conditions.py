"""What staff may ask of the people of an audience, and the conditions that they write with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from customers.models.people import Consent, CustomerType, LeadBand
from customers.models.ticketing import Attendance, Order
from events.models import EventStatus, ShowType
from nova_project.models import Timestamped, one_of
from nova_project.money import company_currency, format_money


class Relation(models.TextChoices):
    IS = "is", "is"
    IS_NOT = "is_not", "is not"
    AT_LEAST = "at_least", "at least"
    AT_MOST = "at_most", "at most"
    IN_LAST = "in_last", "in the last … days or still to come"
    BEFORE_LAST = "before", "longer ago than … days"


_WORDS = (Relation.IS, Relation.IS_NOT)
_NUMBERS = (Relation.AT_LEAST, Relation.AT_MOST)
_DAYS = (Relation.IN_LAST, Relation.BEFORE_LAST)
_LONGEST_DAYS = 36_500


class Subject(models.TextChoices):
    TYPE = "type", "Customer type"
    BOOKED = "booked", "Booked events"
    ATTENDED = "attended", "Attended events"
    SPEND = "spend", "Total spend"
    FIRST = "first", "First booked event"
    LAST = "last", "Last booked event"
    SHOW_TYPE = "show_type", "Show type ever booked"
    CITY = "city", "City"
    CONSENT = "consent", "Marketing consent"
    SOURCE = "source", "Acquisition source"
    BAND = "band", "Lead band"
    SCORE = "score", "Lead score"


@dataclass(frozen=True, slots=True)
class Question:
    """How a subject is asked: its column, the relations that fit, and how a typed value reads.

    `read` gives the value as kept; `choices` are keys and labels where only some values exist.
    """

    column: str
    relations: tuple[Relation, ...]
    read: Callable[[str], str]
    choices: tuple[tuple[str, str], ...] = ()


def _whole(text: str) -> str:
    if not text.isdecimal() or int(text) > _LONGEST_DAYS:
        raise ValidationError(
            "Enter a whole number from 0 to %(most)s.", "number", {"most": f"{_LONGEST_DAYS:,}"}
        )
    return str(int(text))


def _amount(text: str) -> str:
    try:
        amount = Decimal(text.replace(",", "").lstrip("€$£ "))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and 0 <= amount < 10**9):
        raise ValidationError("Enter an amount such as 250 or 99.50.", "amount")
    return f"{amount:.2f}"


def _word(text: str) -> str:
    return text


def _one_of(choices: tuple[tuple[str, str], ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        for key, label in choices:
            if text.casefold() in (key, label.casefold()):
                return key
        labels = ", ".join(label for _key, label in choices)
        raise ValidationError("Enter one of: %(labels)s.", "choice", {"labels": labels})

    return read


def _chosen(column: str, choices: list[tuple[str, str]]) -> Question:
    known = tuple((str(key), str(label)) for key, label in choices)
    return Question(column, _WORDS, _one_of(known), known)


QUESTIONS: Mapping[Subject, Question] = {
    Subject.TYPE: _chosen("customer_type", CustomerType.choices),
    Subject.BOOKED: Question("events_booked", _NUMBERS, _whole),
    Subject.ATTENDED: Question("events_attended", _NUMBERS, _whole),
    Subject.SPEND: Question("total_spend", _NUMBERS, _amount),
    Subject.FIRST: Question("first_event_on", _DAYS, _whole),
    Subject.LAST: Question("last_event_on", _DAYS, _whole),
    Subject.SHOW_TYPE: Question("", _WORDS, _word),
    Subject.CITY: Question("city", _WORDS, _word),
    Subject.CONSENT: _chosen("consent", Consent.choices),
    Subject.SOURCE: Question("source", _WORDS, _word),
    Subject.BAND: _chosen("lead_band", LeadBand.choices),
    Subject.SCORE: Question("lead_score", _NUMBERS, _whole),
}
_LOOKUPS = {
    Relation.AT_LEAST: "gte",
    Relation.AT_MOST: "lte",
    Relation.IN_LAST: "gte",
    Relation.BEFORE_LAST: "lt",
}


def booked_show_type(show_type_id: int | None, first: date | None = None) -> Q:
    """Who holds a valid seat, or placed an order, for a show of the type; from `first` on."""
    off = (EventStatus.CANCELLED, EventStatus.DELETED)
    since = {"event__starts_on__gte": first} if first else {}
    orders = Order.objects.placed().filter(event__show_type=show_type_id, **since)
    seats = Attendance.objects.valid().filter(event__show_type=show_type_id, **since)
    return Q(pk__in=orders.exclude(event__status__in=off).exclude(buyer=None).values("buyer")) | Q(
        pk__in=seats.exclude(event__status__in=off).exclude(holder=None).values("holder")
    )


def _relation_fits() -> Q:
    fits = Q()
    for subject, question in QUESTIONS.items():
        fits |= Q(subject=str(subject), relation__in=[str(r) for r in question.relations])
    return fits


class AudienceCondition(Timestamped):
    """One thing that must be true of everybody in an audience: a subject, a relation, a value.

    `value` is kept as read: a key where there are choices, an amount of the company's currency, a
    number, or a number of days. A show type is kept by its row, so renaming it changes nothing.
    """

    audience = models.ForeignKey(
        "customers.Audience", on_delete=models.CASCADE, related_name="conditions"
    )
    subject = models.CharField("what", max_length=10, choices=Subject)
    relation = models.CharField(max_length=10, choices=Relation)
    value = models.CharField(max_length=120, blank=True)
    show_type = models.ForeignKey(
        ShowType, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = "condition"
        ordering = ["id"]
        constraints = [
            one_of("subject", Subject),
            one_of("relation", Relation),
            models.CheckConstraint(
                name="customers_audiencecondition_relation_fits",
                condition=_relation_fits(),
                violation_error_message="This relation does not fit what is asked.",
            ),
            models.CheckConstraint(
                name="customers_audiencecondition_has_value",
                condition=Q(subject=str(Subject.SHOW_TYPE), show_type__isnull=False, value="")
                | ~Q(subject=str(Subject.SHOW_TYPE)) & Q(show_type=None) & ~Q(value=""),
                violation_error_message="A condition needs a value.",
            ),
        ]

    def __str__(self) -> str:
        return self.definition

    @property
    def shown_value(self) -> str:
        """The value as staff read and type it."""
        if self.show_type is not None:
            return self.show_type.name
        return dict(QUESTIONS[Subject(self.subject)].choices).get(self.value, self.value)

    @property
    def definition(self) -> str:
        """The condition in plain words."""
        relation, value = self.get_relation_display(), self.shown_value
        if self.subject == Subject.SPEND:
            value = format_money(Decimal(value), company_currency())
        said = relation.replace("…", value) if "…" in relation else f"{relation} {value}"
        return f"{self.get_subject_display().lower()} {said}"

    def clean(self) -> None:
        """Reads the value as typed. Raises ValidationError: it does not suit what is asked."""
        if self.subject not in Subject.values:
            return
        if self.relation not in QUESTIONS[Subject(self.subject)].relations:
            fitting = " or ".join(
                f"“{r.label}”" for r in QUESTIONS[Subject(self.subject)].relations
            )
            raise ValidationError({"relation": f"Here, choose {fitting}."})
        try:
            self._read(self.value.strip())
        except ValidationError as error:
            raise ValidationError({"value": error}) from error

    def _read(self, text: str) -> None:
        if not text:
            raise ValidationError("Enter a value.", "blank")
        if self.subject == Subject.SHOW_TYPE:
            self.value, self.show_type = "", _show_type_called(text)
        else:
            self.value = QUESTIONS[Subject(self.subject)].read(text)
            self.show_type = None

    def matching(self, today: date) -> Q:
        """Which customers meet it on `today`. Who never booked has no first or last event."""
        question, relation = QUESTIONS[Subject(self.subject)], Relation(self.relation)
        if relation in _WORDS:
            meets = self._is(question)
            return meets if relation == Relation.IS else ~meets
        value: object = Decimal(self.value)
        if relation in _DAYS:
            value = today - timedelta(days=int(self.value))
        return Q(**{f"{question.column}__{_LOOKUPS[relation]}": value})

    def _is(self, question: Question) -> Q:
        if self.subject == Subject.SHOW_TYPE:
            return booked_show_type(self.show_type_id)
        lookup = "exact" if question.choices else "iexact"
        return Q(**{f"{question.column}__{lookup}": self.value})


def _show_type_called(name: str) -> ShowType:
    if found := ShowType.objects.filter(name__iexact=name).first():
        return found
    names = ", ".join(ShowType.objects.order_by("name").values_list("name", flat=True))
    raise ValidationError(
        "There is no show type of this name. Enter one of: %(names)s.", "choice", {"names": names}
    )
