"""The table of who decides: complete, and the same in code, admin and docs."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from integrations.admin.policy import table_in_markdown
from integrations.admin.properties import property_label
from integrations.hubspot.mapping import PERSONAL, SEEN
from integrations.hubspot.policy import RULES, SHARED, merge_person, spelt
from integrations.merge import Policy

DOCS = Path(__file__).parents[3] / "docs" / "hubspot.md"
texts = st.dictionaries(st.sampled_from(sorted(SHARED)), st.sampled_from(["", "a", "1", "2"]))


def test_every_property_that_nova_keeps_has_one_rule():
    ruled = [name for rule in RULES for name in rule.properties]

    assert sorted(ruled) == sorted(SEEN)


def test_what_both_sides_keep_is_what_is_merged():
    asked = {n for rule in RULES if rule.policy is Policy.ASK for n in rule.properties}

    assert asked == {PERSONAL[name] for name in SHARED}


def test_the_docs_have_the_same_table():
    assert table_in_markdown() in DOCS.read_text()


@pytest.mark.django_db
def test_the_admin_shows_every_property_and_who_decides():
    client = Client()
    client.force_login(User.objects.create_superuser("root"))

    page = client.get(reverse("admin:integrations_contactlink_policy"))

    for name in SEEN:
        assert property_label(name) in page.text
    assert "Nova never changes the addresses of a contact." in page.text


@pytest.mark.django_db
def test_who_may_not_see_links_does_not_see_the_table():
    client = Client()
    client.force_login(User.objects.create(username="new", is_staff=True))

    page = client.get(reverse("admin:integrations_contactlink_policy"))

    assert page.status_code == 403


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ada", "Ada"),
        ("  Ada \n Mary ", "Ada Mary"),
        ("", ""),
        ("Adelheid Mary", "Adelheid"),
        ("Augusta A.", "Augusta"),
    ],
)
def test_a_value_has_one_spelling(text, kept):
    assert spelt(text, 8) == kept


@given(st.text(max_size=12))
def test_a_spelling_is_its_own_spelling(text):
    assert spelt(spelt(text, 6), 6) == spelt(text, 6)


@given(texts, texts)
def test_at_first_sight_nobody_is_asked(local, remote):
    merged = merge_person(None, local, remote)

    assert merged.conflicts == {}
    assert not any(local.get(name) for name in merged.take)
    assert not any(remote.get(name) for name in merged.send)


def test_numbers_of_the_same_digits_are_one_number():
    base = {"phone": ("1", "1")}

    same = merge_person(base, {"phone": "030 12"}, {"phone": "030-12"})
    other = merge_person(base, {"phone": "030 12"}, {"phone": "030-13"})
    words = merge_person(base, {"phone": "none"}, {"phone": "no"})

    assert (same.conflicts, same.base) == ({}, {"phone": ("030 12", "030-12")})
    assert other.conflicts.keys() == words.conflicts.keys() == {"phone"}
