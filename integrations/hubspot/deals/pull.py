"""Reading deals: those of expenses, those of orders, and all others."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone

from finance.services import share_expenses
from integrations.errors import NotAllowed
from integrations.hubspot.client import BATCH, DEALS, HubSpotClient, Record
from integrations.hubspot.deals.account import EXPENSES, SALES, Account
from integrations.hubspot.deals.expenses import ExpenseDeals
from integrations.hubspot.deals.mapping import EXPENSE_ID, ORDER_ID, PIPELINE, SEEN, Deal
from integrations.hubspot.deals.mirror import forget, read_ties, store_deals
from integrations.hubspot.deals.sales import take_sales
from integrations.hubspot.walk import Reading
from integrations.models import DealKind, DealLink, HubSpotDeal, System
from integrations.sync import RunLog, read_cursor, save_cursor

OTHERS = ""
_UNTOLD = "deals to read again"
"""Where the deals are noted of whose contacts an answer said nothing."""


def readable_deals(records: Iterable[Record], log: RunLog) -> list[Deal]:
    """The deals of an answer; one with a value of the wrong kind is set aside."""
    deals = []
    for record in records:
        try:
            deals.append(Deal.from_api(record))
        except ValueError as error:
            log.problem(
                "unreadable",
                f"deal {record['id']}",
                f"Deal {record['id']} cannot be read: {error}. Correct it in HubSpot.",
                kind="deals",
            )
    return deals


def stream_of(kept: Collection[str]) -> str:
    """Where the place that was reached is kept: with other pipelines to keep all is read anew."""
    return " ".join(["deals", *kept])


class Deals(Reading):
    """One run's reading of deals."""

    kind = DEALS
    label = "Deals in HubSpot"
    properties = SEEN
    archived_properties = ("dealname",)

    def __init__(
        self,
        client: HubSpotClient,
        log: RunLog,
        account: Account,
        kept: Collection[str],
        *,
        full: bool,
    ) -> None:
        super().__init__(client, log, full=full)
        self.expenses = ExpenseDeals(account, log)
        self._account = account
        self._kept = kept
        self.stream = stream_of(kept)
        self._owners: dict[str, str] | None = None
        self._sorted: dict[str, list[Deal]] = {}
        self._ties: dict[str, list[str]] = {}

    def prepare(self, records: list[Record]) -> None:
        """Sorts the deals out, and asks for the contacts and owners of those that are not Nova's.

        One query, and a request for each thousand of the others.
        """
        deals = readable_deals(records, self.log)
        rows = DealLink.objects.filter(hubspot_id__among=[deal.id for deal in deals])
        links = dict(rows.values_list("hubspot_id", "kind"))
        self._sorted = {EXPENSES: [], SALES: [], OTHERS: []}
        for deal in deals:
            self._sorted[self._label(deal, links.get(deal.id, ""))].append(deal)
        others = [deal.id for deal in self._sorted[OTHERS]]
        self._ties = read_ties(self.client, others)
        if others and self._owners is None:
            self._owners = self._names()

    def store(self, records: list[Record]) -> None:
        expenses, sales, others = (self._sorted[name] for name in (EXPENSES, SALES, OTHERS))
        self.log.count("deals", self.expenses.take(expenses))
        self.log.count("deals", take_sales(sales))
        self.log.count("deals", store_deals(self._account, others, self._ties, self._owners or {}))
        self._note_untold([str(record["id"]) for record in records])
        forget(deal.id for deal in (*expenses, *sales))
        self.log.checked(f"deal {deal.id}" for deal in (*others, *sales))

    def read_untold(self) -> None:
        """Reads the deals again of whose contacts an earlier answer said nothing."""
        ids = _untold()
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            records = self.client.read_objects(DEALS, some, self.properties)
            self.prepare(records)
            with transaction.atomic():
                self.store(records)
                self._note_untold(some)  # those, too, that are there no more

    def _note_untold(self, read: list[str]) -> None:
        """Takes the deals just read off the list, but for those to be read once more."""
        noted = _untold()
        again = {deal.id for deal in self._sorted[OTHERS]} - self._ties.keys()
        if (left := sorted({*noted} - {*read} | again)) != noted:
            save_cursor(System.HUBSPOT, _UNTOLD, {"ids": left})

    def finish(self) -> None:
        """Shares the shared costs anew where an expense came or changed."""
        if self.expenses.changed:
            share_expenses()

    def _label(self, deal: Deal, kind: str) -> str:
        """Which of Nova's pipelines a deal belongs to, or OTHERS.

        One that was Nova's stays so wherever it is moved.
        """
        pipeline = self._account.pipelines.get(deal.values.get(PIPELINE, ""))
        label = pipeline.label if pipeline else ""
        found = OTHERS
        if kind == DealKind.EXPENSE or label == EXPENSES or EXPENSE_ID in deal.values:
            found = EXPENSES
        elif kind == DealKind.ORDER or ORDER_ID in deal.values:
            found = SALES
        return found if found in self._kept else OTHERS

    def archive(self, ids: list[str]) -> None:
        archive_deals(ids)

    def _names(self) -> dict[str, str]:
        """Owners' names; without the right to read them they stay blank."""
        try:
            return self.client.owners()
        except NotAllowed:
            return {}


def _untold() -> list[str]:
    return list(read_cursor(System.HUBSPOT, _UNTOLD).get("ids", []))


def archive_deals(ids: Collection[str]) -> None:
    """Marks deals that are gone from HubSpot. Expenses and orders stay as they are."""
    now = timezone.now()
    for model in (DealLink, HubSpotDeal):
        rows = model._default_manager.filter(hubspot_id__among=list(ids), archived_at=None)
        rows.update(archived_at=now, updated_at=now)


def pull_deals(
    client: HubSpotClient, log: RunLog, account: Account, kept: Collection[str], *, full: bool
) -> None:
    """Reads deals, and takes over what those of expenses say."""
    reading = Deals(client, log, account, kept, full=full)
    reading.read_untold()
    reading.read()
    reading.finish()
