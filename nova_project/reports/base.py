"""What a report is made of, and the register of all reports.

A report lives in the highest app that it reads from, as a module of `<app>.reports`. It says which
rows there are and which columns show them; the pages and files are made here, for all alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import slugify

from nova_project.money import quantize
from nova_project.periods import Period
from nova_project.reports.charts import Chart
from nova_project.reports.forms import PeriodForm
from nova_project.reports.grids import Grid
from nova_project.reports.trust import Topic

if TYPE_CHECKING:
    from nova_project.panels import Panel  # which draws charts of reports

_HUNDREDTH = Decimal("0.01")
_TENTH = Decimal("0.1")
UNDEFINED = "–"

Arguments = Mapping[str, Any]
"""What the filters say: the keyword arguments of a report's `rows`."""


class Kind(StrEnum):
    TEXT = "text"
    DATE = "date"
    MOMENT = "moment"
    COUNT = "count"
    MONEY = "money"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Column:
    """One column, on the screen and in the files. `help` is the definition that people read.

    Money is in the row's `currency`. `link` leads from a row to what its figure is made of; it is
    given the row and the filters, and returns "" where there is nothing to see. `undefined` stands
    on the screen where there is no value. A column that `wraps` holds sentences.
    """

    heading: str
    attribute: str
    kind: Kind = Kind.TEXT
    help: str = ""
    link: Callable[[Any, Arguments], str] | None = None
    names_row: bool = False
    undefined: str = UNDEFINED
    wraps: bool = False

    @property
    def is_number(self) -> bool:
        return self.kind in (Kind.COUNT, Kind.MONEY, Kind.PERCENT)

    @property
    def key(self) -> str:
        """The column's name in addresses and ids."""
        return slugify(self.heading.replace("%", "percent"))

    def value(self, row: Any) -> Any:
        return getattr(row, self.attribute)

    def exported(self, row: Any) -> str | int | Decimal | date | None:
        """For files: amounts with the currency's digits, percentages with two, undefined None.

        Moments are local, as everywhere.
        """
        value = self.value(row)
        if value is None:
            return None
        if self.kind is Kind.MONEY:
            return quantize(value, row.currency)
        if self.kind is Kind.PERCENT:
            return Decimal(value).quantize(_HUNDREDTH, ROUND_HALF_UP)
        if self.kind is Kind.MOMENT:
            return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
        return value

    def shown(self, row: Any) -> str:
        """For the screen: digits grouped, percentages with one digit, undefined as a dash."""
        value = self.value(row)
        if value is None or value == "":
            return self.undefined
        if self.kind is Kind.MONEY:
            return f"{quantize(value, row.currency):,}"
        if self.kind is Kind.PERCENT:
            return f"{Decimal(value).quantize(_TENTH, ROUND_HALF_UP):,}"
        if self.kind is Kind.COUNT:
            return f"{value:,}"
        if self.kind is Kind.MOMENT:
            return f"{timezone.localtime(value):%-d %b %Y, %H:%M}"
        return f"{value:%-d %b %Y}" if isinstance(value, date) else str(value)


class Report:
    """A table of figures with filters, a chart and files. Subclasses fill in the attributes."""

    slug: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    permission_required: ClassVar[str | tuple[str, ...]]
    form_class: ClassVar[type[PeriodForm]] = PeriodForm
    columns: ClassVar[Sequence[Column]]
    key_figures: ClassVar[tuple[str, ...]] = ()
    """Headings of the columns whose totals stand above the table."""
    empty_hint: ClassVar[str] = "Choose a longer period."
    has_period: ClassVar[bool] = True
    """Is it about days? If not, no period is shown or offered."""
    dates: ClassVar[str] = "by the local date of the event"
    """Which date of a row the period is about."""
    rests_on: ClassVar[tuple[Topic, ...]] = tuple(Topic)
    """What its figures are made of; the page says how far that can be trusted."""

    def columns_for(self, arguments: Arguments) -> Sequence[Column]:
        """The columns under these filters, where they decide which there are."""
        return self.columns

    @staticmethod
    def rows(*args: Any, **kwargs: Any) -> Sequence[Any]:
        """Called with what the form's `clean` returns. A row with money has a `currency`."""
        raise NotImplementedError

    @staticmethod
    def totals(rows: Sequence[Any]) -> Sequence[Any]:
        """A total row per currency: sums added up, ratios computed from the sums."""
        return []

    @staticmethod
    def total_name(row: Any) -> str:
        """What a total row is the total of."""
        return str(row.currency)

    @staticmethod
    def panels(request: HttpRequest) -> "Sequence[Panel]":
        """What holds at this moment, whatever the filters say; stands above the table."""
        return []

    @staticmethod
    def summaries(rows: Sequence[Any], arguments: Arguments) -> "Sequence[Panel]":
        """What all rows come to, in boxes above the table; unlike `panels`, under the filters."""
        return []

    @staticmethod
    def chart(rows: Sequence[Any], arguments: Arguments) -> Chart | None:
        """What is drawn above the table, of all rows."""
        return None

    @staticmethod
    def grid(rows: Sequence[Any], arguments: Arguments) -> Grid | None:
        """A coloured table in two directions above the table of rows, of all rows."""
        return None

    @staticmethod
    def notes(arguments: Arguments) -> Sequence[str]:
        """What a reader of the figures must know besides, in sentences."""
        return []

    @staticmethod
    def links(arguments: Arguments) -> Sequence[tuple[str, str]]:
        """Pages that go on from here: what they are called, and their addresses."""
        return []

    @staticmethod
    def span() -> Period | None:
        """The days for which there is anything to report."""
        return None

    def permissions(self) -> tuple[str, ...]:
        required = self.permission_required
        return (required,) if isinstance(required, str) else tuple(required)

    def is_visible_to(self, request: HttpRequest) -> bool:
        return request.user.has_perms(self.permissions())

    def column(self, heading: str) -> Column:
        return next(column for column in self.columns if column.heading == heading)


_reports: dict[str, Report] = {}


def register(report: type[Report]) -> type[Report]:
    """Adds a report to the list. Raises ValueError: its slug is taken by another."""
    taken = _reports.get(report.slug)
    if taken is not None and type(taken) is not report:
        raise ValueError(f"Two reports are called “{report.slug}”.")
    _reports[report.slug] = report()
    return report


def all_reports() -> list[Report]:
    """Every registered report, by title."""
    return sorted(_reports.values(), key=lambda report: report.title)


def find_report(slug: str) -> Report | None:
    return _reports.get(slug)
