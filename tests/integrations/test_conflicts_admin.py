"""Conflicts in the admin: seen, chosen, typed, and told on the pages where staff look."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from integrations.inbox.listing import waiting_count
from integrations.models import Conflict, ContactLink, DealKind, DealLink, LinkState
from tests.factories import make_customer, make_event, make_expense
from tests.staff import client_of

pytestmark = pytest.mark.django_db

LIST = "admin:integrations_conflict_changelist"


@pytest.fixture
def client(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def make_conflict(number: int = 1, **fields: object) -> Conflict:
    """Nova has the phone number 2, HubSpot 3, and both had 1 before."""
    customer = make_customer(first_name="Ada", last_name=f"Number {number}", phone="2")
    link = ContactLink.objects.create(
        hubspot_id=str(number),
        customer=customer,
        state=LinkState.AUTO,
        seen={"phone": "3"},
        agreed={"phone": ["1", "1"]},
        is_push_due=False,
    )
    values = {"local_value": "2", "remote_value": "3", "base_value": "1"}
    return Conflict.objects.create(link=link, **{"field": "phone"} | values | fields)


def page_of(row: Conflict | ContactLink | Customer) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])


def choose(client: Client, conflict: Conflict, **fields: str):
    posted = {"remote_shown": conflict.remote_value, "chosen_value": ""} | fields
    return client.post(page_of(conflict), posted, follow=True)


def told(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_a_conflict_shows_both_values_and_what_was_before(client):
    conflict = make_conflict()

    page = client.get(page_of(conflict))

    assert "Nova&#x27;s value: 2" in page.text
    assert "HubSpot&#x27;s value: 3" in page.text
    assert "Another value" in page.text


@pytest.mark.parametrize(
    ("fields", "chosen"),
    [
        ({"resolution": "nova"}, "2"),
        ({"resolution": "hubspot"}, "3"),
        ({"resolution": "typed", "chosen_value": "4"}, "4"),
    ],
)
def test_a_choice_is_in_nova_at_once_and_due_for_hubspot(client, fields, chosen):
    conflict = make_conflict()

    choose(client, conflict, **fields)

    conflict.refresh_from_db()
    assert (conflict.state, conflict.resolution) == ("resolved", fields["resolution"])
    assert conflict.resolved_by.username == "root"
    assert conflict.link.customer.phone == chosen
    assert (conflict.link.is_push_due, conflict.link.agreed) == (True, {"phone": ["3", "3"]})


def test_nothing_is_chosen_without_a_choice(client):
    conflict = make_conflict()

    page = choose(client, conflict, resolution="")

    assert "This field is required." in page.text
    assert Conflict.objects.open().exists()


def test_who_saw_an_older_value_is_asked_to_look_again(client):
    conflict = make_conflict()
    Conflict.objects.update(remote_value="5")

    page = choose(client, conflict, resolution="nova")

    assert "HubSpot's value has changed meanwhile. Look at it again." in " ".join(told(page))
    assert "successfully" not in " ".join(told(page))
    assert Conflict.objects.open().exists()


def test_many_are_resolved_together(client):
    conflicts = [make_conflict(number) for number in range(3)]
    data = {"action": "take_hubspot", "_selected_action": [c.pk for c in conflicts]}

    page = client.post(reverse(LIST), data, follow=True)

    assert told(page) == [
        "3 conflicts resolved. What differs in HubSpot is written by the next run."
    ]
    assert set(Customer.objects.values_list("phone", flat=True)) == {"3"}


def test_a_resolved_one_cannot_be_changed(client):
    conflict = make_conflict()
    choose(client, conflict, resolution="nova")

    page = client.get(page_of(conflict))

    assert "Nova's value (root)" in page.text.replace("&#x27;", "'")
    assert 'name="resolution"' not in page.text


def test_the_home_page_and_the_customer_tell_of_it(client):
    make_event()
    conflict = make_conflict()

    home = client.get(reverse("admin:index"))
    customer = client.get(page_of(conflict.link.customer))

    assert "matters wait for a person" in home.text
    panel = next(p for p in customer.context["panels_above"] if "Changed in Nova" in p.title)
    assert panel.rows[0][1:] == ("2", "3", "1")


def make_conflict_of_expense() -> Conflict:
    """Nova has 80 euros, HubSpot 70."""
    expense = make_expense("80.00", event=make_event())
    link = DealLink.objects.create(
        hubspot_id="9", kind=DealKind.EXPENSE, name="Sound hire", expense=expense, agreed={}
    )
    return Conflict.objects.create(deal=link, field="amount", local_value="80", remote_value="70")


@pytest.mark.parametrize(
    ("role", "mine", "others"),
    [
        ("Marketing", make_conflict, make_conflict_of_expense),
        ("Finance", make_conflict_of_expense, make_conflict),
    ],
)
def test_marketing_decides_about_people_and_finance_about_expenses(role, mine, others):
    client, mine, others = client_of(role), mine(), others()

    waiting = waiting_count(User.objects.get(username=role))
    listed = client.get(reverse(LIST)).context["cl"].queryset
    choose(client, others, resolution="nova")
    posted = {"action": "take_nova", "_selected_action": [mine.pk, others.pk]}
    client.post(reverse(LIST), posted)

    assert list(listed) == [mine]
    assert waiting == 1
    assert list(Conflict.objects.open()) == [others]


def test_the_amount_that_a_bookkeeper_chooses_is_the_expenses():
    conflict = make_conflict_of_expense()

    client = client_of("Finance")
    page = client.get(page_of(conflict)).text
    choose(client, conflict, resolution="hubspot")

    assert "Nova&#x27;s value: €80.00" in page
    assert "Amount of Sound hire" in page
    conflict.deal.expense.refresh_from_db()
    assert conflict.deal.expense.amount == Decimal(70)


def test_others_see_no_conflict_at_all():
    conflict = make_conflict()

    answers = [
        client_of(role).get(page_of(conflict)).status_code for role in ("Box office", "Viewer")
    ]

    assert answers == [403, 403]


def test_a_contact_that_may_be_two_customers_is_told_and_can_be_parted(client):
    make_event()
    link = make_conflict().link
    other = make_customer(last_name="Second")
    ContactLink.objects.update(also=other)

    home = client.get(reverse("admin:index"))
    page = client.get(page_of(link))
    data = {"action": "part", "_selected_action": [link.pk]}
    client.post(reverse("admin:integrations_contactlink_changelist"), data)

    assert "may be two customers of ours" in home.text
    assert page.context["panels_above"][0].title == "Perhaps two customers are one person"
    assert not ContactLink.objects.doubled().exists()
