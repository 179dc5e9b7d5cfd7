"""After an erasure every source tells of the person again, over real HTTP: nothing comes back."""

import json
from datetime import UTC, datetime

import pytest
from django.core.files.base import ContentFile

from customers.models import Customer, Order
from customers.resources import CustomerResource
from finance.models import LedgerLine
from finance.resources import AttendanceResource
from integrations.deliveries import process_waiting, receive
from integrations.eventbrite.pull import pull_eventbrite
from integrations.http import Meter, Patience
from integrations.hubspot.setup import set_up
from integrations.hubspot.sync import connect, sync_with_hubspot
from integrations.hubspot.webhook import notices
from integrations.models import ContactLink, Delivery, HubSpotDeal, RemoteWrite, System
from integrations.privacy import erase_everywhere, person_with
from integrations.sandbox.server import running
from integrations.sandbox.world import EVENTBRITE_TOKEN, HUBSPOT_TOKEN, World
from nova_project.imports import jobs
from nova_project.imports.models import ImportJob, ImportProblem
from tests.integrations.privacy.conftest import ADA, ADAS

pytestmark = pytest.mark.django_db
PATIENCE = Patience(attempts=2, base_seconds=0, longest_seconds=0)
PERSON = {"firstname": "Zadara", "lastname": "Lövelace", "phone": "+49 171 5550199"}
BUYER = {"email": ADA, "name": "Zadara Lövelace"}
FILES = (
    (CustomerResource, ["E-mail", "First name", "Phone"], [ADA, "Zadara", "+49 171 5550199"]),
    (
        AttendanceResource,
        ["Event", "Price paid", "Buyer e-mail", "Buyer name", "Status"],
        ["Night, 2026-03-14", "18", ADA, "Zadara Lövelace", "Attending"],
    ),
)


@pytest.fixture
def world(settings, tmp_path, media):
    world = World.empty()
    with running(world, limits=False) as sandbox:
        settings.HUBSPOT_BASE_URL = settings.EVENTBRITE_BASE_URL = sandbox.url
        settings.HUBSPOT_ACCESS_TOKEN, settings.EVENTBRITE_TOKEN = HUBSPOT_TOKEN, EVENTBRITE_TOKEN
        settings.HUBSPOT_TIER, settings.HUBSPOT_WRITE_MODE = "professional", "auto"
        settings.HUBSPOT_DEALS, settings.REDIS_URL = "all", ""
        settings.VAR_DIR = tmp_path
        yield world


def read_all() -> None:
    pull_eventbrite(command="test", is_full=True, patience=PATIENCE)
    sync_with_hubspot(command="test", full=True, patience=PATIENCE)


def bring(resource, headings, *rows):
    text = "\n".join(";".join(cells) for cells in (headings, *rows))
    job = ImportJob(resource=jobs.resource_path(resource), name="file", headings=headings)
    job.rows_total = len(rows)
    job.file.save("file.csv", ContentFile(text.encode()))
    job = jobs.work(job.pk)
    if job.good_count:
        jobs.confirm(job)
        job = jobs.work(job.pk)
    return job


def call_of(contact):
    body = {
        "subscriptionType": "contact.propertyChange",
        "objectId": int(contact),
        "occurredAt": 1,
        "propertyName": "phone",
        "propertyValue": PERSON["phone"],
    }
    return notices(json.dumps([body]).encode())


def figures():
    """The money of the ledger, of the orders and of the person."""
    spend = Customer.objects.filter(events_booked__gt=0).values_list("total_spend", flat=True)
    lines = LedgerLine.objects.order_by("pk").values_list("kind", "amount", "currency")
    return list(lines), list(Order.objects.order_by("pk").values_list("gross", "refund")), [*spend]


def test_no_pull_import_or_webhook_brings_an_erased_person_back(
    world, traces, django_capture_on_commit_callbacks
):
    event = world.add_event("Night", start=datetime(2026, 3, 14, 19, tzinfo=UTC))
    seats = [{}, {"name": "Zadara Lövelace's friend", "email": ""}]
    world.add_order(event, buyer=BUYER, seats=seats, price=2000)
    contact = world.add_contact(ADA, hs_additional_emails=ADAS[2], **PERSON)["id"]
    deal = world.add_deal("Zadara Lövelace, new deal")["id"]
    world.associate(contact, deal)
    set_up(connect(Meter(), patience=PATIENCE))
    read_all()
    for resource, headings, row in FILES:
        bring(resource, headings, row)
    receive(System.HUBSPOT, call_of(contact))
    read_all()
    before = figures()
    made = len(traces())

    with django_capture_on_commit_callbacks(execute=True):
        erase_everywhere(person_with(ADA))
    left = traces()
    wrote = RemoteWrite.objects.filter(state="applied").count()
    world.edit_contact(contact, email="new@byron.example", firstname="Zadara")
    read_all()
    for resource, headings, row in FILES:
        bring(resource, headings, row).file.delete()
    Delivery.objects.all().delete()
    receive(System.HUBSPOT, call_of(contact))
    process_waiting(System.HUBSPOT, patience=PATIENCE)
    Delivery.objects.all().delete()
    read_all()

    assert made > 15
    assert left == []
    assert traces() == []
    assert figures() == before
    assert ContactLink.objects.get(hubspot_id=contact).erased_at is not None
    assert HubSpotDeal.objects.get(hubspot_id=deal).name == ""
    assert RemoteWrite.objects.filter(state="applied").count() == wrote
    assert list(ImportProblem.objects.values_list("cells", flat=True)) == [[], []]
