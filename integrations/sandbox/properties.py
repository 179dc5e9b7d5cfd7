"""HubSpot property definitions: those that every portal has, and how a value is read by type."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.store import Row

LIFECYCLE = [
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
]
SOURCES = [
    "ORGANIC_SEARCH",
    "PAID_SEARCH",
    "EMAIL_MARKETING",
    "SOCIAL_MEDIA",
    "REFERRALS",
    "OTHER_CAMPAIGNS",
    "DIRECT_TRAFFIC",
    "OFFLINE",
    "PAID_SOCIAL",
    "AI_REFERRALS",
]
FIELD_TYPES = {
    "string": ("text", "textarea", "html", "phonenumber", "file"),
    "number": ("number", "calculation_equation", "calculation_rollup"),
    "date": ("date",),
    "datetime": ("date",),
    "bool": ("booleancheckbox",),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox"),
}
READ_ONLY = "readonly"
# name, type, field type, group; `readonly` last where HubSpot alone writes it.
CONTACT_PROPERTIES = """
email string text contactinformation
firstname string text contactinformation
lastname string text contactinformation
phone string phonenumber contactinformation
mobilephone string phonenumber contactinformation
company string text contactinformation
jobtitle string text contactinformation
website string text contactinformation
address string text contactinformation
city string text contactinformation
state string text contactinformation
zip string text contactinformation
country string text contactinformation
hs_language string text contactinformation
lifecyclestage enumeration radio contactinformation
hs_lead_status enumeration radio contactinformation
hubspot_owner_id enumeration select sales_properties
hs_additional_emails string text contactinformation
hs_object_id number number contactinformation readonly
createdate datetime date contactinformation readonly
lastmodifieddate datetime date contactinformation readonly
hs_lastmodifieddate datetime date contactinformation readonly
hs_merged_object_ids string text contactinformation readonly
hs_calculated_merged_vids string text contactinformation readonly
hs_analytics_source enumeration select analyticsinformation
hs_analytics_source_data_1 string text analyticsinformation readonly
hs_analytics_source_data_2 string text analyticsinformation readonly
hs_latest_source enumeration select analyticsinformation readonly
hs_latest_source_data_1 string text analyticsinformation readonly
hs_latest_source_data_2 string text analyticsinformation readonly
hs_latest_source_timestamp datetime date analyticsinformation readonly
hs_analytics_first_timestamp datetime date analyticsinformation readonly
hs_analytics_first_touch_converting_campaign string text analyticsinformation readonly
hs_analytics_last_touch_converting_campaign string text analyticsinformation readonly
hs_analytics_num_page_views number number analyticsinformation readonly
notes_last_contacted datetime date sales_properties readonly
notes_last_updated datetime date sales_properties readonly
num_contacted_notes number number sales_properties readonly
hs_last_sales_activity_timestamp datetime date sales_properties readonly
num_associated_deals number number sales_properties readonly
total_revenue number number sales_properties readonly
recent_deal_amount number number sales_properties readonly
hs_email_delivered number number emailinformation readonly
hs_email_open number number emailinformation readonly
hs_email_click number number emailinformation readonly
hs_email_bounce number number emailinformation readonly
hs_email_replied number number emailinformation readonly
hs_email_first_open_date datetime date emailinformation readonly
hs_email_first_click_date datetime date emailinformation readonly
hs_email_last_open_date datetime date emailinformation readonly
hs_email_last_click_date datetime date emailinformation readonly
hs_email_last_send_date datetime date emailinformation readonly
hs_email_last_reply_date datetime date emailinformation readonly
hs_email_last_email_name string text emailinformation readonly
hs_email_optout bool booleancheckbox emailinformation
hs_email_sends_since_last_engagement number number emailinformation readonly
hs_email_hard_bounce_reason_enum enumeration select emailinformation readonly
"""
CONTACT_OPTIONS = {
    "lifecyclestage": LIFECYCLE,
    "hs_lead_status": ["NEW", "OPEN", "IN_PROGRESS", "CONNECTED", "UNQUALIFIED"],
    "hs_analytics_source": SOURCES,
    "hs_latest_source": SOURCES,
    "hs_email_hard_bounce_reason_enum": ["UNKNOWN_USER", "MAILBOX_FULL", "CONTENT", "OTHER"],
}
GROUPS = {
    "contactinformation": "Contact information",
    "sales_properties": "Sales properties",
    "emailinformation": "Email information",
    "analyticsinformation": "Web analytics history",
}
EMAIL = re.compile(r"[^@\s;,<>()]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
BORN = "2019-08-06T02:41:08.029Z"


@dataclass(frozen=True)
class BadValue(Exception):
    """A value that its property refuses; `code` is HubSpot's name for the fault."""

    name: str
    code: str
    message: str


class MissingValue(BadValue):
    """A value that must be there and is not."""


def definition(object_type: str, name: str, kind: str, field_type: str, **given: Any) -> Row:
    """A property as the properties API shows it. `id` is the sandbox's own key."""
    options = given.pop("options", [])
    read_only = given.pop("read_only", False)
    base = {
        "updatedAt": BORN,
        "createdAt": BORN,
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "type": kind,
        "fieldType": field_type,
        "description": "",
        "groupName": "contactinformation",
        "options": [option(value, at) for at, value in enumerate(options)],
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": name == "hubspot_owner_id",
        "archived": False,
        "hasUniqueValue": name == "email",
        "hidden": False,
        "hubspotDefined": True,
        "formField": not read_only,
        "dataSensitivity": "non_sensitive",
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyValue": read_only,
        },
    }
    return {"id": f"{object_type}/{name}"} | base | given


def option(value: str | dict[str, Any], order: int) -> dict[str, Any]:
    """An enumeration's option, completed."""
    given = value if isinstance(value, dict) else {"value": value, "label": value}
    return {"description": "", "displayOrder": order, "hidden": False} | given


def contact_definitions() -> list[Row]:
    """The contact properties of a new portal."""
    rows = []
    for line in CONTACT_PROPERTIES.strip().splitlines():
        name, kind, field_type, group, *rest = line.split()
        options = CONTACT_OPTIONS.get(name, [])
        more = {"options": options, "groupName": group, "read_only": READ_ONLY in rest}
        rows.append(definition("contacts", name, kind, field_type, **more))
    return rows


def cleaned(prop: Row, value: Any, old: str | None) -> str:
    """The text that HubSpot keeps for a value, "" to clear it. Raises BadValue."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not text.strip():
        return ""
    if prop["name"] == "email":
        return _email(text)
    return CLEANERS[prop["type"]](prop, text, old)


def _email(text: str) -> str:
    address = text.strip().lower()
    if not EMAIL.fullmatch(address):
        raise BadValue("email", "INVALID_EMAIL", f"Email address {text} is invalid")
    return address


def _string(prop: Row, text: str, old: str | None) -> str:
    if prop["name"] == "hs_additional_emails":
        return ";".join(_email(part) for part in text.split(";") if part.strip())
    return text


def _number(prop: Row, text: str, old: str | None) -> str:
    try:
        finite = Decimal(text.strip()).is_finite()
    except InvalidOperation:
        finite = False
    if not finite or "_" in text:
        code = "INVALID_LONG" if text.strip().isalnum() else "INVALID_DOUBLE"
        raise BadValue(prop["name"], code, f"{text} was not a valid number.")
    return text.strip()


def _date(prop: Row, text: str, old: str | None) -> str:
    try:
        if text.lstrip("-").isdecimal():
            at = datetime.fromtimestamp(int(text) / 1000, UTC)
            if int(text) % 86_400_000:
                message = f"{text} is at {at:%H:%M:%S} UTC, not midnight!"
                raise BadValue(prop["name"], "INVALID_DATE", message)
            return at.date().isoformat()
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError(text)
        return date.fromisoformat(text).isoformat()
    except (ValueError, OverflowError) as error:
        message = f"{text} was not a valid date."
        raise BadValue(prop["name"], "INVALID_DATE", message) from error


def _datetime(prop: Row, text: str, old: str | None) -> str:
    try:
        if text.lstrip("-").isdecimal():
            return in_milliseconds(datetime.fromtimestamp(int(text) / 1000, UTC))
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        message = f"{text} was not a valid long."
        raise BadValue(prop["name"], "INVALID_LONG", message) from error
    return in_milliseconds(at if at.tzinfo else at.replace(tzinfo=UTC))


def _bool(prop: Row, text: str, old: str | None) -> str:
    if text.lower() not in ("true", "false"):
        message = f"{text} was not one of the allowed options: [true, false]"
        raise BadValue(prop["name"], "INVALID_OPTION", message)
    return text.lower()


def _enumeration(prop: Row, text: str, old: str | None) -> str:
    several = prop["fieldType"] == "checkbox"
    values = [part for part in text.split(";") if part] if several else [text]
    if not prop["externalOptions"]:
        allowed = [known["value"] for known in prop["options"]]
        for value in values:
            if value not in allowed:
                message = f"{value} was not one of the allowed options: {allowed}"
                raise BadValue(prop["name"], "INVALID_OPTION", message)
    if several and text.startswith(";") and old:
        values = old.split(";") + values
    return ";".join(dict.fromkeys(values))


CLEANERS = {
    "string": _string,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "bool": _bool,
    "enumeration": _enumeration,
}
