"""Every page of the admin is walked here: a new one is covered on the day it is registered."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from customers.models import (
    Audience,
    AudienceRule,
    Campaign,
    CampaignCode,
    CampaignEmailStats,
    Customer,
    CustomerMerge,
    FollowUp,
    FollowUpMessage,
    LeadKind,
    LeadModel,
    SegmentBands,
    Suppression,
    Touch,
    TouchKind,
)
from events.models import Event, ShowTypeRule, TicketClass
from finance.models import (
    CheckRule,
    LedgerCheck,
    LedgerDifference,
    LedgerKind,
    PayoutVariance,
    Receipt,
    ReceiptKind,
    RecurringExpense,
    StatementMapping,
    VarianceKind,
)
from finance.services import close_settlement, share_expenses
from finance.services.deposits import match_deposit
from finance.services.locks import lock_month
from integrations.models import (
    ApiToken,
    AudienceLink,
    Conflict,
    ContactLink,
    Cursor,
    DealKind,
    DealLink,
    Delivery,
    HubSpotDeal,
    LinkState,
    Occurrence,
    OccurrenceKind,
    Operation,
    Problem,
    RemoteWrite,
    SyncRun,
    System,
    WriteExclusion,
)
from tests.factories import (
    make_agreement,
    make_customer,
    make_deposit,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_show_type,
    make_venue,
)

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
LABELS = [model._meta.label for model in MODELS]
FEW, MANY = 3, 12
"""Both fit on one page: more rows on a page may not mean more queries."""


@pytest.fixture
def client(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def add_rows(first: int, last: int) -> None:
    """Rows first to last - 1 of every model, each of another parent where a list shows it."""
    for number in range(first, last):
        _add_show(number)
        _add_sync(number)
        _add_settings(number)
    share_expenses()


def _add_show(number: int) -> None:
    show_type = make_show_type(f"Type {number}")
    ShowTypeRule.objects.create(show_type=show_type, value=f"Show {number}")
    day = date(2026, 1, 1) + timedelta(days=number)
    event = make_event(day, venue=make_venue(), show_type=show_type)
    tickets = TicketClass.objects.create(event=event, name="Standard", price=20, currency="EUR")
    person = make_customer(f"person{number}@example.net")
    order = make_order(event, buyer=person)
    make_seat(order, holder=person, ticket_class=tickets)
    make_line(order, LedgerKind.SALE, "20.00")
    campaign = Campaign.objects.create(name=f"Campaign {number}", budget=100)
    CampaignCode.objects.create(campaign=campaign, code=f"code{number}")
    for owner in (campaign, None):
        Touch.objects.create(
            key=f"{number} {owner}",
            customer=person,
            campaign=owner,
            order=order,
            kind=TouchKind.TRACKING_LINK,
            source=f"code{number}",
            occurred_at=order.ordered_at,
        )
    CampaignEmailStats.objects.create(
        campaign=campaign, email_id=str(number), email_name=f"Mail {number}", as_of=day
    )
    audience = Audience.objects.create(
        name=f"Fans of {show_type}",
        rule=AudienceRule.SHOW_TYPE,
        show_type=show_type,
        is_mirrored=True,
    )
    AudienceLink.objects.create(audience=audience, list_name=f"Nova: {audience}")
    Occurrence.objects.create(
        kind=OccurrenceKind.PURCHASED,
        customer=person,
        event=event,
        order=order,
        uuid=UUID(int=number),
        occurred_at=order.ordered_at,
    )
    follow_up = FollowUp.objects.create(name=f"Follow-up {number}", trigger="vip")
    FollowUpMessage.objects.create(
        follow_up=follow_up,
        customer=person,
        event=event,
        triggered_at=order.ordered_at,
        due_at=order.ordered_at,
    )
    cost = make_expense(event=event, campaign=campaign, vendor=f"Vendor {number}")
    Receipt.objects.create(expense=cost, file="x", name="x.pdf", kind=ReceiptKind.PDF, size=1)
    RecurringExpense.objects.create(
        name=f"Rule {number}", category="staff", amount=5, vendor=cost.vendor
    )
    DealLink.objects.create(hubspot_id=f"1{number}", kind=DealKind.EXPENSE, expense=cost)
    DealLink.objects.create(hubspot_id=f"2{number}", kind=DealKind.ORDER, order=order)
    make_expense(show_type=show_type, spent_on=day)
    make_agreement(event)
    close_settlement(event=event, user=User.objects.get(username="root"))
    LeadModel.objects.create(as_of=day, kind=LeadKind.POINTS, why_points="Too few.")
    Suppression.objects.create(digest=f"{number:064}")
    _add_bank(number, event)
    check = LedgerCheck.objects.create(started_at=order.ordered_at, difference_count=1)
    LedgerDifference.objects.create(
        check_run=check, rule=CheckRule.ORDER, record=str(order), figure="Tax", kept=0, computed=1
    )


def _add_bank(number: int, event: Event) -> None:
    deposit = make_deposit(booked_on=date(2026, 3, 1) + timedelta(days=number))
    match_deposit(deposit=deposit, parts={event.pk: Decimal("30.00")})
    PayoutVariance.objects.create(
        event=event, kind=VarianceKind.RESERVE, amount=-5, currency="EUR", note="Kept back."
    )
    StatementMapping.objects.create(name=f"Bank {number}", signature=str(number))
    lock_month(month=date(1990 + number, 1, 1))


def _add_sync(number: int) -> None:
    person = make_customer(f"linked{number}@example.net")
    CustomerMerge.objects.create(survivor=person, kept_id=person.pk, merged_id=person.pk + 10_000)
    link = ContactLink.objects.create(
        hubspot_id=str(number),
        customer=person,
        state=LinkState.AUTO,
        seen={"nova_total_spend": "5"},
    )
    deal = HubSpotDeal.objects.create(hubspot_id=str(number), name=f"Hire {number}", amount=5)
    deal.contacts.add(link)
    Conflict.objects.create(link=link, field="phone", local_value="1", remote_value="2")
    now = timezone.now()
    run = SyncRun.objects.create(system=System.HUBSPOT, command="sync", started_at=now)
    Problem.objects.create(
        run=run, system=run.system, code="odd", record=f"contact {number}", message="Odd."
    )
    RemoteWrite.objects.create(
        run=run,
        operation=Operation.UPDATE,
        link=link,
        customer=person,
        remote_id=link.hubspot_id,
        before={"nova_total_spend": "5"},
        after={"nova_total_spend": "0"},
        reason="Differs from Nova.",
    )
    WriteExclusion.objects.create(customer=person, subject=f"customer {person.pk}")
    Cursor.objects.create(system=run.system, stream=f"stream {number}")
    Delivery.objects.create(
        system=run.system,
        action="contact.propertyChange",
        object_type="contacts",
        object_id=str(number),
        body='{"objectId": 1, "propertyValue": "Ada"}',
    )


def _add_settings(number: int) -> None:
    SegmentBands.objects.get_or_create(pk=1)
    user = User.objects.create(username=f"user{number}", is_staff=True)
    user.groups.add(Group.objects.get_or_create(name=f"Role {number}")[0])
    interval = IntervalSchedule.objects.create(every=number + 1000, period="minutes")
    PeriodicTask.objects.create(
        name=f"Task {number}", task="integrations.tasks.sync_hubspot", interval=interval
    )
    CrontabSchedule.objects.create(minute=str(number))
    SolarSchedule.objects.create(event="sunset", latitude=number, longitude=number)
    ClockedSchedule.objects.create(clocked_time=timezone.now())
    token = ApiToken(name=f"Program {number}", user=user)
    token.set_new_secret()
    token.save()


def url_of(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_{page}", args=args)


def queries_of(ask: Callable[[], object]) -> int:
    ask()  # whatever is cached is cached now
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ask()
    return len(queries)


@pytest.mark.parametrize("model", MODELS, ids=LABELS)
def test_a_list_without_rows_answers(client, model):
    response = client.get(url_of(model, "changelist"))

    assert response.status_code == 200


def test_the_pages_of_each_row_answer(client):
    add_rows(0, 2)

    failed = [
        (label, page)
        for label, model in zip(LABELS, MODELS, strict=True)
        for page, args in pages_of(model)
        if client.get(url_of(model, page, *args)).status_code != 200
    ]

    assert failed == []


def pages_of(model: type[models.Model]) -> list[tuple[str, tuple[object, ...]]]:
    row = last_of(model)
    return [("changelist", ()), ("change", (row.pk,)), ("history", (row.pk,))]


def last_of(model: type[models.Model]) -> models.Model:
    return model._default_manager.order_by("pk").last()


WITHOUT_HISTORY = {
    "customers.Attendance",
    "customers.CampaignEmailStats",
    "customers.FollowUpMessage",
    "customers.LeadModel",
    "customers.CustomerMerge",
    "customers.Touch",
    "customers.Order",
    "customers.Suppression",
    "finance.HistoricalExpense",
    "finance.LedgerCheck",
    "finance.LedgerDifference",
    "finance.Receipt",
    "finance.LedgerLine",
    "finance.Settlement",
    "integrations.AudienceLink",
    "integrations.DealLink",
    "integrations.HubSpotDeal",
    "integrations.Conflict",
    "integrations.Cursor",
    "integrations.Delivery",
    "integrations.Occurrence",
    "integrations.Problem",
    "integrations.RemoteWrite",
    "integrations.SyncRun",
    "integrations.WriteExclusion",
}


def test_a_page_leads_to_the_history_of_its_row_where_there_is_one(client):
    add_rows(0, 2)

    without = {
        label
        for label, model in zip(LABELS, MODELS, strict=True)
        if url_of(model, "history", last_of(model).pk)
        not in client.get(url_of(model, "change", last_of(model).pk)).text
    }

    assert without == WITHOUT_HISTORY


@pytest.mark.parametrize("model", MODELS, ids=LABELS)
def test_a_row_can_be_added_where_that_is_allowed_and_nowhere_else(client, model, rf):
    request = rf.get("/")
    request.user = User.objects.get(username="root")
    is_allowed = admin.site._registry[model].has_add_permission(request)

    response = client.get(url_of(model, "add"))

    assert response.status_code == (200 if is_allowed else 403)


def test_each_list_takes_a_search_and_wrong_filters(client):
    add_rows(0, 2)
    garbage = {
        "q": "a@b 14 mar %",
        "starts_on_from": "yesterday",
        "spent_on_to": "2026-02-31",
        "ordered_at_from": "x",
        "last_event_on_from": "31/12/2026",
        "type": "none",
        "events_booked_from": "many",
    }

    failed = [
        label
        for label, model in zip(LABELS, MODELS, strict=True)
        if client.get(url_of(model, "changelist"), garbage, follow=True).status_code != 200
    ]

    assert failed == []


def test_each_list_needs_the_same_queries_for_few_rows_and_many(client):
    add_rows(0, FEW)
    few = queries_of_lists(client)

    add_rows(FEW, MANY)

    assert queries_of_lists(client) == few


def queries_of_lists(client: Client) -> dict[str, int]:
    return {
        label: queries_of(partial(client.get, url_of(model, "changelist")))
        for label, model in zip(LABELS, MODELS, strict=True)
    }


def test_the_home_page_needs_the_same_few_queries_for_few_rows_and_many(client):
    url = reverse("admin:index")
    add_rows(0, FEW)
    few = queries_of(lambda: client.get(url))

    add_rows(FEW, MANY)
    many = queries_of(lambda: client.get(url))

    assert many == few
    assert few <= 32


def add_children(number: int, *, customer: Customer, event: Event, run: SyncRun) -> None:
    """Gives the customer, the event and the run `number` more of whatever their pages list."""
    for _ in range(number):
        order = make_order(event, buyer=customer)
        make_seat(order, holder=customer)
        make_line(order, LedgerKind.SALE, "20.00")
        make_expense(event=event)
        RemoteWrite.objects.create(
            run=run, operation=Operation.UPDATE, customer=customer, reason="Differs from Nova."
        )
        ContactLink.objects.create(
            hubspot_id=f"second {order.pk}", customer=customer, state=LinkState.SUGGESTED
        )


@pytest.mark.parametrize("name", ["customer", "event", "run"])
def test_a_page_needs_the_same_queries_for_few_related_rows_and_many(client, name):
    customer, event = make_customer(), make_event(venue=make_venue())
    run = SyncRun.objects.create(system="hubspot", command="sync", started_at=timezone.now())
    rows = {"customer": customer, "event": event, "run": run}
    url = url_of(type(rows[name]), "change", rows[name].pk)
    add_children(3, **rows)
    few = queries_of(lambda: client.get(url))

    add_children(12, **rows)
    many = queries_of(lambda: client.get(url))

    assert many == few
