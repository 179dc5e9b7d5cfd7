"""Planning: what each deal of Nova's should hold against what it was last seen to hold."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from customers.models import Order
from finance.models import Basis, Expense
from integrations.hubspot.client import DEALS
from integrations.hubspot.deals.account import EXPENSES, SALES, Account
from integrations.hubspot.deals.conflicts import note_conflicts
from integrations.hubspot.deals.expenses import merged, remote_values
from integrations.hubspot.deals.mapping import Deal
from integrations.hubspot.deals.programme import event_texts
from integrations.hubspot.deals.sales import sales_of, sold
from integrations.hubspot.deals.wanted import (
    expense_changes,
    new_expense,
    new_sale,
    sale_changes,
)
from integrations.hubspot.drafts import Draft, Drafts
from integrations.hubspot.since import changed_since, keys_of, note_compared
from integrations.models import (
    ContactLink,
    DealKind,
    DealLink,
    Operation,
    RemoteWrite,
)
from integrations.sync import RunLog

KIND, TIES_KIND = "HubSpot deals", "contacts of HubSpot deals"
"""How writes are counted on a run."""
TIES = "associations"
CONTACT = "contact"
STREAM = "deal plan"
_BATCH = 1_000
_WORDS = {
    "amount": "amount",
    "closedate": "date",
    "dealstage": "stage",
    "pipeline": "pipeline",
    "deal_currency_code": "currency",
    "nova_expense_category": "category",
    "nova_event": "event",
    "nova_vendor": "vendor",
    "nova_expense_id": "number of the expense",
    "nova_order_id": "number of the order",
}


def plan_deals(log: RunLog, account: Account, kept: Collection[str], *, full: bool = False) -> None:
    """Plans the writes that would bring deals in step, in place of any such plan that is left.

    Compares deals that changed, or whose expense or order did, since the last plan; all if `full`.
    """
    started_at = timezone.now()
    given = {"kept": sorted(kept)}
    since = changed_since(STREAM, full=full, given=given)
    planner = _Planner(log, account, since, retries_refused=full)
    if EXPENSES in kept:
        planner.plan_expenses()
    if SALES in kept:
        planner.plan_sales()
    planner.finish()
    note_compared(STREAM, started_at, **given)


def subject_of(kind: DealKind, key: int) -> str:
    """Under what decisions about a deal are kept: expense 12, order 34."""
    return f"{kind} {key}"


def key_in(subject: str) -> int:
    return int(subject.rpartition(" ")[2])


def record_of(subject: str, remote_id: str) -> str:
    """How staff are told which record a write is about."""
    return f"deal {remote_id}" if remote_id else subject


def record_of_write(write: RemoteWrite) -> str:
    return record_of(write.subject, write.remote_id)


class _Planner:
    def __init__(
        self, log: RunLog, account: Account, since: datetime | None, *, retries_refused: bool
    ) -> None:
        self._log = log
        self._account = account
        self._since = since
        self._drafts, self._ties = (
            Drafts(log, object_type=kind, kind=counted, retries_refused=retries_refused)
            for kind, counted in ((DEALS, KIND), (TIES, TIES_KIND))
        )
        self._foreign: dict[str, int] = {}

    def finish(self) -> None:
        """Forgets what is no longer planned, and tells of currencies that the account lacks."""
        self._drafts.finish()
        self._ties.finish()
        for currency, number in self._foreign.items():
            self._log.problem(
                "currency",
                f"deals in {currency}",
                f"{number:,} amounts in {currency} are no deals: the HubSpot account has no such "
                "currency. Add it in HubSpot's settings, under Currencies.",
            )
        self._log.settle("currency")

    def _is_foreign(self, currency: str) -> bool:
        if self._account.knows(currency):
            return False
        self._foreign[currency] = self._foreign.get(currency, 0) + 1
        return True

    # --- Expenses ---------------------------------------------------------------------------

    def plan_expenses(self) -> None:
        changed = DealLink.objects.due_for_push(self._since, "expense__updated_at")
        for links in (
            changed.filter(kind=DealKind.EXPENSE).exclude(expense=None),
            DealLink.objects.bereft(),
        ):
            for batch in _batches(links.select_related("expense__vendor")):
                with transaction.atomic():
                    self._compare_expenses(batch)
        wanted = Expense.objects.filter(basis=Basis.ACTUAL, deal_link=None)
        for expenses in _batches(wanted.select_related("event", "vendor")):
            with transaction.atomic():
                self._drafts.keep(list(self._new_expenses(expenses)))

    def _compare_expenses(self, links: list[DealLink]) -> None:
        deals = {link.pk: Deal(link.hubspot_id, link.seen) for link in links}
        remote = remote_values(list(deals.values()), self._account)
        texts = event_texts({str(link.expense.event_id or "") for link in links if link.expense})
        note_conflicts(
            {
                link.hubspot_id: merged(link.agreed, link.expense, remote[link.hubspot_id])
                for link in links
                if link.expense
            },
            self._log,
        )
        drafts = []
        for link in links:
            deal = deals[link.pk]
            after = expense_changes(link, deal, self._account, remote[deal.id], texts)
            if link.expense and after and self._is_foreign(link.expense.currency):
                continue
            subject = f"expense {link.expense_id}" if link.expense_id else f"deleted {link.pk}"
            reason = _reason(after) if link.expense else "The expense was deleted in Nova."
            drafts.append(_update(subject, link, after, reason))
        self._keep_updates(links, drafts)

    def _new_expenses(self, expenses: list[Expense]) -> Iterator[Draft]:
        texts = event_texts({str(expense.event_id or "") for expense in expenses})
        for expense in expenses:
            if self._is_foreign(expense.currency):
                continue
            after = new_expense(expense, self._account, texts[str(expense.event_id or "")])
            subject = subject_of(DealKind.EXPENSE, expense.pk)
            yield Draft(
                subject,
                record_of(subject, ""),
                Operation.CREATE,
                "",
                {},
                after,
                "An expense of Nova; HubSpot has no deal for it.",
            )

    # --- Sales ------------------------------------------------------------------------------

    def plan_sales(self) -> None:
        due = DealLink.objects.filter(kind=DealKind.ORDER)
        since = self._since
        changed = due & DealLink.objects.due_for_push(since, "order__updated_at")
        for links in _batches(changed.exclude(order=None)):
            with transaction.atomic():
                self._compare_sales(links)
        contact = _contact_of("buyer")
        orders = sold().filter(deal_link=None).annotate(contact=contact)
        for batch in _batches(orders.values("pk", "contact", "buyer_id")):
            with transaction.atomic():
                self._plan_sales(batch)
        untied = due.linked().annotate(contact=_contact_of("order__buyer"))
        untied = untied.exclude(contact=None).exclude(contact_id=F("contact"))
        columns = ("order_id", "hubspot_id", "contact_id", "contact", "order__buyer_id")
        for batch in _batches(untied.values("pk", *columns)):
            with transaction.atomic():
                self._ties.keep([_tie(*(row[name] for name in columns)) for row in batch])

    def _compare_sales(self, links: list[DealLink]) -> None:
        sales = sales_of(Order.objects.filter(pk__in=[link.order_id for link in links]))
        drafts = []
        for link in links:
            sale = sales[link.order_id or 0]
            after = sale_changes(sale, Deal(link.hubspot_id, link.seen), self._account)
            subject = subject_of(DealKind.ORDER, link.order_id or 0)
            if not (after and self._is_foreign(sale.currency)):
                drafts.append(_update(subject, link, after, _reason(after)))
        self._keep_updates(links, drafts)

    def _plan_sales(self, rows: list[dict[str, Any]]) -> None:
        sales = sales_of(Order.objects.filter(pk__in=[row["pk"] for row in rows]))
        drafts, ties = [], []
        for row in rows:
            sale, subject = sales[row["pk"]], subject_of(DealKind.ORDER, row["pk"])
            if self._is_foreign(sale.currency):
                continue
            after = new_sale(sale, self._account)
            drafts.append(
                Draft(
                    subject,
                    record_of(subject, ""),
                    Operation.CREATE,
                    "",
                    {},
                    after,
                    "An order of Nova; HubSpot has no deal for it.",
                )
            )
            if row["contact"]:
                ties.append(_tie(row["pk"], "", "", row["contact"], row["buyer_id"]))
        self._drafts.keep(drafts)
        self._ties.keep(ties)

    def _keep_updates(self, links: list[DealLink], drafts: list[Draft]) -> None:
        due = [draft for draft in drafts if draft.after]
        self._drafts.keep(due)
        remote = {draft.remote_id for draft in due}
        rows = DealLink.objects.filter(pk__in=[link.pk for link in links])
        rows.exclude(hubspot_id__among=remote).filter(is_push_due=True).update(is_push_due=False)
        rows.filter(hubspot_id__among=remote, is_push_due=False).update(is_push_due=True)


def _contact_of(buyer: str) -> Subquery:
    links = ContactLink.objects.linked().filter(customer=OuterRef(buyer))
    return Subquery(links.values("hubspot_id")[:1])


def _update(subject: str, link: DealLink, after: dict[str, str], reason: str) -> Draft:
    before = {name: link.seen.get(name, "") for name in after}
    record = record_of(subject, link.hubspot_id)
    return Draft(subject, record, Operation.UPDATE, link.hubspot_id, before, after, reason)


def _tie(order_id: int, hubspot_id: str, tied: str, contact: str, buyer_id: int) -> Draft:
    """Associates an order's deal, perhaps one that is yet to be made, with its buyer's contact."""
    subject = subject_of(DealKind.ORDER, order_id)
    return Draft(
        subject,
        record_of(subject, hubspot_id),
        Operation.CREATE,
        hubspot_id,
        {CONTACT: tied} if tied else {},
        {CONTACT: contact},
        "The contact of the buyer.",
        customer_id=buyer_id,
    )


def _reason(after: dict[str, str]) -> str:
    return f"Differs from Nova: {', '.join(_WORDS.get(name, name) for name in after)}."


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Rows by primary key, a thousand at a time."""
    for keys in keys_of(rows, _BATCH):
        yield list(rows.filter(pk__among=keys).order_by("pk"))
