"""The report and the queue: what each role sees and may do, and what its presses come to."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Consent, Customer, CustomerMerge
from integrations.matching.gaps import GAPS
from integrations.matching.suggestions import refresh_suggestions
from integrations.models import ContactLink, LinkState, MatchSuggestion, SuggestionState
from tests.factories import make_buyer, make_customer, make_event
from tests.staff import client_of

pytestmark = pytest.mark.django_db

QUEUE = "/admin/matches/"
REPORT = "/admin/reports/matches/"
LIST = "/admin/reports/matches-list/"
SEEN = {"firstname": "Ada", "lastname": "Byron", "phone": "0171 5550199"}


@pytest.fixture
def client(db) -> Client:
    return client_of("Box office")


def make_world() -> dict[str, Customer]:
    """Ada twice, a contact of hers that stands for nobody, a second one, and some gaps."""
    ada = make_buyer("ada@x.org", first_name="Ada", last_name="Byron", phone="+49 171 5550199")
    again = make_buyer("ada+1@x.org", events=2, first_name="Ada", last_name="Byron")
    link = {"customer": ada, "email": "ada@x.org", "evidence": "Both have it."}
    ContactLink.objects.create(hubspot_id="1", state=LinkState.AUTO, **link)
    ContactLink.objects.create(hubspot_id="2", state=LinkState.SUGGESTED, **link)
    ContactLink.objects.create(hubspot_id="3", seen=SEEN, evidence="No usable address.")
    Customer.objects.create(first_name="No", last_name="Address", consent=Consent.OPTED_IN)
    refresh_suggestions(everyone=True)
    return {"ada": ada, "again": again}


def test_the_report_counts_each_kind_and_opens_its_list(client):
    make_world()

    page = client.get(REPORT)
    rows = {row.gap.slug: (row.count, row.total) for row in page.context["table"].rows}
    lists = {gap.slug: client.get(LIST, {"kind": gap.slug}).context["table"].rows for gap in GAPS}

    assert rows == {
        "contacts-alone": (1, 3),
        "customers-alone": (2, 3),
        "contact-suggested": (1, 3),
        "customers-secondary": (0, 3),
        "customers-mailbox": (1, 3),
        "customers-mistyped": (0, 3),
        "customers-phone": (0, 3),
        "contacts-double": (1, 3),
        "no-address": (1, 3),
        "no-consent": (2, 3),
        "no-source": (3, 3),
        "no-show-type": (3, 3),
    }
    assert {slug: len(found) for slug, found in lists.items()} == {
        slug: count for slug, (count, _) in rows.items()
    }
    assert all(row.evidence for found in lists.values() for row in found)
    assert {client.get(found[0].url).status_code for found in lists.values() if found} == {200}
    row = lists["contact-suggested"][0]
    assert (row.record, row.address) == ("Contact 3 and Ada Byron", "ada@x.org")
    assert row.evidence == "Both are called Ada Byron and have 0171 5550199."


def test_the_list_is_a_file_too_and_shows_what_can_be_decided_first(client):
    make_world()

    lines = client.get(LIST, {"export": "csv"}).getvalue().decode().splitlines()

    assert lines[0] == "Kind,Record,Address,Evidence,Since"
    assert [line.split(",")[0] for line in lines[1:]] == [
        "Contacts with a suggested customer",
        '"Two customers',
        '"Two contacts',
    ]


def test_reports_and_queue_need_the_same_queries_for_few_and_many(client):
    def queries() -> list[int]:
        found = []
        for url in (REPORT, LIST, QUEUE, f"{QUEUE}?tab=contacts", f"{QUEUE}?tab=doubles"):
            with CaptureQueriesContext(connection) as caught:
                client.get(url)
            found.append(len(caught))
        return found

    make_world()
    few = queries()
    for number in range(5):
        one = make_customer(f"p{number}@y.org", first_name="P", last_name=f"N{number}")
        make_customer(f"p{number}+1@y.org", first_name="P", last_name=f"N{number}")
        ContactLink.objects.create(hubspot_id=f"4{number}", email=f"p{number}+2@y.org")
        ContactLink.objects.create(hubspot_id=f"5{number}", customer=one, state="suggested")
    refresh_suggestions(everyone=True)

    assert queries() == few


def test_a_pair_is_merged_and_parted_again_with_who_did_it(client):
    people = make_world()
    pair = MatchSuggestion.objects.of_customers().get()
    kept = people["again"].pk

    client.post(QUEUE, {"do": f"merge {pair.pk}", f"keep-{pair.pk}": kept})

    merge = CustomerMerge.objects.get()
    assert (merge.survivor_id, merge.merged_by.username) == (kept, "Box office")
    assert merge.evidence == pair.evidence
    assert Customer.objects.get(pk=kept).events_booked == 3
    decided = client.get(f"{QUEUE}?tab=decided")
    assert f"Customer {people['ada'].pk} into customer {kept}" in decided.text
    page = client.post(f"{QUEUE}?tab=decided", {"do": f"undo {merge.pk}"}, follow=True)
    assert "they are two customers again" in page.text
    assert Customer.objects.filter(pk=people["ada"].pk, events_booked=1).exists()
    assert MatchSuggestion.objects.open().of_customers().get().pair == pair.pair


def test_many_are_merged_at_once_only_where_much_speaks_for_it(client):
    strong = make_customer("a@x.org", first_name="A", last_name="B")
    make_customer("a+1@x.org", first_name="A", last_name="B")
    make_customer("c@x.org", first_name="C", last_name="D")
    make_customer("c+1@x.org", first_name="E", last_name="F")
    refresh_suggestions(everyone=True)
    keys = list(MatchSuggestion.objects.values_list("pk", flat=True))

    page = client.post(QUEUE, {"do": "merge-strong", "pair": keys}, follow=True)

    assert "1 pair merged." in page.text
    assert CustomerMerge.objects.get().survivor == strong
    weak = MatchSuggestion.objects.get()
    page = client.post(QUEUE, {"do": "merge-strong", "pair": [weak.pk]}, follow=True)
    assert "Tick pairs with strong evidence" in page.text


def test_a_rejection_can_be_taken_back(client):
    make_world()
    pair = MatchSuggestion.objects.of_customers().get()

    client.post(QUEUE, {"do": "reject", "pair": [pair.pk]})
    refresh_suggestions(everyone=True)

    pair.refresh_from_db()
    assert (pair.state, pair.decided_by.username) == (SuggestionState.REJECTED, "Box office")
    client.post(QUEUE, {"do": f"again {pair.pk}"})
    assert MatchSuggestion.objects.open().of_customers().exists()


def test_a_contact_is_linked_unlinked_and_picked_a_customer_for(client):
    people = make_world()
    link = ContactLink.objects.get(hubspot_id="3")
    url = reverse("match-contact", args=[link.pk])

    found = client.get(url, {"q": "byron ada+1"})
    compared = client.get(url, {"with": people["again"].pk})
    client.post(url, {"do": f"link {people['again'].pk}"})

    assert [person for person, _ in found.context["people"]] == [people["again"]]
    assert compared.context["card"].title == "Ada Byron"
    link.refresh_from_db()
    assert (link.state, link.evidence) == ("confirmed", "Linked by hand by Box office.")
    client.post(url, {"do": "unlink"})
    link.refresh_from_db()
    assert (link.state, link.customer) == ("rejected", people["again"])


def test_two_customers_are_merged_by_hand(client):
    ada, other = make_buyer(first_name="Ada"), make_buyer("z@x.org", first_name="Zoe")
    url = reverse("match-merge", args=[ada.pk])

    found = client.get(url, {"q": "z@x"})
    page = client.post(f"{url}?with={other.pk}", {"do": "merge", "keep-0": ada.pk}, follow=True)

    assert [person for person, _ in found.context["people"]] == [other]
    assert "What gave way" in page.text
    assert Customer.objects.get().name == ada.name


def test_who_may_not_does_not():
    make_event()
    make_world()
    pair = MatchSuggestion.objects.of_customers().get()
    viewer, marketer = client_of("Viewer"), client_of("Marketing")

    answers = [viewer.get(url).status_code for url in (QUEUE, REPORT, LIST)]
    answers.append(viewer.post(QUEUE, {"do": f"merge {pair.pk}"}).status_code)

    assert answers == [403, 403, 403, 403]
    assert marketer.get(QUEUE).status_code == 200
    assert Customer.objects.count() == 3


@pytest.mark.parametrize("tab", ["customers", "contacts", "doubles", "decided"])
def test_an_empty_queue_says_what_to_do(client, tab):
    page = client.get(QUEUE, {"tab": tab})

    words = "Nothing to review here." if tab != "decided" else "Nobody merged customers yet."
    assert words in page.text
