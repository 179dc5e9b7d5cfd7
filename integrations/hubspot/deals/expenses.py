"""Expenses that are deals: what a deal says comes to its expense, or makes one."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from finance.models import Expense
from finance.services import change_expense, record_expense
from integrations.hubspot.deals.account import Account
from integrations.hubspot.deals.conflicts import note_conflicts
from integrations.hubspot.deals.mapping import (
    EXPENSE_ID,
    POLICY,
    Deal,
    Values,
    expense_of,
    fields_of,
    is_cancelled,
    lacking,
)
from integrations.hubspot.deals.programme import events_of
from integrations.hubspot.values import number
from integrations.merge import Base, Held, Merge, merge
from integrations.models import DealKind, DealLink, DealState
from integrations.sync import RunLog
from nova_project.bulk import Upserted, upsert

LINK_FIELDS = (
    "hubspot_id",
    "kind",
    "name",
    "expense_id",
    "order_id",
    "state",
    "reason",
    "seen",
    "agreed",
    "remote_changed_at",
    "is_push_due",
    "archived_at",
)
_NO_EXPENSE = "Nova has no expense {key}, which its “Nova expense” names. Clear that property."
_TAKEN = "Its “Nova expense” {key} has another deal. Clear that property."
_CANCELLED = "It was cancelled in HubSpot. Delete the expense in Nova, or move the deal back."


def values_of(expense: Expense) -> Values:
    """The fields of an expense that its deal has, too, as text."""
    return {
        "amount": number(str(expense.amount)),
        "currency": expense.currency,
        "spent_on": expense.spent_on.isoformat(),
        "category": expense.category,
        "event": str(expense.event_id or ""),
        "status": expense.status,
        "vendor": expense.vendor_name,
    }


def merged(base: Base | None, expense: Expense, remote: Values) -> Merge:
    """What it takes to bring an expense and its deal in step."""
    return merge(base or {}, values_of(expense), remote, POLICY)


def remote_values(deals: Collection[Deal], account: Account) -> dict[str, Values]:
    """The deals' fields as expenses have them, by the deal's id. One query."""
    events = events_of(deals)
    zone = timezone.get_default_timezone()
    return {deal.id: expense_of(deal, account, events.get(deal.id), zone) for deal in deals}


@dataclass(slots=True)
class _Entry:
    """An expense's deal on its way to its link."""

    deal: Deal
    remote: Values
    link: DealLink | None = None
    expense: Expense | None = None
    agreed: dict[str, Held] | None = None
    state: str = DealState.LINKED
    reason: str = ""
    is_push_due: bool = False
    merge: Merge = field(default_factory=Merge)

    @property
    def is_deleted_here(self) -> bool:
        """Was it in step with an expense that staff have deleted since?"""
        link = self.link
        return self.expense is None and link is not None and link.agreed is not None

    @property
    def record(self) -> str:
        return f"deal {self.deal.id}"

    def wait(self, reason: str) -> None:
        self.state, self.reason = DealState.WAITING, reason[:250]

    def row(self) -> tuple[Any, ...]:
        return (
            self.deal.id,
            str(DealKind.EXPENSE),
            self.deal.name[:250],
            self.expense.pk if self.expense else None,
            None,
            str(self.state),
            self.reason,
            dict(self.deal.values),
            self.agreed,
            self.deal.changed_at,
            self.is_push_due,
            None,
        )


class ExpenseDeals:
    """Takes over what the deals of expenses say. `changed` counts expenses made or changed."""

    def __init__(self, account: Account, log: RunLog) -> None:
        self._account = account
        self._log = log
        self.changed = 0

    def take(self, deals: Collection[Deal]) -> Upserted:
        """Brings each deal to its expense; a deal that lacks something waits, with the reason.

        Nothing is ever deleted. Five queries for deals that say nothing new; call it in a
        transaction.
        """
        if not deals:
            return Upserted()
        entries = self._entries(deals)
        for entry in entries:
            self._settle(entry)
        stored = upsert(
            DealLink,
            [entry.row() for entry in entries],
            fields=LINK_FIELDS,
            key="hubspot_id",
            along=("remote_changed_at", "is_push_due"),
        )
        note_conflicts({e.deal.id: e.merge for e in entries}, self._log)
        self._tell(entries)
        return stored

    def _entries(self, deals: Collection[Deal]) -> list[_Entry]:
        remote = remote_values(deals, self._account)
        rows = DealLink.objects.filter(hubspot_id__among=[deal.id for deal in deals])
        links = {link.hubspot_id: link for link in rows.select_related("expense__vendor")}
        expenses = _named_expenses(deal for deal in deals if _needs_expense(links.get(deal.id)))
        entries = []
        for deal in deals:
            link = links.get(deal.id)
            entry = _Entry(deal, remote[deal.id], link, link.expense if link else None)
            entry.agreed = _as_agreed(link)
            was_cancelled = link is not None and link.state == DealState.CANCELLED
            key = "" if was_cancelled else deal.values.get(EXPENSE_ID)
            if key and _needs_expense(link):
                self._find(entry, key, expenses)
            entries.append(entry)
        return entries

    def _find(self, entry: _Entry, key: str, expenses: Mapping[str, Expense]) -> None:
        expense = expenses.get(key)
        if expense is None:
            entry.wait(_NO_EXPENSE.format(key=key))
        elif hasattr(expense, "deal_link"):
            entry.wait(_TAKEN.format(key=key))
        else:
            entry.expense = expense

    def _settle(self, entry: _Entry) -> None:
        """Decides what becomes of a deal, and does what that means for its expense."""
        cancelled = is_cancelled(entry.deal, self._account)
        if entry.reason:
            return
        if cancelled and entry.expense is None:
            entry.state, entry.agreed = DealState.CANCELLED, None
            return
        if entry.is_deleted_here:
            entry.is_push_due = True
            return
        is_shared = entry.expense is not None and entry.expense.is_shared
        reason = lacking(entry.deal, self._account, entry.remote, is_shared=is_shared)
        if cancelled or reason:
            entry.wait(_CANCELLED if cancelled else reason)
            return
        try:
            self._bring(entry)
        except ValidationError as error:
            entry.wait(" ".join(error.messages))

    def _bring(self, entry: _Entry) -> None:
        if entry.expense is None:
            given = entry.remote | {"vendor": entry.remote["vendor"] or entry.deal.name}
            given["vendor"] = given["vendor"][:160]
            entry.expense = record_expense(**fields_of(given))
            entry.agreed = _agreed(values_of(entry.expense), entry.remote)
            entry.is_push_due = True  # the deal does not bear the expense's key yet
            self._count("created")
            return
        entry.merge = merged(entry.agreed, entry.expense, entry.remote)
        if entry.merge.take:
            entry.expense = change_expense(expense=entry.expense, **fields_of(entry.merge.take))
            self._count("updated")
        entry.agreed = entry.merge.base
        if "vendor" in entry.merge.take:  # Nova may know the vendor in another spelling
            entry.agreed["vendor"] = Held(entry.expense.vendor_name, entry.remote["vendor"])
        entry.is_push_due = bool(entry.merge.send) or EXPENSE_ID not in entry.deal.values

    def _count(self, outcome: str) -> None:
        self.changed += 1
        self._log.add("expenses", outcome)

    def _tell(self, entries: Iterable[_Entry]) -> None:
        for entry in entries:
            if entry.state == DealState.WAITING:
                text = f"The deal “{entry.deal.name}” is not taken over. {entry.reason}"
                self._log.problem("waiting", entry.record, text)
        self._log.checked(entry.record for entry in entries)


def _needs_expense(link: DealLink | None) -> bool:
    """May the deal be given an expense by the key that it bears?"""
    return link is None or (link.expense is None and link.agreed is None)


def _named_expenses(deals: Iterable[Deal]) -> dict[str, Expense]:
    """The expenses that these deals name by their property, by key as text."""
    keys = {deal.values.get(EXPENSE_ID, "") for deal in deals}
    wanted = [int(key) for key in keys if key.isdecimal() and len(key) < 19]
    rows = Expense.objects.filter(pk__in=wanted).select_related("deal_link", "vendor")
    return {str(expense.pk): expense for expense in rows} if wanted else {}


def _as_agreed(link: DealLink | None) -> dict[str, Held] | None:
    if link is None or link.agreed is None:
        return None
    return {name: Held(*pair) for name, pair in link.agreed.items()}


def _agreed(local: Values, remote: Values) -> dict[str, Held]:
    pairs = {name: Held(local[name], remote[name]) for name in POLICY}
    return {name: held for name, held in pairs.items() if held != Held()}
