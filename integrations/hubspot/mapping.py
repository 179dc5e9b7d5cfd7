"""A HubSpot contact, as Nova reads it and as Nova wants it to be. Plain Python.

Every value is brought to one spelling on the way in, and written in that spelling on the way out,
so two values are equal when their texts are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from integrations.hubspot.values import moment, number

GROUP = "nova"
TAGS = "nova_tags"
ATTENDEE = "Nova Attendee"

EVENTS_ATTENDED = "nova_events_attended"
TOTAL_SPEND = "nova_total_spend"
FIRST_EVENT = "nova_first_event_date"
LAST_EVENT = "nova_last_event_date"
CUSTOMER_TYPE = "nova_customer_type"
FIGURES = (EVENTS_ATTENDED, TOTAL_SPEND, FIRST_EVENT, LAST_EVENT, CUSTOMER_TYPE)
"""What Nova alone decides; whatever else is written there is put right."""

LEAD_SCORE, LEAD_BAND = "nova_lead_score", "nova_lead_band"
SCORES = (LEAD_SCORE, LEAD_BAND)
"""Nova's too, written where HUBSPOT_LEAD_SCORES says so."""
SCORE_STEP = 5
"""Scores are written in steps: one that moves by a little each night is no reason to write."""
BANDS = {"hot": "Hot", "warm": "Warm", "cool": "Cool", "cold": "Cold"}
"""Nova's bands of lead scores, and the option of `nova_lead_band` that each is."""

TYPES = {"lead": "", "new": "New", "returning": "Returning", "vip": "VIP"}
"""Nova's customer types, and the option of `nova_customer_type` that each is."""

PERSONAL = {
    "first_name": "firstname",
    "last_name": "lastname",
    "phone": "phone",
    "city": "city",
    "country": "country",
}
"""Customer fields that both sides keep, and where HubSpot has them."""

CRM_TEXTS = {
    "lifecycle_stage": "lifecyclestage",
    "source": "hs_analytics_source",
    "latest_source": "hs_latest_source",
}
CRM_COUNTS = {
    "emails_delivered_count": "hs_email_delivered",
    "emails_opened_count": "hs_email_open",
    "emails_clicked_count": "hs_email_click",
}
FIRST_SOURCE_AT, LATEST_SOURCE_AT = "hs_analytics_first_timestamp", "hs_latest_source_timestamp"
"""When the two sources in CRM_TEXTS brought the person."""
CRM_TIMES = {
    "crm_created_at": "createdate",
    "first_engaged_at": "hs_email_first_click_date",
    "last_contacted_at": "notes_last_contacted",
}
OWNER = "hubspot_owner_id"
OPTED_OUT = "hs_email_optout"

_ADDRESSES = ("email", "hs_additional_emails")
_MERGED = "hs_merged_object_ids"


def _date(text: str) -> str:
    """A day as YYYY-MM-DD, from that or from epoch milliseconds."""
    if text.lstrip("-").isdecimal():
        return datetime.fromtimestamp(int(text) / 1000, UTC).date().isoformat()
    return date.fromisoformat(text[:10]).isoformat()


def _options(text: str) -> str:
    """The ticked boxes of a list, in alphabetical order."""
    return ";".join(sorted({part for part in text.split(";") if part}))


_SPELLINGS: dict[str, Callable[[str], str]] = {
    EVENTS_ATTENDED: number,
    TOTAL_SPEND: number,
    LEAD_SCORE: number,
    FIRST_EVENT: _date,
    LAST_EVENT: _date,
    TAGS: _options,
    FIRST_SOURCE_AT: moment,
    LATEST_SOURCE_AT: moment,
    OPTED_OUT: str.lower,
    **dict.fromkeys(CRM_TIMES.values(), moment),
    **dict.fromkeys(CRM_COUNTS.values(), number),
}
SEEN = (
    *_ADDRESSES,
    *PERSONAL.values(),
    *CRM_TEXTS.values(),
    *CRM_COUNTS.values(),
    FIRST_SOURCE_AT,
    LATEST_SOURCE_AT,
    *CRM_TIMES.values(),
    OWNER,
    OPTED_OUT,
    *FIGURES,
    *SCORES,
    TAGS,
)
"""The properties that are kept of a contact; everything else stays in HubSpot."""
PROPERTIES = (*SEEN, _MERGED)
"""The properties to ask for."""
_PLAIN = tuple(name for name in SEEN if name not in _SPELLINGS)
_SPELT = tuple(_SPELLINGS.items())


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as HubSpot has it. `values` holds the properties in SEEN that are not blank."""

    id: str
    values: Mapping[str, str] = field(default_factory=dict)
    merged_ids: tuple[str, ...] = ()
    changed_at: datetime | None = None

    @classmethod
    def from_api(cls, record: Mapping[str, Any]) -> "Contact":
        """Raises ValueError: a value is not of its property's kind; the message names both."""
        given = record["properties"]
        values = {name: value for name in _PLAIN if (value := given.get(name))}
        for name, spell in _SPELT:
            if text := given.get(name):
                try:
                    values[name] = spell(text)
                except (ValueError, OverflowError, OSError) as error:
                    raise ValueError(f"{name}: {error}") from error
        merged = given.get(_MERGED)
        changed = record.get("updatedAt")
        return cls(
            str(record["id"]),
            values,
            tuple(part for part in merged.split(";") if part) if merged else (),
            datetime.fromisoformat(changed) if changed else None,
        )

    def with_values(self, changes: Mapping[str, str]) -> "Contact":
        """The contact after `changes`, "" for what is cleared."""
        values = {k: v for k, v in {**self.values, **changes}.items() if v}
        return Contact(self.id, values, self.merged_ids, self.changed_at)

    @property
    def email(self) -> str:
        return self.values.get("email", "")

    @property
    def other_emails(self) -> list[str]:
        """The addresses that the contact has besides the first."""
        more = self.values.get("hs_additional_emails")
        return [part for part in more.split(";") if part] if more else []

    @property
    def is_opted_out(self) -> bool:
        return self.values.get(OPTED_OUT) == "true"

    def moment(self, name: str) -> datetime | None:
        """A property that is a time, UTC."""
        text = self.values.get(name)
        return datetime.fromisoformat(text) if text else None

    def count(self, name: str) -> int:
        """A counting property as a whole number, never below zero."""
        text = self.values.get(name)
        return max(0, int(Decimal(text))) if text else 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What a person did, as Nova knows it. `total_spend` is in the company's currency.

    The lead score is blank where nobody was scored, or scores are not to be written.
    """

    events_booked: int
    events_attended: int
    total_spend: Decimal
    first_event_on: date | None
    last_event_on: date | None
    customer_type: str
    lead_score: int | None = None
    lead_band: str = ""

    @property
    def is_blank(self) -> bool:
        """The person never booked and never paid."""
        return not (self.events_booked or self.total_spend)

    def to_api(self) -> dict[str, str]:
        """The five properties as the contact should hold them, "" for a blank one.

        Raises KeyError: the customer type is unknown.
        """
        return {
            EVENTS_ATTENDED: str(self.events_attended),
            TOTAL_SPEND: number(str(self.total_spend)),
            FIRST_EVENT: self.first_event_on.isoformat() if self.first_event_on else "",
            LAST_EVENT: self.last_event_on.isoformat() if self.last_event_on else "",
            CUSTOMER_TYPE: TYPES[self.customer_type],
        }

    def scores_to_api(self) -> dict[str, str]:
        """The lead score in steps, and its band; {} where it is blank: nothing is cleared then."""
        if self.lead_score is None or not self.lead_band:
            return {}
        stepped = SCORE_STEP * int(self.lead_score / SCORE_STEP + 0.5)
        return {LEAD_SCORE: str(stepped), LEAD_BAND: BANDS[self.lead_band]}


def changes(figures: Figures, seen: Mapping[str, str]) -> dict[str, str]:
    """What must be written so that a contact that holds `seen` holds `figures`; {} for nothing.

    The blanks of people who never booked stay blank: no zeros for thousands of leads. The tag is
    added to the tags that are there, and never taken away.
    """
    wanted = figures.to_api()
    if figures.is_blank:
        wanted = {name: value for name, value in wanted.items() if seen.get(name)}
    wanted |= figures.scores_to_api()
    differing = {name: value for name, value in wanted.items() if value != seen.get(name, "")}
    if figures.events_booked:
        tags = _options(f"{seen.get(TAGS, '')};{ATTENDEE}")
        if tags != seen.get(TAGS):
            differing[TAGS] = tags
    return differing


def to_wire(values: Mapping[str, str]) -> dict[str, str]:
    """Property values as they are sent. A leading ";" adds a tag and leaves the others alone.

    Source: developers.hubspot.com, properties guide, "Add values to checkbox properties".
    """
    sent = dict(values)
    if TAGS in sent:
        sent[TAGS] = f";{ATTENDEE}"
    return sent
