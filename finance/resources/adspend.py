"""Exports of ad platforms, turned into the columns of expenses: a cost per campaign and day.

A platform is explained once, like a bank: `StatementMapping` keeps which heading is what. Lines of
the same campaign and day are added up, and keep the number of the first. What cannot be read stays
in its cell and is refused by the import, with its line.
"""

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from tempfile import TemporaryFile

from django.core.files.base import File

from customers.models import Campaign, CampaignCode
from finance.models import Category, ExpenseStatus, StatementMapping
from finance.resources.expenses import ExpenseResource
from finance.resources.statements import Converted, Opener, Parsed, parse
from nova_project.money import EXPONENTS

AD_FIELDS = {
    "booked_on": "Day",
    "description": "Campaign",
    "amount": "Cost",
    "currency": "Currency",
}
"""What a heading of such an export may hold."""
_CODE = re.compile(r"\b[A-Z]{3}\b")
_BLANK = ("", "-", "--", "—")


@dataclass(slots=True)
class _Spend:
    """What one campaign cost on one day, or a line that cannot be read."""

    number: int
    day: str
    campaign: str
    currency: str
    amount: Decimal | None = None
    unread: str = ""


def convert_spend(
    mapping: StatementMapping, open_file: Opener, name: str, status: ExpenseStatus
) -> Converted:
    """An export as a file of expenses of `status`. Sums of the platform and days on which nothing
    was spent are passed over."""
    spends, passed_over = _added_up(mapping, open_file)
    known = _campaigns()
    file = TemporaryFile()  # noqa: SIM115  the caller closes it with the File around it
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    text.write("\r\n" * (mapping.heading_row - 1))
    writer.writerow(_HEADINGS)
    at = mapping.heading_row
    for spend in spends:
        text.write("\r\n" * (spend.number - at - 1))
        at = spend.number
        writer.writerow(_cells(mapping, spend, known, status))
    text.flush()
    text.detach()
    file.seek(0)
    return Converted(File(file, name=name), len(spends), passed_over)


_COLUMNS = ("reference", "spent_on", "category", "amount", "currency", "vendor_id", "status",
            "campaign_id", "note")  # fmt: skip
_HEADINGS = [ExpenseResource().heading(name) for name in _COLUMNS]


def _cells(
    mapping: StatementMapping, spend: _Spend, known: dict[str, str], status: ExpenseStatus
) -> tuple[str, ...]:
    campaign = known.get(spend.campaign.casefold(), spend.campaign)
    amount = spend.unread if spend.amount is None else format(spend.amount, "f")
    return (
        _reference(mapping, spend),
        spend.day,
        Category.MARKETING.label,
        amount,
        spend.currency,
        mapping.name,
        status.label,
        campaign,
        f"{mapping.name}: {spend.campaign}"[:250],
    )


def _reference(mapping: StatementMapping, spend: _Spend) -> str:
    """The same for a platform, campaign and day whenever they come."""
    parts = (mapping.name, spend.campaign, spend.day, spend.currency)
    text = "\x1f".join(part.casefold() for part in parts)
    return f"ADS-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def _added_up(mapping: StatementMapping, open_file: Opener) -> tuple[list[_Spend], int]:
    found: dict[tuple[str, str, str], _Spend] = {}
    unread: list[_Spend] = []
    passed_over = 0
    currency = _currency_of_heading(mapping)
    for line in parse(mapping, open_file):
        spend = _spend(line, currency)
        if _is_sum(spend) or spend.amount == 0 or (spend.unread in _BLANK and not spend.amount):
            passed_over += 1
        elif spend.amount is None or line.problems:
            unread.append(spend)
        else:
            key = (spend.campaign.casefold(), spend.day, spend.currency)
            first = found.setdefault(key, spend)
            if first is not spend:
                first.amount = (first.amount or Decimal(0)) + spend.amount
    return sorted([*found.values(), *unread], key=lambda spend: spend.number), passed_over


def _spend(line: Parsed, currency: str) -> _Spend:
    spend = _Spend(line.number, line.booked_on, line.description, line.currency or currency)
    try:
        spend.amount = Decimal(line.amount)
    except InvalidOperation:
        spend.unread = line.amount
    return spend


def _is_sum(spend: _Spend) -> bool:
    """Is it a line in which the platform adds up?"""
    is_named_so = spend.campaign.casefold().startswith(("total", "gesamt", "summe"))
    has_no_day = spend.day.split("(")[0].strip() in _BLANK
    return has_no_day and (is_named_so or spend.campaign.strip() in _BLANK)


def _currency_of_heading(mapping: StatementMapping) -> str:
    """“Amount spent (EUR)” says it for all lines."""
    codes = _CODE.findall(mapping.fields.get("amount", ""))
    return next((code for code in codes if code in EXPONENTS), "")


def _campaigns() -> dict[str, str]:
    """The name of the campaign that an ad platform may call so: by its own name, or by a code."""
    codes = CampaignCode.objects.order_by("kind").values_list("code", "campaign__name")
    known = {code.casefold(): name for code, name in codes}
    names = Campaign.objects.values_list("name", flat=True)
    return known | {name.casefold(): name for name in names}
