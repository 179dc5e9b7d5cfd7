"""A person who is everywhere in Nova, and a way to see whether anything tells of them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import models

from customers.models import (
    Audience,
    AudienceRule,
    Campaign,
    Customer,
    CustomerMerge,
    EmailAddress,
    FollowUp,
    FollowUpMessage,
    MergeState,
    MessageState,
    Touch,
    TouchKind,
)
from customers.resources import CustomerResource
from events.models import Event
from finance.models import LedgerKind
from integrations.models import (
    Conflict,
    ContactLink,
    DealKind,
    DealLink,
    Delivery,
    HubSpotDeal,
    LinkState,
    MatchSuggestion,
    Occurrence,
    OccurrenceKind,
    Operation,
    Problem,
    RemoteWrite,
    SyncRun,
    System,
    WriteExclusion,
    WriteState,
)
from nova_project.imports.jobs import resource_path
from nova_project.imports.models import ImportJob, ImportProblem, ImportState
from tests.factories import (
    make_customer,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
)

ADA = "ada@byron.example"
ADAS = (ADA, "ada.old@byron.example", "countess@byron.example")
"""The first one, one that staff took away, and one that only HubSpot knows."""
WORDS = (*ADAS, "Zadara", "Lövelace", "+49 171 5550199")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOLD = f"Zadara Lövelace ({ADA}, +49 171 5550199) cannot be read."


@pytest.fixture
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def ada(db, media) -> Customer:
    """Somebody of whom every place of Nova tells."""
    person = make_customer(ADA, first_name="Zadara", last_name="Lovelace", phone="+49 171 5550199")
    person.last_name, person.note, person.city = "Lövelace", f"Call {ADA}", "Zadara-Stadt"
    person.save()
    old = EmailAddress.objects.create(customer=person, address=ADAS[1])
    old.delete()
    _tickets(person)
    _hubspot(person)
    _matches(person)
    _notes(person)
    _imports()
    return person


def _tickets(person: Customer) -> None:
    event = make_event()
    order = make_order(event, "40.00", buyer=person, buyer_name="Zadara Lövelace")
    make_line(order, LedgerKind.SALE, "40.00")
    make_seat(order, holder=person, guest_name="Zadara Lövelace")
    make_seat(order, guest_name="Zadara Lövelace's friend")
    friend = make_customer("friend@example.org", note=f"A friend of {ADA}.")
    other = make_order(event, buyer=friend)
    make_seat(other, holder=person, guest_name="Zadara")
    make_expense(event=event, note=f"Flowers for {ADA.upper()}")
    campaign = Campaign.objects.create(name=f"For {ADA} alone")
    Audience.objects.create(name="Friends", rule=AudienceRule.VIP, note=f"Asked for by {ADA}")
    Touch.objects.create(
        key=f"contact 51 {TouchKind.FIRST_SOURCE}",
        customer=person,
        campaign=campaign,
        kind=TouchKind.FIRST_SOURCE,
        source=ADA,
        occurred_at=AT,
    )
    Occurrence.objects.create(
        kind=OccurrenceKind.PURCHASED,
        customer=person,
        event=event,
        order=order,
        uuid=UUID(int=51),
        occurred_at=AT,
    )
    _follow_ups(person, event)
    DealLink.objects.create(
        hubspot_id="91", kind=DealKind.ORDER, order=order, contact_id="51", name=f"Sale to {ADA}"
    )


def _follow_ups(person: Customer, event: Event) -> None:
    """One of each state, of follow-ups whose texts name the person."""
    for state in MessageState.values:
        follow_up = FollowUp.objects.create(
            name=f"For {ADA}, {state}",
            trigger="vip",
            note=f"Asked by {ADA}",
            subject=ADA,
            body=f"Hi {ADA}",
        )
        FollowUpMessage.objects.create(
            follow_up=follow_up,
            customer=person,
            event=event,
            state=state,
            reason=f"{ADA} is unknown here",
            triggered_at=AT,
            due_at=AT,
        )


def _hubspot(person: Customer) -> None:
    seen = {"email": ADA, "firstname": "Zadara", "lastname": "Lövelace", "phone": person.phone}
    link = ContactLink.objects.create(
        hubspot_id="51",
        customer=person,
        state=LinkState.AUTO,
        email=ADA,
        other_emails=ADAS[2],
        seen=seen,
        agreed={"phone": [person.phone, person.phone]},
        evidence=f"Both have {ADA}.",
    )
    second = ContactLink.objects.create(
        hubspot_id="52", customer=person, state=LinkState.SUGGESTED, email=ADA, seen=seen
    )
    ContactLink.objects.create(
        hubspot_id="53", state=LinkState.UNMATCHED, other_emails=f"x@y.example;{ADA}", seen=seen
    )
    deal = HubSpotDeal.objects.create(hubspot_id="71", name="Zadara Lövelace, new deal")
    deal.contacts.add(link)
    Conflict.objects.create(link=second, field="phone", local_value=person.phone, remote_value=ADA)
    run = SyncRun.objects.create(system="hubspot", command="sync", started_at=AT, message=TOLD)
    for state in (*WriteState.values, ""):
        RemoteWrite.objects.create(
            run=run,
            operation=Operation.UPDATE,
            link=link if state else None,
            customer=person if state else None,
            subject=f"customer {person.pk}",
            remote_id="51",
            before={"firstname": "Zadara"},
            after={"phone": person.phone, "email": ADA},
            replaced={"phone": person.phone},
            reason="Differs from Nova: phone.",
            error=TOLD,
            state=state or WriteState.FAILED,
        )
    WriteExclusion.objects.create(customer=person, subject=f"customer {person.pk}")
    for record in ("contact 51", f"customer {person.pk}", "order 4711"):
        Problem.objects.create(system="hubspot", code="odd", record=record, message=TOLD)


def _matches(person: Customer) -> None:
    """Somebody who was merged into the person, and somebody who may be."""
    held = {"pks": [1], "before": {"first_name": "Zadara"}, "after": {"first_name": "Ada"}}
    CustomerMerge.objects.create(
        survivor=person,
        kept_id=person.pk,
        merged_id=person.pk + 9_000,
        state=MergeState.STANDING,
        evidence=TOLD,
        conflicts=[["name", "Ada", "Zadara Lövelace"]],
        steps=[{"model": "customers.Customer", "loose": [], **held}],
    )
    Customer.history.create(
        id=person.pk + 9_000,
        last_name="Lövelace",
        created_at=AT,
        updated_at=AT,
        history_date=AT,
        history_type="-",
    )
    other = make_customer()
    MatchSuggestion.objects.create(
        pair=f"customers {person.pk} {other.pk}",
        customer=person,
        other=other,
        rule="phone",
        evidence=TOLD,
        strength=90,
    )


def _notes(person: Customer) -> None:
    for kind, body in (("contacts", {"propertyValue": "Zadara"}), ("", {"x": [{ADA: TOLD}]})):
        Delivery.objects.create(
            system=System.HUBSPOT,
            object_type=kind,
            object_id="51" if kind else "",
            body=json.dumps(body),
            message=TOLD,
        )
    user = User.objects.create_user("bob", email=ADA.replace("ada", "bob"), is_staff=True)
    for row, message in ((person, "[]"), (user, json.dumps([{"added": {"object": ADA}}]))):
        LogEntry.objects.create(
            user=user,
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr="Zadara Lövelace",
            action_flag=CHANGE,
            change_message=message,
        )


def _imports() -> None:
    file = ContentFile(f"E-mail,First name\n{ADA},Zadara\n".encode(), "people.csv")
    job = ImportJob(
        resource=resource_path(CustomerResource),
        name=f"{ADA}.csv",
        state=ImportState.READY,
        message=TOLD,
        notices=[TOLD],
        headings=["E-mail", "First name"],
        sample=[{"row": 2, "title": ADA, "cells": [["First name", "", "Zadara"]]}],
    )
    job.file.save("people.csv", file)
    ImportProblem.objects.create(
        job=job, row_number=2, cells=[ADA, "Zadara"], messages=[["E-mail", f"{ADA} is odd."]]
    )
    done = ImportJob.objects.create(resource=job.resource, name="old", state=ImportState.DONE)
    ImportProblem.objects.create(
        job=done, row_number=2, cells=["Zadara", "+49 171 5550199"], messages=[]
    )


@pytest.fixture
def traces(media) -> Callable[[], list[str]]:
    """Every column of every table, and every file, that has one of WORDS in it."""

    def walk() -> list[str]:
        found = [
            f"{model._meta.label}.{field.name}"
            for model in apps.get_models(include_auto_created=True)
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField)
            for value in model._base_manager.values_list(field.name, flat=True).distinct()
            if _tells(value)
        ]
        files = [f"file {path}" for path in media.rglob("*") if path.is_file() and _in_file(path)]
        return sorted(set(found)) + files

    return walk


def _tells(value: object) -> bool:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return any(word.lower() in text.lower() for word in WORDS)


def _in_file(path: Path) -> bool:
    return _tells(path.read_bytes().decode(errors="replace"))
