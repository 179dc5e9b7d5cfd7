"""What HubSpot answers: records and pages as dicts, and whether an answer can be right at all."""

from dataclasses import dataclass, field
from typing import Any

from integrations.http import NotNow

MOST_FOUND = 10_000
"""Most records that a search shows, page by page."""

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, where the next ones start ("" after the last), and how many in all if known."""

    records: list[Record]
    after: str = ""
    total: int | None = None


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What became of a batch: the records that were found or written, and what was refused."""

    records: list[Record] = field(default_factory=list)
    errors: list[Record] = field(default_factory=list)


def records_of(body: Any) -> list[Record]:
    """The `results` of a body. Raises NotNow: there are none, so it is no answer of HubSpot."""
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list):
        raise NotNow("HubSpot's answer lacks its results. Nothing is lost; try again later.")
    return results


def moves_on(body: Any, after: str) -> None:
    """Raises NotNow: a page without records before the end, or one that is its own next."""
    records, following = records_of(body), next_of(body)
    if following and not records:
        raise NotNow(
            "HubSpot sent an empty page in the middle of a list. Nothing is lost; try again later."
        )
    if following and following == after:
        raise NotNow("HubSpot's pages do not move on. Nothing is lost; try again later.")


def has_what_it_counts(body: Any) -> None:
    """Raises NotNow: a search found records that it can show, and sent none."""
    if not records_of(body) and 0 < (body.get("total") or 0) <= MOST_FOUND:
        raise NotNow(
            "HubSpot found records and did not send them. Nothing is lost; try again later."
        )


def left_out(body: Record, wanted: list[str], by: str) -> list[str]:
    """The keys that an answer neither has a record for nor names as missing."""
    told: set[str] = set()
    for record in records_of(body):
        values = record.get("properties") or {}
        told |= {str(record["id"]), str(values.get(by) or "").lower()}
        told |= set(str(values.get("hs_additional_emails") or "").lower().split(";"))
    for error in body.get("errors") or []:
        told |= {str(key).lower() for key in (error.get("context") or {}).get("ids") or []}
    return [key for key in wanted if key.lower() not in told]


def without_ties(body: Record) -> list[str]:
    """The ids of which an answer says that they are associated with nothing."""
    contexts = [error.get("context") or {} for error in body.get("errors") or []]
    return [str(one) for context in contexts for one in context.get("fromObjectId") or []]


def next_of(body: Any) -> str:
    """From where the next page is to be asked for, "" after the last one."""
    following = (body.get("paging") or {}).get("next") or {}
    return str(following.get("after") or "")


def batch_reply(body: Any) -> BatchReply:
    return BatchReply(records_of(body), list(body.get("errors") or []))


def owner_name(owner: Record) -> str:
    name = f"{owner.get('firstName') or ''} {owner.get('lastName') or ''}".strip()
    return name or str(owner.get("email") or "")
