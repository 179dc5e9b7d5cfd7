import pytest

from customers.models import Consent, Customer, EmailAddress, Suppression
from customers.services import Person, erase_person, find_or_add_people
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def test_an_unknown_address_makes_a_new_customer_with_a_primary_address():
    found = find_or_add_people([Person(" Ada@Example.ORG ", "Ada", "Byron", city="Berlin")])

    customer = Customer.objects.get()
    assert found == {"ada@example.org": customer.pk}
    assert (customer.name, customer.city, customer.email) == (
        "Ada Byron",
        "Berlin",
        "ada@example.org",
    )


def test_a_known_address_is_found_in_any_spelling_and_nobody_is_renamed():
    ada = make_customer("ada@example.org", first_name="Ada", last_name="Byron")

    found = find_or_add_people([Person("ADA@example.org", "Adele", "Bryan")])

    ada.refresh_from_db()
    assert found == {"ada@example.org": ada.pk}
    assert ada.name == "Ada Byron"


def test_blanks_are_filled_and_the_rest_stays():
    ada = make_customer("ada@example.org", first_name="", last_name="", city="Bonn")

    find_or_add_people([Person("ada@example.org", "Ada", "Byron", phone="030 1", city="Berlin")])

    ada.refresh_from_db()
    assert (ada.name, ada.phone, ada.city) == ("Ada Byron", "030 1", "Bonn")


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        (Consent.UNKNOWN, Consent.OPTED_IN, Consent.OPTED_IN),
        (Consent.OPTED_IN, Consent.UNKNOWN, Consent.OPTED_IN),
        (Consent.OPTED_IN, Consent.OPTED_OUT, Consent.OPTED_OUT),
        (Consent.OPTED_OUT, Consent.OPTED_IN, Consent.OPTED_OUT),
    ],
)
def test_consent_is_made_known_or_withdrawn_but_never_given_back(before, told, after):
    ada = make_customer("ada@example.org", consent=before)

    find_or_add_people([Person("ada@example.org", consent=told)])

    ada.refresh_from_db()
    assert ada.consent == after


@pytest.mark.parametrize("address", ["", "Info Requested", "a@b", "a b@c.de", "@c.de"])
def test_what_is_no_address_makes_no_customer(address):
    assert find_or_add_people([Person(address, "Ada")]) == {}
    assert not Customer.objects.exists()


def test_an_erased_person_does_not_come_back():
    make_customer("ada@example.org", first_name="Ada", last_name="Byron", phone="030 1")
    erased = erase_person(email="Ada@example.org")

    found = find_or_add_people([Person("ADA@example.org", "Ada", "Byron")])

    assert found == {}
    assert (erased.name, erased.phone) == ("", "")
    assert not EmailAddress.objects.exists()
    assert not erased.history.filter(first_name="Ada").exists()
    assert "ada" not in str(Suppression.objects.values()).lower()


def test_the_number_of_queries_does_not_grow_with_the_people(django_assert_max_num_queries):
    make_customer("p1@example.org", first_name="", last_name="")

    with django_assert_max_num_queries(12):  # with a savepoint and a temporary table
        find_or_add_people([Person(f"p{n}@example.org", f"Name {n}") for n in range(30)])

    assert Customer.objects.count() == 30
