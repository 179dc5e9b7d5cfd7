from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from finance.models import LedgerKind
from integrations.models import (
    ContactLink,
    LinkState,
    Operation,
    Outcome,
    Problem,
    RemoteWrite,
    SyncRun,
    System,
)
from tests.factories import (
    make_customer,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_show_type,
)
from tests.staff import client_of

pytestmark = pytest.mark.django_db

HOME = "admin:index"


@pytest.fixture
def client(db) -> Client:
    return logged_in(User.objects.create_superuser("root"))


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def make_run(system: System = System.HUBSPOT, **fields: object) -> SyncRun:
    now = timezone.now()
    defaults = {"command": "sync", "started_at": now, "finished_at": now, "outcome": Outcome.DONE}
    return SyncRun.objects.create(system=system, **defaults | fields)


def make_problem(**fields: object) -> Problem:
    defaults = {"run": make_run(), "system": System.HUBSPOT, "code": "odd", "message": "Odd."}
    return Problem.objects.create(**defaults | {"record": "contact 1"} | fields)


def make_link(customer=None, **fields: object) -> ContactLink:
    defaults = {"hubspot_id": "1", "customer": customer, "state": LinkState.AUTO}
    return ContactLink.objects.create(**defaults | fields)


def make_show(day: date, sold: str, **fields: object):
    """A show with one order, one seat and the sale in the ledger."""
    event = make_event(day, **fields)
    order = make_order(event, gross=sold)
    make_seat(order)
    make_line(order, LedgerKind.SALE, sold)
    return event


def panel(response, title: str):
    """The first panel of the home page whose title starts with `title`, or None."""
    columns = response.context.get("home_columns") or []
    every = [*response.context["home_top"], *(p for column in columns for p in column)]
    return next((p for p in every if p.title.startswith(title)), None)


def words(cell: object) -> str:
    """What a cell says, without its markup."""
    text = str(cell)
    while "<" in text:
        before, _, rest = text.partition("<")
        text = before + rest.partition(">")[2]
    return text


def said(response, title: str) -> list[list[str]]:
    found = panel(response, title)
    return [[words(cell) for cell in row] for row in found.rows] if found else []


# HubSpot beside a customer


def test_a_customers_page_marks_what_nova_would_write(client):
    ada = make_customer(
        events_booked=1,
        events_attended=1,
        total_spend=Decimal("20.00"),
        customer_type="new",
        first_event_on=date(2026, 3, 14),
        last_event_on=date(2026, 3, 14),
    )
    make_link(ada, seen={"nova_total_spend": "5", "nova_customer_type": "New"})

    response = client.get(reverse("admin:customers_customer_change", args=[ada.pk]))

    beside = next(p for p in response.context["panels_below"] if "side by side" in p.title)
    rows = {words(row[0]): [words(cell) for cell in row[1:]] for row in beside.rows}
    assert rows["Total spend nova_total_spend"] == ["5", "20", "to be written"]
    assert rows["Customer type nova_customer_type"] == ["New", "New", "equal"]
    assert rows["Nova tags nova_tags"] == ["–", "Nova Attendee", "to be written"]


def test_who_may_not_see_links_sees_a_customer_without_hubspot():
    ada = make_customer()
    make_link(ada, seen={"nova_total_spend": "5"})
    url = reverse("admin:customers_customer_change", args=[ada.pk])

    helper = User.objects.create_user("helper", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_customer"))
    client = Client()
    client.force_login(helper)

    marketing, without = client_of("Marketing").get(url), client.get(url)

    assert "side by side" in marketing.text
    assert (without.status_code, "side by side" in without.text) == (200, False)


# Decisions


def test_a_confirmed_suggestion_takes_the_place_of_the_link_in_force(client):
    ada = make_customer()
    first = make_link(ada, hubspot_id="1")
    second = make_link(ada, hubspot_id="2", state=LinkState.SUGGESTED)

    client.post(
        reverse("admin:integrations_contactlink_changelist"),
        {"action": "confirm", "_selected_action": [second.pk]},
    )

    states = dict(ContactLink.objects.values_list("pk", "state"))
    assert states == {first.pk: LinkState.SUGGESTED, second.pk: LinkState.CONFIRMED}
    assert second.history.latest().history_user.username == "root"


def test_a_rejected_suggestion_is_kept_and_one_in_force_is_left_alone(client):
    ada = make_customer()
    in_force = make_link(ada, hubspot_id="1")
    suggested = make_link(ada, hubspot_id="2", state=LinkState.SUGGESTED)

    client.post(
        reverse("admin:integrations_contactlink_changelist"),
        {"action": "reject", "_selected_action": [in_force.pk, suggested.pk]},
    )

    states = dict(ContactLink.objects.values_list("pk", "state"))
    assert states == {in_force.pk: LinkState.AUTO, suggested.pk: LinkState.REJECTED}


@pytest.mark.parametrize(("role", "is_resolved"), [("Marketing", True), ("Finance", False)])
def test_a_problem_is_marked_as_gone_by_those_who_may(role, is_resolved):
    problem = make_problem()

    client_of(role).post(
        reverse("admin:integrations_problem_changelist"),
        {"action": "resolve", "_selected_action": [problem.pk]},
    )

    problem.refresh_from_db()
    assert (problem.resolved_at is not None) == is_resolved


def test_open_problems_stand_first(client):
    gone = make_problem(record="contact 1", resolved_at=timezone.now())
    open_one = make_problem(record="contact 2")
    Problem.objects.filter(pk=open_one.pk).update(updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    url = reverse("admin:integrations_problem_changelist")

    listed = list(client.get(url).context["cl"].result_list)
    filtered = list(client.get(url, {"state": "open"}).context["cl"].result_list)

    assert listed == [open_one, gone]
    assert filtered == [open_one]


def test_a_write_is_shown_field_by_field_with_what_differs(client):
    write = RemoteWrite.objects.create(
        run=make_run(),
        operation=Operation.UPDATE,
        before={"nova_total_spend": "5", "nova_tags": "Fan"},
        after={"nova_total_spend": "20", "nova_tags": "Fan"},
        reason="Differs from Nova.",
    )

    response = client.get(reverse("admin:integrations_remotewrite_change", args=[write.pk]))

    rows = response.context["panels_below"][0].rows
    assert [[words(cell) for cell in row] for row in rows] == [
        ["Nova tags nova_tags", "Fan", "Fan", ""],
        ["Total spend nova_total_spend", "5", "20", "differs"],
    ]


@pytest.mark.parametrize("name", ["syncrun", "remotewrite", "contactlink", "problem", "cursor"])
def test_nobody_adds_what_syncs_write(client, name):
    assert client.get(reverse(f"admin:integrations_{name}_add")).status_code == 403


# The home page


def test_a_new_installation_is_told_what_to_do_first(client):
    response = client.get(reverse(HOME))

    assert panel(response, "Start here")
    assert "python manage.py sync_eventbrite" in response.text


def test_the_months_figures_stand_beside_the_same_days_of_the_month_before(client, time_machine):
    time_machine.move_to(datetime(2026, 3, 20, 12, tzinfo=UTC))
    event = make_show(date(2026, 3, 14), "150.00")
    make_expense("30.00", event=event)
    make_show(date(2026, 3, 25), "999.00")
    make_show(date(2026, 2, 10), "100.00")
    make_show(date(2026, 2, 27), "888.00")

    figures = {f.label: f for f in panel(client.get(reverse(HOME)), "This month").figures}

    assert {label: words(f.value) for label, f in figures.items()} == {
        "Seats": "1",
        "Gross": "€150.00",
        "Net sales": "€150.00",
        "Expenses": "€30.00",
        "Performers": "€0.00",
        "Net revenue": "€120.00",
    }
    assert [figures[label].note for label in ("Seats", "Gross", "Net revenue")] == [
        "+0 %",
        "+50 %",
        "+20 %",
    ]


@pytest.mark.parametrize("today", [date(2026, 3, 31), date(2026, 1, 1), date(2024, 2, 29)])
def test_the_month_is_compared_on_its_last_and_first_days_too(client, time_machine, today):
    time_machine.move_to(datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=12))
    make_show(today, "10.00")

    response = client.get(reverse(HOME))

    assert words(panel(response, "This month").figures[1].value) == "€10.00"


def test_net_revenue_by_show_type_is_drawn_and_written_best_first(client, time_machine):
    time_machine.move_to(datetime(2026, 3, 20, 12, tzinfo=UTC))
    make_show(date(2026, 1, 3), "10.00", show_type=make_show_type("Improv"))
    make_show(date(2026, 2, 3), "50.00", show_type=make_show_type("Music"))
    make_show(date(2026, 2, 4), "5000", show_type=make_show_type("Tour"), currency="JPY")

    found = panel(client.get(reverse(HOME)), "Net revenue by show type")

    assert [words(row[0]) for row in found.rows] == ["Music", "Improv"]
    assert found.chart.labels == ["Music", "Improv"]


def test_the_next_shows_say_how_many_seats_are_taken_and_how_many_lately(client):
    today = timezone.localdate()
    show = make_event(today + timedelta(days=3), name="Soon")
    make_event(today - timedelta(days=3), name="Over")
    old = make_order(show, ordered_at=timezone.now() - timedelta(days=30))
    make_seat(old)
    make_seat(make_order(show, ordered_at=timezone.now() - timedelta(days=1)))

    rows = said(client.get(reverse(HOME)), "Next shows")

    assert [row[1:] for row in rows] == [["Soon no venue yet", "2 / 1002 %", "+1"]]


def test_what_needs_attention_is_counted_and_leads_to_the_filtered_list(client):
    make_event()
    make_event(show_type=make_show_type())
    make_problem(record="contact 2", resolved_at=timezone.now())
    make_problem()
    make_run(System.EVENTBRITE, outcome=Outcome.FAILED, message="The token is wrong.")
    link = make_link(make_customer(), state=LinkState.SUGGESTED)
    RemoteWrite.objects.create(run=make_run(), operation=Operation.UPDATE, link=link, reason="x")

    response = client.get(reverse(HOME))

    assert said(response, "What needs attention") == [
        ["failed", "Eventbrite, just now: The token is wrong."],
        ["in step", "HubSpot, just now"],
        ["not yet", "The ledger was never checked"],
        ["3", "matters wait for a person"],
        ["1", "shows have no show type"],
        ["1", "writes of the plan for HubSpot wait to be applied"],
    ]
    for row in panel(response, "What needs attention").rows:
        address = str(row[1]).partition('href="')[2].partition('"')[0].replace("&amp;", "&")
        counted = words(row[0])
        context = client.get(address).context
        listed = context["cl"].result_count if "cl" in context else context["total"]
        assert not counted.isdecimal() or listed == int(counted)


def test_a_system_never_read_is_named(client):
    make_event(show_type=make_show_type())

    rows = said(client.get(reverse(HOME)), "What needs attention")

    assert ["not yet", "HubSpot was never read"] in rows


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        ("Finance", {"This month", "Net revenue", "Next shows", "What needs"}),
        ("Box office", {"Next shows", "What needs"}),
        ("Marketing", {"Next shows", "What needs"}),
        ("Viewer", {"This month", "Net revenue", "Next shows", "What needs"}),
    ],
)
def test_each_role_has_its_own_home_page(role, titles):
    make_show(timezone.localdate(), "10.00")
    make_problem()

    response = client_of(role).get(reverse(HOME))

    every = {"This month", "Net revenue", "Next shows", "What needs"}
    assert {title for title in every if panel(response, title)} == titles


def test_a_viewer_is_not_told_of_problems_and_runs():
    make_problem()
    make_event()

    rows = said(client_of("Viewer").get(reverse(HOME)), "What needs attention")

    assert rows == [["1", "shows have no show type"]]
