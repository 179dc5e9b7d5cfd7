"""Applying the plan of deals: re-read, write a hundred at a time, associate, keep the results."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from customers.models import Order
from finance.models import Expense
from integrations.hubspot.batches import (
    Results,
    batches,
    input_of,
    keep_results,
    note_sent,
    send_batch,
    sent_in,
)
from integrations.hubspot.client import DEALS, MOST_TIES, HubSpotClient
from integrations.hubspot.deals.account import Account
from integrations.hubspot.deals.expenses import LINK_FIELDS, remote_values, values_of
from integrations.hubspot.deals.mapping import (
    EXPENSE_ID,
    ORDER_ID,
    PLACES,
    SEEN,
    Deal,
    Values,
)
from integrations.hubspot.deals.plan import (
    KIND,
    TIES,
    key_in,
    record_of_write,
)
from integrations.hubspot.deals.programme import event_texts
from integrations.hubspot.deals.pull import archive_deals, readable_deals
from integrations.hubspot.deals.sales import sales_of
from integrations.hubspot.deals.ties import write_ties
from integrations.hubspot.deals.wanted import (
    expense_changes,
    new_expense,
    new_sale,
    sale_changes,
)
from integrations.merge import Base, Held, confirmed
from integrations.models import DealKind, DealLink, DealState, Operation, RemoteWrite
from integrations.models.writes import RemoteWriteQuerySet
from integrations.sync import RunLog
from nova_project.bulk import amend, upsert

_GONE = "The deal is no longer in HubSpot."
_MOVED = "The deal, or what it stands for, changed since the plan. The next run plans anew."
_EXISTS = "HubSpot has a deal for this expense by now. The next run brings it in step."
_UNIQUE = {DealKind.EXPENSE: EXPENSE_ID, DealKind.ORDER: ORDER_ID}


def planned(object_type: str, *, only_approved: bool = False) -> RemoteWriteQuerySet:
    """The writes of a kind that a run is to make."""
    rows = RemoteWrite.objects.filter(object_type=object_type)
    return rows.approved() if only_approved else rows.pending()


def apply_deals(
    client: HubSpotClient, log: RunLog, account: Account, *, only_approved: bool = False
) -> None:
    """Writes what is planned of deals: changes, new ones, then which contact they belong to.

    Each batch and its results are saved in one transaction. A deal that HubSpot took and Nova did
    not live to save is found again by its unique property, so nothing is made twice.
    """
    rows = planned(DEALS, only_approved=only_approved)
    total, done = rows.count(), 0
    writer = _Writer(client, log, account)
    for operation, kind in _PASSES:
        chosen = rows.filter(operation=operation)
        chosen = chosen.filter(subject__startswith=f"{kind} ") if kind else chosen
        for batch in batches(chosen):
            writer.update(batch) if operation == Operation.UPDATE else writer.create(kind, batch)
            done += len(batch)
            log.progress("Deals written", done, total)
    for batch in batches(planned(TIES, only_approved=only_approved), MOST_TIES):
        write_ties(client, log, batch)


_PASSES = (
    (Operation.UPDATE, ""),
    (Operation.CREATE, DealKind.EXPENSE),
    (Operation.CREATE, DealKind.ORDER),
)


class _Writer:
    def __init__(self, client: HubSpotClient, log: RunLog, account: Account) -> None:
        self._client = client
        self._log = log
        self._account = account

    # --- Changes ----------------------------------------------------------------------------

    def update(self, batch: list[RemoteWrite]) -> None:
        ids = [write.remote_id for write in batch]
        records = self._client.read_objects(DEALS, ids, SEEN)
        spelt = {str(record["id"]): record["properties"] for record in records}
        found = {deal.id: deal for deal in readable_deals(records, self._log)}
        rows = DealLink.objects.filter(hubspot_id__among=ids).select_related("expense__vendor")
        links = {link.hubspot_id: link for link in rows}
        wanted = self._wanted(links, found)
        results, inputs = Results(), []
        for write in batch:
            if write.remote_id not in found or write.remote_id not in links:
                results.skipped[write.pk] = _GONE
                continue
            after = wanted[write.remote_id]
            after = {name: value for name, value in after.items() if name in write.after}
            if not after:
                results.equal.append(write.pk)
            elif after != write.after:
                results.skipped[write.pk] = _MOVED
            else:
                results.note_replaced(write, spelt[write.remote_id])
                inputs.append(input_of(write, write.remote_id, after))
        note_sent(self._log, sent_in(inputs))
        send_batch(partial(self._client.update_objects, DEALS), inputs, results)
        with transaction.atomic():
            archive_deals([pk for pk in ids if pk not in found])
            self._keep_updated(batch, results, links, found)
            _keep_results(batch, results, self._log)

    def _wanted(self, links: dict[str, DealLink], found: dict[str, Deal]) -> dict[str, Any]:
        """What each deal lacks by now, by its id. Four queries."""
        remote = remote_values(list(found.values()), self._account)
        keys = {str(link.expense.event_id or "") for link in links.values() if link.expense}
        texts = event_texts(keys)
        orders = [link.order_id for link in links.values() if link.order_id]
        sales = sales_of(Order.objects.filter(pk__in=orders))
        wanted = {}
        for pk, deal in found.items():
            link = links.get(pk)
            if link is not None and link.kind == DealKind.ORDER:
                sale = sales.get(link.order_id or 0)
                wanted[pk] = sale_changes(sale, deal, self._account) if sale else {}
            elif link is not None:
                wanted[pk] = expense_changes(link, deal, self._account, remote[pk], texts)
        return wanted

    def _keep_updated(
        self,
        batch: list[RemoteWrite],
        results: Results,
        links: dict[str, DealLink],
        found: dict[str, Deal],
    ) -> None:
        by_pk = {write.pk: write.remote_id for write in batch}
        after = {
            by_pk[pk]: found[by_pk[pk]].after(results.sent[pk], Deal.from_api(record))
            for pk, record in results.written.items()
        }
        remote = remote_values(list(after.values()), self._account) if after else {}
        write_of = {by_pk[pk]: sent for pk, sent in results.sent.items()}
        rows = []
        for pk, deal in after.items():
            link = links[pk]
            agreed, state = link.agreed, link.state
            if link.expense is not None:
                local = values_of(link.expense)
                agreed = _agreed_after(link.agreed or {}, local, remote[pk], write_of[pk])
            elif link.kind == DealKind.EXPENSE:
                agreed, state = None, DealState.CANCELLED
            seen = dict(deal.values)
            rows.append((pk, seen, agreed, str(state), deal.changed_at, timezone.now(), False))
        fields = (
            "hubspot_id",
            "seen",
            "agreed",
            "state",
            "remote_changed_at",
            "pushed_at",
            "is_push_due",
        )
        amend(DealLink, rows, fields=fields, key="hubspot_id")
        equal = [by_pk[pk] for pk in results.equal]
        DealLink.objects.filter(hubspot_id__among=equal).update(is_push_due=False)

    # --- New ones ---------------------------------------------------------------------------

    def create(self, kind: str, batch: list[RemoteWrite]) -> None:
        """Makes deals by their unique property: repeating it changes the deal that is there."""
        results, inputs = Results(), []
        fresh = self._fresh(kind, batch)
        existing = self._existing(kind, batch)
        unique = _UNIQUE[DealKind(kind)]
        for write in batch:
            properties = fresh.get(key_in(write.subject))
            if properties is None or not (write.after.items() <= properties.items()):
                results.skipped[write.pk] = _MOVED
            elif write.after[unique] in existing:
                results.skipped[write.pk] = _EXISTS
            else:
                values = {name: v for name, v in write.after.items() if name != unique}
                inputs.append(input_of(write, write.after[unique], values))
        upsert_deals = partial(self._client.upsert_objects, DEALS, by=unique)
        note_sent(self._log, sent_in(inputs))
        send_batch(upsert_deals, inputs, results, by=unique)
        with transaction.atomic():
            self._keep_created(kind, batch, results)
            _keep_results(batch, results, self._log)

    def _fresh(self, kind: str, batch: list[RemoteWrite]) -> dict[int, dict[str, str]]:
        """What each deal should hold by now, by the key of its expense or order. Two queries."""
        keys = [key_in(write.subject) for write in batch]
        if kind == DealKind.ORDER:
            sales = sales_of(Order.objects.filter(pk__in=keys))
            return {pk: new_sale(sale, self._account) for pk, sale in sales.items()}
        expenses = Expense.objects.filter(pk__in=keys).select_related("event", "vendor")
        texts = event_texts({str(expense.event_id or "") for expense in expenses})
        return {
            expense.pk: new_expense(expense, self._account, texts[str(expense.event_id or "")])
            for expense in expenses
        }

    def _existing(self, kind: str, batch: list[RemoteWrite]) -> set[str]:
        """The expenses that have a deal by now. Of orders Nova decides all: they need no look."""
        if kind == DealKind.ORDER:
            return set()
        keys = [write.after[EXPENSE_ID] for write in batch]
        records = self._client.read_objects(DEALS, keys, (EXPENSE_ID,), by=EXPENSE_ID)
        return {str(record["properties"].get(EXPENSE_ID)) for record in records}

    def _keep_created(self, kind: str, batch: list[RemoteWrite], results: Results) -> None:
        by_pk = {write.pk: write for write in batch}
        made = {
            key_in(by_pk[pk].subject): Deal("").after(by_pk[pk].after, Deal.from_api(record))
            for pk, record in results.written.items()
        }
        now = timezone.now()
        is_order = kind == DealKind.ORDER
        agreed = {} if is_order else self._agreed(made)
        rows = [
            (
                *(deal.id, str(kind), deal.name[:250]),
                *((None, key) if is_order else (key, None)),
                *(str(DealState.LINKED), "", dict(deal.values), agreed.get(key)),
                *(deal.changed_at, False, None, now),
            )
            for key, deal in made.items()
            if is_order or key in agreed
        ]
        upsert(DealLink, rows, fields=(*LINK_FIELDS, "pushed_at"), key="hubspot_id")

    def _agreed(self, made: dict[int, Deal]) -> dict[int, Any]:
        """What each new deal and its expense hold of the same, by the expense's key."""
        remote = remote_values(list(made.values()), self._account) if made else {}
        expenses = Expense.objects.filter(pk__in=made).select_related("vendor")
        found = {}
        for expense in expenses:
            theirs = remote[made[expense.pk].id]
            sent = made[expense.pk].values
            found[expense.pk] = _agreed_after({}, values_of(expense), theirs, sent)
        return found


def _agreed_after(
    before: Base, local: Values, theirs: Values, sent: Mapping[str, str]
) -> dict[str, Held]:
    """What is agreed once `sent` was written: those fields, and all that are the same by now."""
    arrived = {n: v for n, v in local.items() if PLACES[n] in sent or v == theirs[n]}
    return confirmed(before, arrived, theirs)


def _keep_results(batch: list[RemoteWrite], results: Results, log: RunLog) -> None:
    keep_results(batch, results, log, kind=KIND, record_of=record_of_write)
