"""How far people come: from first known over contact and first ticket to the second event."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from customers.models import Campaign, TouchKind
from events.filters import NO_SHOW_TYPE
from events.models import ShowType
from nova_project.periods import Period
from nova_project.statistics import PERCENTS, earliest, month_of, percentiles, seconds

ENOUGH = 20
"""So many people must have taken a step before its P90 says how long it takes."""
USUAL_DAYS = 90
"""How long a step may take where fewer have taken it."""
UNKNOWN = "Unknown"
"""The source of whom none is known."""
NO_CAMPAIGN, NO_TICKET = "No campaign", "No ticket yet"
_DAY = 86_400
_TENTH = Decimal("0.1")


class Stage(StrEnum):
    LEAD = "Lead"
    CONTACT = "Contact"
    TICKET = "First ticket"
    REPEAT = "Repeat customer"


STAGES: tuple[Stage, ...] = tuple(Stage)


class FunnelBy(StrEnum):
    """What people are told apart by, as the address says it."""

    SOURCE = "source"
    CAMPAIGN = "campaign"
    MONTH = "month"
    SHOW_TYPE = "show_type"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """One stage: who reached it, and how long that took from the stage before, in days.

    `before` reached the stage before it, `leads` the first. What is undefined is None: all that
    belongs to a step for the first stage, times where nobody took the step.
    """

    group: str = ""
    stage: Stage
    people: int
    before: int | None = None
    leads: int
    median_days: Decimal | None = None
    p75_days: Decimal | None = None
    p90_days: Decimal | None = None
    skipped: int | None = None
    in_progress: int | None = None

    @property
    def step_conversion(self) -> Decimal | None:
        return Decimal(self.people * 100) / self.before if self.before else None

    @property
    def overall_conversion(self) -> Decimal | None:
        return Decimal(self.people * 100) / self.leads if self.leads else None


def funnel(
    period: Period,
    *,
    by: FunnelBy | None = None,
    source: str = "",
    campaign: Campaign | None = None,
    show_type: ShowType | None = None,
) -> list[FunnelStep]:
    """The four stages of the people first known within `period`, company zone; of each group of
    them with `by`, months in their order, others by how many people they have.

    `show_type` is that of the first event; one without a key stands for none. One query.
    """
    conditions, given = _conditions(period, source, campaign, show_type)
    with connection.cursor() as cursor:
        cursor.execute(_sql(by, conditions), given)
        names = [column[0] for column in cursor.description]
        groups = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    groups = [group for group in groups if group["reached_1"]]
    if by is FunnelBy.SOURCE:
        for group in groups:
            group["grouped"] = in_words(group["grouped"])
    groups.sort(key=lambda group: _order(by, group))
    return [step for group in groups for step in _steps(group)]


def _order(by: FunnelBy | None, group: dict[str, Any]) -> tuple[Any, ...]:
    name = group["grouped"]
    if by is FunnelBy.MONTH:
        return (name,)
    return name in (UNKNOWN, NO_CAMPAIGN, NO_TICKET), -group["reached_1"], name


def in_words(source: str) -> str:
    """A fixed value of the CRM as words: SOCIAL_MEDIA is “Social media”."""
    return source.replace("_", " ").capitalize()


def _steps(group: dict[str, Any]) -> Iterable[FunnelStep]:
    leads = group["reached_1"]
    yield FunnelStep(
        group=group["grouped"], stage=Stage.LEAD, people=leads, leads=leads, skipped=group["skip_1"]
    )
    for number, stage in enumerate(STAGES[1:], 2):
        yield FunnelStep(
            group=group["grouped"],
            stage=stage,
            people=group[f"reached_{number}"],
            before=group[f"reached_{number - 1}"],
            leads=leads,
            skipped=group.get(f"skip_{number}", 0),
            in_progress=group[f"waiting_{number}"],
            **{
                name: _days(group[f"p{percent}_{number}"])
                for name, percent in zip(_TIMES, PERCENTS, strict=True)
            },
        )


_TIMES = ("median_days", "p75_days", "p90_days")


def _days(found: float | None) -> Decimal | None:
    return None if found is None else (Decimal(found) / _DAY).quantize(_TENTH, ROUND_HALF_UP)


def _conditions(
    period: Period, source: str, campaign: Campaign | None, show_type: ShowType | None
) -> tuple[str, dict[str, Any]]:
    """What people are chosen by, and the parameters of the query."""
    found = ["at_1 >= %(start)s AND at_1 < %(end)s"]
    start, end = period.moments()
    given: dict[str, Any] = {
        "start": _moment(start),
        "end": _moment(end),
        "now": _moment(timezone.now()),
        "zone": settings.TIME_ZONE,
        "click": str(TouchKind.CLICK),
        "open": str(TouchKind.OPEN),
        "unknown": UNKNOWN,
        "no_campaign": NO_CAMPAIGN,
        "no_ticket": NO_TICKET,
        "no_type": NO_SHOW_TYPE.name,
        "enough": ENOUGH,
        "usual": USUAL_DAYS * _DAY,
    }
    if source:
        found.append("source = %(source)s")
        given["source"] = "" if source == UNKNOWN else source
    if campaign is not None:
        found.append("campaign_id = %(campaign)s")
        given["campaign"] = campaign.pk
    if show_type is not None:
        is_asked = "= %(show_type)s" if show_type.pk else "IS NULL"
        found.append(f"at_3 IS NOT NULL AND show_type_id {is_asked}")
        given["show_type"] = show_type.pk
    return " AND ".join(found), given


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


_GROUPS = {
    None: "''",
    FunnelBy.SOURCE: "COALESCE(NULLIF(source, ''), %(unknown)s)",
    FunnelBy.CAMPAIGN: "COALESCE((SELECT name FROM customers_campaign c WHERE c.id = campaign_id),"
    " %(no_campaign)s)",
    FunnelBy.SHOW_TYPE: "CASE WHEN at_3 IS NULL THEN %(no_ticket)s ELSE COALESCE("
    "(SELECT name FROM events_showtype t WHERE t.id = show_type_id), %(no_type)s) END",
}

# Who was won by which campaign: that of the first touch which belongs to one. Opens win nobody.
_WON = """won AS (
    SELECT customer_id, campaign_id FROM (
        SELECT customer_id, campaign_id,
               ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY occurred_at, id) AS number
        FROM customers_touch
        WHERE campaign_id IS NOT NULL AND customer_id IS NOT NULL AND kind <> %(open)s
    ) AS touches WHERE number = 1
),"""


def _sql(by: FunnelBy | None, conditions: str) -> str:
    """A row per group: how many people `reached_1` to `reached_4`, and what each step took."""
    needs_campaign = by is FunnelBy.CAMPAIGN or "campaign_id" in conditions
    group = month_of("at_1", "%(zone)s") if by is FunnelBy.MONTH else _GROUPS[by]
    at_1, at_2, at_3, at_4 = (seconds(f"at_{n}") for n in range(1, 5))
    return f"""
WITH {_placed(needs_campaign)}, person AS MATERIALIZED (
    SELECT {group} AS grouped, {at_1} AS at_1, {at_2} AS at_2, {at_3} AS at_3, {at_4} AS at_4,
           CASE WHEN own_1 > at_2 THEN 1 ELSE 0 END AS skip_1,
           CASE WHEN own_2 > at_3 OR (own_2 IS NULL AND at_3 IS NOT NULL) THEN 1 ELSE 0 END
               AS skip_2
    FROM placed WHERE {conditions}
), {_counted()}"""


def _placed(needs_campaign: bool) -> str:
    """When each person reached each stage, `at_1` to `at_4`: at the latest with the one after it.

    `own_1` and `own_2` are when a person was first known and first engaged.
    """
    return f"""engaged AS (
    SELECT customer_id, MIN(occurred_at) AS clicked_at FROM customers_touch
    WHERE kind = %(click)s AND customer_id IS NOT NULL GROUP BY customer_id
), {_WON if needs_campaign else ""} known AS (
    SELECT c.source, {"won.campaign_id," if needs_campaign else ""} e.show_type_id,
           {earliest(["c.created_at", "c.crm_created_at"])} AS own_1,
           {earliest(["c.first_engaged_at", "c.last_contacted_at", "clicked_at"])} AS own_2,
           v.booked_at AS at_3, v.returned_at AS at_4
    FROM customers_customer c
    LEFT JOIN customers_firstvisits v ON v.customer_id = c.id
    LEFT JOIN events_event e ON e.id = v.first_event_id
    LEFT JOIN engaged ON engaged.customer_id = c.id
    {"LEFT JOIN won ON won.customer_id = c.id" if needs_campaign else ""}
), met AS (
    SELECT known.*, {earliest(["own_2", "at_3"])} AS at_2 FROM known
), placed AS (
    SELECT met.*, {earliest(["own_1", "at_2"])} AS at_1 FROM met
)"""


def _counted() -> str:
    """The figures of each group of `person`.

    A stage is skipped if the one after it came first. A step's time is counted from the last stage
    before it that was not skipped.
    """
    now = seconds("CAST(%(now)s AS timestamptz)" if _is_postgres() else "%(now)s")
    steps = (2, 3, 4)
    return f"""taken AS MATERIALIZED (
    SELECT person.*,
           CASE WHEN skip_1 = 0 AND skip_2 = 0 THEN at_2 - at_1 END AS took_2,
           CASE WHEN skip_2 = 0 THEN at_3 - at_2 WHEN skip_1 = 0 THEN at_3 - at_1 END AS took_3,
           at_4 - at_3 AS took_4
    FROM person
), {", ".join(f"times_{n} AS ({percentiles('taken', f'took_{n}', 'grouped')})" for n in steps)},
counted AS (
    SELECT grouped, COUNT(*) AS reached_1, COUNT(at_2) AS reached_2, COUNT(at_3) AS reached_3,
           COUNT(at_4) AS reached_4, SUM(skip_1) AS skip_1, SUM(skip_2) AS skip_2
    FROM taken GROUP BY grouped
), waiting AS (
    SELECT taken.grouped, {", ".join(_waiting(n, now) for n in steps)}
    FROM taken {" ".join(_joined(n, "taken") for n in steps)} GROUP BY taken.grouped
)
SELECT counted.*, {", ".join(f"waiting_{n}" for n in steps)},
       {", ".join(f"times_{n}.p{p} AS p{p}_{n}" for n in steps for p in PERCENTS)}
FROM counted JOIN waiting ON waiting.grouped = counted.grouped
{" ".join(_joined(n, "counted") for n in steps)}"""


def _joined(number: int, table: str) -> str:
    return f"LEFT JOIN times_{number} ON times_{number}.grouped = {table}.grouped"


def _waiting(number: int, now: str) -> str:
    """How many reached the stage before and not this one, and are within the usual time."""
    times, before = f"times_{number}", f"at_{number - 1}"
    limit = f"CASE WHEN {times}.n >= %(enough)s THEN {times}.p90 ELSE %(usual)s END"
    return (
        f"SUM(CASE WHEN at_{number} IS NULL AND {before} IS NOT NULL"
        f" AND {now} - {before} < {limit} THEN 1 ELSE 0 END) AS waiting_{number}"
    )


def _is_postgres() -> bool:
    return bool(connection.vendor == "postgresql")
