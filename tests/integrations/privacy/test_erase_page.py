"""The page that asks before a person is erased, and who may use it."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from customers.models import Customer
from tests.integrations.privacy.conftest import ADA, ADAS
from tests.staff import client_of

pytestmark = pytest.mark.django_db
LIST = reverse("admin:customers_customer_changelist")


@pytest.fixture
def staff(client):
    user = User.objects.create_user("staff", is_staff=True)
    for name in ("view_customer", "change_customer", "erase_customer"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(user)
    return client


def page_of(person):
    return reverse("erase-person", args=[person.pk])


def change_of(person):
    return reverse("admin:customers_customer_change", args=[person.pk])


def test_the_page_says_what_goes_what_stays_and_that_there_is_no_way_back(ada, staff):
    text = staff.get(page_of(ada)).text

    for told in ("This cannot be taken back.", "1 order of", "40.00", "Planned writes", *ADAS):
        assert told in text
    assert "Nova does not delete the person in Eventbrite" in text


def test_nobody_is_erased_without_the_tick(ada, staff):
    page = staff.post(page_of(ada), follow=True)

    assert "Nobody was erased. Tick the box to confirm." in page.text
    assert not Customer.objects.erased().exists()


def test_an_erased_person_is_shown_without_a_name_and_cannot_be_changed(
    ada, staff, traces, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        erased = staff.post(page_of(ada), {"sure": "on"}, follow=True)
    changed = staff.post(change_of(ada), {"first_name": "Zadara"})

    assert f"Erased person {ada.pk}" in erased.text
    assert "This person was erased on" in erased.text
    assert changed.status_code == 403
    assert traces() == []


def test_the_list_leads_to_one_person_at_a_time(ada, staff):
    people = list(Customer.objects.values_list("pk", flat=True))
    one, many = (
        staff.post(LIST, {"action": "erase_chosen", "_selected_action": chosen})
        for chosen in ([ada.pk], people)
    )

    assert (one["Location"], len(people)) == (page_of(ada), 3)
    assert page_of(ada) not in many["Location"]


def test_the_page_of_a_customer_leads_there(ada, staff):
    asked = staff.get(reverse("admin:customers_customer_erase", args=[ada.pk]))

    assert "Erase for good" in staff.get(change_of(ada)).text
    assert asked["Location"] == page_of(ada)


def test_erasing_needs_a_permission_of_its_own(ada):
    answers = {}
    for role in ("Box office", "Marketing"):
        client = client_of(role)
        shown = "Erase for good" in client.get(change_of(ada)).text
        answers[role] = (client.get(page_of(ada)).status_code, shown)

    assert answers == {"Box office": (403, False), "Marketing": (200, True)}
    assert Customer.objects.known_by(ADA).exists()
