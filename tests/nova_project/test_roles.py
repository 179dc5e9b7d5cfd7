from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.text import capfirst

from customers.models import Customer
from nova_project.navigation import GROUPS, Entry
from nova_project.roles import ROLES, set_up_roles
from tests.factories import make_customer, make_event, make_order, make_seat
from tests.staff import client_of

pytestmark = pytest.mark.django_db

ALL = "Home, Reports, Events, Show types, Venues, Customers, Orders, Seats, "
ALL += "Matches to review, Merges, Expenses, "
ALL += "Recurring expenses, Vendors, Receipts, Ledger, Ledger checks, Performers, "
ALL += "Agreements, Settlements, "
ALL += "Deposits, Deposits to match, Matches, Explained differences, Bank accounts, "
ALL += "Statement mappings, Locked months, "
ALL += "Dashboard, Campaigns, Campaign codes, Touches, Campaign e-mails, Audiences, "
ALL += "Follow-ups, Follow-up messages, Lead models, Segment bands, Inbox, Plan for HubSpot, "
ALL += "Sync runs, Problems, Conflicts, Webhooks, HubSpot links, HubSpot deals, Other deals, "
ALL += "HubSpot lists, HubSpot events, HubSpot writes, Never written, Who decides, Schedule, "
ALL += "Users, Roles, API tokens, Erased people"
SIDEBARS = {
    "Finance": "Home, Reports, Events, Show types, Venues, Orders, Seats, Expenses, "
    "Recurring expenses, Vendors, Receipts, Ledger, Ledger checks, Performers, "
    "Agreements, Settlements, "
    "Deposits, Deposits to match, Matches, Explained differences, Bank accounts, "
    "Statement mappings, Locked months, "
    "Dashboard, Campaigns, Campaign codes, Touches, Campaign e-mails, Inbox, Sync runs, Problems, "
    "Conflicts, HubSpot deals",
    "Producer": "Home, Reports, Events, Show types, Venues, Orders, Seats, Expenses, "
    "Recurring expenses, Vendors, Ledger, Performers, Agreements, Settlements, "
    "Deposits, Deposits to match, Matches, Explained differences, Bank accounts, "
    "Statement mappings, Locked months, "
    "Dashboard, Campaigns, Campaign codes, Campaign e-mails",
    "Box office": "Home, Reports, Events, Show types, Venues, Customers, Orders, Seats, "
    "Matches to review, Merges, Inbox, Sync runs, Problems, Webhooks, HubSpot links, Who decides",
    "Marketing": "Home, Reports, Events, Show types, Venues, Customers, Orders, Seats, "
    "Matches to review, Merges, Dashboard, Campaigns, Campaign codes, Touches, Campaign e-mails, "
    "Audiences, Follow-ups, Follow-up messages, Lead models, Segment bands, "
    "Inbox, Plan for HubSpot, Sync runs, Problems, Conflicts, Webhooks, HubSpot links, "
    "HubSpot deals, Other deals, HubSpot lists, HubSpot events, HubSpot writes, Never written, "
    "Who decides, Erased people",
    "Viewer": "Home, Reports, Events, Show types, Venues, Expenses, Ledger, "
    "Performers, Agreements, Settlements, "
    "Deposits, Deposits to match, Matches, Explained differences, Bank accounts, "
    "Statement mappings, Locked months, "
    "Dashboard, Campaigns, Campaign e-mails, Follow-ups",
}
LISTS = {
    "Events": "events_event",
    "Show types": "events_showtype",
    "Venues": "events_venue",
    "Customers": "customers_customer",
    "Orders": "customers_order",
    "Seats": "customers_attendance",
    "Expenses": "finance_expense",
    "Recurring expenses": "finance_recurringexpense",
    "Vendors": "finance_vendor",
    "Receipts": "finance_receipt",
    "Ledger": "finance_ledgerline",
    "Deposits": "finance_deposit",
    "Matches": "finance_depositmatch",
    "Explained differences": "finance_payoutvariance",
    "Bank accounts": "finance_bankaccount",
    "Statement mappings": "finance_statementmapping",
    "Locked months": "finance_lockedmonth",
    "Ledger checks": "finance_ledgercheck",
    "Performers": "finance_performer",
    "Agreements": "finance_performeragreement",
    "Settlements": "finance_settlement",
    "Campaigns": "customers_campaign",
    "Campaign codes": "customers_campaigncode",
    "Touches": "customers_touch",
    "Campaign e-mails": "customers_campaignemailstats",
    "Audiences": "customers_audience",
    "Follow-ups": "customers_followup",
    "Follow-up messages": "customers_followupmessage",
    "Lead models": "customers_leadmodel",
    "Segment bands": "customers_segmentbands",
    "Merges": "customers_customermerge",
    "Sync runs": "integrations_syncrun",
    "Problems": "integrations_problem",
    "Conflicts": "integrations_conflict",
    "Webhooks": "integrations_delivery",
    "HubSpot links": "integrations_contactlink",
    "HubSpot deals": "integrations_deallink",
    "Other deals": "integrations_hubspotdeal",
    "HubSpot lists": "integrations_audiencelink",
    "HubSpot events": "integrations_occurrence",
    "HubSpot writes": "integrations_remotewrite",
    "Never written": "integrations_writeexclusion",
    "Schedule": "django_celery_beat_periodictask",
    "Users": "auth_user",
    "Roles": "auth_group",
    "API tokens": "integrations_apitoken",
    "Erased people": "customers_suppression",
}
PAGES = {"Home", "Reports", "Deposits to match", "Dashboard", "Inbox", "Plan for HubSpot"}
PAGES |= {"Matches to review", "Who decides"}
"""What the sidebar has besides lists."""
ADDED = {
    "Finance": {
        "Expenses",
        "Recurring expenses",
        "Vendors",
        "Performers",
        "Agreements",
        "Deposits",
        "Explained differences",
        "Bank accounts",
        "Locked months",
    },
    "Producer": {"Expenses", "Recurring expenses", "Vendors", "Performers", "Agreements"},
    "Box office": {"Events", "Show types", "Venues"},
    "Marketing": {"Customers", "Campaigns", "Campaign codes", "Audiences", "Follow-ups"},
    "Viewer": set(),
}
"""What a role may add by hand."""


def is_list(entry: Entry) -> bool:
    """Is it a list of an app of Nova's own? Libraries keep the words that they have."""
    ours = ("events", "customers", "finance", "integrations")
    is_changelist = entry.page == "changelist" and not (entry.url or entry.report)
    return is_changelist and entry.model.split(".")[0] in ours


def sidebar_of(client: Client) -> list[str]:
    groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
    return [line["title"] for group in groups for line in group["items"] if line["has_permission"]]


def answers(client: Client, page: str) -> set[str]:
    """The titles of the lists whose `page` this person gets."""
    statuses = {
        title: client.get(reverse(f"admin:{name}_{page}")).status_code
        for title, name in LISTS.items()
    }
    assert set(statuses.values()) <= {200, 403}
    return {title for title, status in statuses.items() if status == 200}


def test_the_sidebar_marks_one_line_also_where_addresses_begin_alike():
    client = client_of("Finance")

    for title in ("Deposits", "Deposits to match"):
        url = next(e.link() for _, entries in GROUPS for e in entries if e.title == title)
        groups = client.get(url).context["sidebar_navigation"]
        lines = [line for group in groups for line in group["items"]]
        assert [line["title"] for line in lines if line["active"]] == [title]


@pytest.mark.parametrize("role", SIDEBARS)
def test_a_role_sees_its_pages_in_the_sidebar_and_gets_no_others(role):
    client = client_of(role)

    sidebar = sidebar_of(client)

    assert ", ".join(sidebar) == SIDEBARS[role]
    assert answers(client, "changelist") == set(sidebar) - PAGES


@pytest.mark.parametrize("role", ADDED)
def test_a_role_adds_only_what_it_keeps(role):
    assert answers(client_of(role), "add") == ADDED[role]


def test_a_superuser_sees_everything():
    client = Client()
    client.force_login(User.objects.create_superuser("root"))

    assert ", ".join(sidebar_of(client)) == ALL


def test_a_person_without_a_role_sees_an_empty_home_page_that_says_whom_to_ask():
    client = Client()
    client.force_login(User.objects.create(username="new", is_staff=True))

    response = client.get(reverse("admin:index"))

    assert sidebar_of(client) == ["Home"]
    assert "Your account has no role yet" in response.text


def test_a_viewer_meets_no_name_of_a_customer_on_any_page_that_he_gets():
    buyer = make_customer("secret@example.org", first_name="Secret", last_name="Buyer")
    event = make_event()
    order = make_order(event, buyer=buyer, buyer_name="Secret Buyer")
    client = client_of("Viewer")

    pages = [
        client.get(reverse("admin:index")),
        client.get(reverse("admin:events_event_change", args=[event.pk])),
        client.get(reverse("admin:finance_ledgerline_changelist")),
        client.get(reverse("admin:customers_order_change", args=[order.pk])),
        client.get(reverse("admin:customers_customer_change", args=[buyer.pk])),
    ]

    assert [page.status_code for page in pages] == [200, 200, 200, 403, 403]
    assert Customer.objects.get(first_name="Secret")
    assert not any("secret" in page.text.lower() for page in pages)


def test_box_office_sees_seats_but_no_money_of_an_event():
    event = make_event()
    client = client_of("Box office")

    page = client.get(reverse("admin:events_event_change", args=[event.pk])).text
    listed = client.get(reverse("admin:events_event_changelist")).text

    assert "Seats by ticket" in page
    assert "Net revenue" not in page + listed


def test_setting_up_roles_again_changes_nothing_and_says_so():
    first = set_up_roles()

    second = set_up_roles()

    assert all(changes[0] == "made" for changes in first.values())
    assert second == {role.name: [] for role in ROLES}


def test_setting_up_roles_puts_right_what_somebody_changed_and_leaves_other_groups_alone():
    set_up_roles()
    viewer = Group.objects.get(name="Viewer")
    viewer.permissions.clear()
    other = Group.objects.create(name="Interns")
    printed = StringIO()

    call_command("setup_roles", stdout=printed)

    assert viewer.permissions.filter(codename="view_event").exists()
    assert "+ events.view_event" in printed.getvalue()
    assert other.permissions.count() == 0


@pytest.mark.parametrize("entry", [e for _, entries in GROUPS for e in entries if is_list(e)])
def test_a_page_is_headed_by_the_word_that_the_sidebar_has_for_it(entry):
    heading = capfirst(apps.get_model(entry.model)._meta.verbose_name_plural)

    assert heading.startswith(entry.title)


def test_box_office_imports_sales_at_the_door_and_corrects_those_only():
    event = make_event()
    at_the_door = make_seat(make_order(event, eventbrite_id=None), eventbrite_id=None)
    of_eventbrite = make_seat(make_order(event))
    sale = f"Event;Price paid\n{event.name}, {event.starts_on};18\n"
    client = client_of("Box office")

    imported = client.post(
        reverse("admin:customers_attendance_import"),
        {"file": SimpleUploadedFile("door.csv", sale.encode())},
        follow=True,
    )
    pages = [
        client.get(reverse("admin:customers_attendance_change", args=[seat.pk]))
        for seat in (at_the_door, of_eventbrite)
    ]

    assert "Import 1 row" in imported.text
    assert ["id_price" in page.text for page in pages] == [True, False]
