"""What an address and a number come down to is the same in Python and in the database."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.models import Customer, EmailAddress
from customers.models.keys import CORRECTED, AddressKey, NamePhoneKey, address_key, name_phone_keys


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("ada@x.org", "ada@x.org"),
        ("ada+tickets@x.org", "ada@x.org"),
        ("a.da@x.org", "a.da@x.org"),
        ("a.d.a+one+two@gmail.com", "ada@gmail.com"),
        ("a.da@googlemail.com", "ada@gmail.com"),
        ("a.da@gmial.com", "ada@gmail.com"),
        ("a.da@hotmial.com", "a.da@hotmail.com"),
        ("+ada@x.org", "+ada@x.org"),
    ],
)
def test_an_address_comes_down_to_its_mailbox(address, key):
    assert address_key(address) == key


LETTERS = st.text("ab.+-_", min_size=1, max_size=8)
DOMAINS = st.sampled_from(["x.org", "gmail.com", "googlemail.com", *CORRECTED])
PHONES = st.text("0123456789 -()/.+", max_size=20)
NAMES = st.sampled_from(["", "Ada", "ÖZGÜR", "van der Berg"])


class TheDatabaseSaysTheSame(TestCase):
    @settings(max_examples=25)
    @given(LETTERS, DOMAINS, NAMES, NAMES, PHONES)
    def test_of_addresses_names_and_numbers(self, local, domain, first, last, phone):
        person = Customer.objects.create(first_name=first, last_name=last, phone=phone)
        address = EmailAddress.objects.create(customer=person, address=f"{local}@{domain}")

        key = EmailAddress.objects.annotate(key=AddressKey("address")).get(pk=address.pk).key
        phone_key = NamePhoneKey("first_name", "last_name", "phone")
        found = Customer.objects.annotate(key=phone_key).get(pk=person.pk).key

        assert key == address_key(address.address)
        assert found in (name_phone_keys(first, last, phone) or {None})
