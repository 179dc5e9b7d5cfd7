"""Who may be whom: what speaks for it, how much, and who is left alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, EmailAddress
from integrations.matching.evidence import is_same_number
from integrations.matching.suggestions import refresh_suggestions
from integrations.matching.verdicts import merge_people, reject, suggest_again
from integrations.models import ContactLink, LinkState, MatchSuggestion
from integrations.tasks import suggest_matches
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def named(address: str, name: str = "Ada Byron", phone: str = "") -> Customer:
    first, _, last = name.partition(" ")
    return make_customer(address, first_name=first, last_name=last, phone=phone)


def suggested() -> list[tuple[str, str, int]]:
    refresh_suggestions(everyone=True)
    return list(MatchSuggestion.objects.open().values_list("rule", "evidence", "strength"))


def test_a_tag_dots_at_gmail_and_a_mistyped_domain_are_one_mailbox():
    named("ada@x.org")
    named("ada+tickets@x.org")
    named("b.ob@gmail.com", "Bob Hope")
    named("bob@googlemail.com", "Bob Hope")
    named("cleo@gmail.com", "Cleo Nile")
    named("cleo@gmial.com", "")

    assert suggested() == [
        (
            "mailbox",
            "ada@x.org and ada+tickets@x.org: What follows a + does not change the mailbox. "
            "The names are the same.",
            96,
        ),
        (
            "mailbox",
            "b.ob@gmail.com and bob@googlemail.com: Gmail does not mind dots, googlemail.com is "
            "gmail.com. The names are the same.",
            96,
        ),
        (
            "mistyped",
            "cleo@gmail.com and cleo@gmial.com: gmial.com looks like a typing error of gmail.com. "
            "One of them has no name.",
            75,
        ),
    ]


def test_two_people_of_one_mailbox_are_weak_evidence():
    named("ada@x.org")
    named("ada+bob@x.org", "Bob Hope")

    assert [strength for *_, strength in suggested()] == [55]


def test_the_same_name_and_number_however_it_is_written():
    named("ada@x.org", phone="+49 171 5550199")
    named("countess@y.org", "ada byron", "+49 (171) 555-0199")
    named("else@y.org", "Ada Byron", "+44 171 5550199")

    assert suggested() == [("phone", "Both are called Ada Byron and have +49 171 5550199.", 90)]


@pytest.mark.parametrize(
    ("one", "two", "is_same"),
    [
        ("+49 171 5550199", "0049 171 5550199", True),
        ("+49 171 5550199", "+49(0)171-5550199", True),
        ("+49 171 5550199", "171 5550199", True),
        ("0171 5550199", "0171 5550198", False),
        ("call me", "call me", False),
    ],
)
def test_numbers_are_compared_as_e164(one, two, is_same):
    assert is_same_number(one, two) is is_same


def test_a_contact_with_addresses_of_both_speaks_for_them():
    ada, other = named("ada@x.org"), named("ada@y.org")
    ContactLink.objects.create(hubspot_id="7", customer=ada, also=other, state=LinkState.AUTO)

    assert suggested() == [
        ("secondary", "HubSpot contact 7 has addresses of both. The names are the same.", 95)
    ]


def test_a_contact_that_stands_for_nobody_finds_who_it_may_be():
    ada = named("ada@x.org", phone="+49 171 5550199")
    seen = {"firstname": "Ada", "lastname": "Byron", "phone": "+491715550199"}
    alone = ContactLink.objects.create(hubspot_id="7", seen=seen)
    ContactLink.objects.create(hubspot_id="8", seen=seen, customer=ada, state=LinkState.REJECTED)

    refresh_suggestions()

    pair = MatchSuggestion.objects.get()
    assert (pair.link, pair.customer, pair.other, pair.rule) == (alone, ada, None, "phone")


def test_strangers_and_a_number_that_many_share_are_left_alone():
    named("ada@x.org", phone="+49 30 5550100")
    named("bob@x.org", "Bob Hope", "+49 30 5550100")
    named("a.da@x.org")
    for number in range(30):
        named(f"office+{number}@x.org", "Box Office")

    assert suggested() == []


def test_a_rejected_pair_never_comes_back_whatever_speaks_for_it():
    one, two = named("ada@x.org"), named("ada+1@x.org")
    refresh_suggestions()
    pair = MatchSuggestion.objects.get()

    reject(suggestions=[pair], user=None)
    Customer.objects.update(phone="+49 171 5550199")
    suggest_matches()

    assert not MatchSuggestion.objects.open().exists()
    pair.refresh_from_db()
    assert pair.decided_at is not None
    third = named("third@x.org", "Third Person")
    merge_people(survivor=third, merged=two)
    suggest_matches()
    moved = MatchSuggestion.objects.get(pk=pair.pk)
    assert ({moved.customer, moved.other}, moved.state) == ({one, third}, "rejected")
    assert not MatchSuggestion.objects.open().exists()
    suggest_again(suggestion=moved)
    assert MatchSuggestion.objects.open().get() == moved


def test_a_run_after_a_sync_looks_at_those_who_changed_and_forgets_what_is_over():
    one, two = named("ada@x.org"), named("ada+1@x.org")
    refresh_suggestions()
    nobody = refresh_suggestions()._replace(looked_at=0)
    Customer.objects.update(updated_at="2026-01-01T00:00Z")
    EmailAddress.objects.update(updated_at="2026-01-01T00:00Z")
    quiet = refresh_suggestions()

    EmailAddress.objects.filter(customer=two).update(address="b@x.org")
    unnoticed = refresh_suggestions()
    Customer.objects.filter(pk=one.pk).update(updated_at="2100-01-01T00:00Z")
    noticed = refresh_suggestions()

    assert (nobody.new, nobody.gone) == (0, 0)
    assert quiet == unnoticed == (0, 0, 0)
    assert noticed == (1, 0, 1)
    assert not MatchSuggestion.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_people():
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            refresh_suggestions(everyone=True)
        return len(found)

    named("ada@x.org", phone="+49 171 5550199")
    named("ada+1@x.org", phone="+49 171 5550199")
    ContactLink.objects.create(hubspot_id="1", seen={"phone": "+49 171 5550199"})
    few = queries()
    for number in range(12):
        named(f"p{number}@x.org", phone=f"+49 171 55502{number:02}")
        named(f"p{number}+1@x.org", phone=f"+49 171 55502{number:02}")
        ContactLink.objects.create(hubspot_id=f"2{number}", email=f"p{number}+2@x.org")

    assert queries() <= few + 1
