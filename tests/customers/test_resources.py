"""Customers and campaigns by file."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from tablib import Dataset

from customers.models import Campaign, CampaignCode, Channel, Consent, Customer, EmailAddress
from customers.resources import CampaignResource, CustomerResource
from customers.services import erase_person
from nova_project.exports import stream_csv
from nova_project.imports.reading import open_table
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def bring(resource, headings, *rows, dry_run=False, **options):
    return resource(**options).import_data(Dataset(*rows, headers=headings), dry_run=dry_run)


def problems(result):
    return [
        (row.number, heading, message)
        for row in result.invalid_rows
        for heading, messages in row.error_dict.items()
        for message in messages
    ]


def outcomes(result):
    return [row.import_type for row in result.rows]


def reimported(resource, queryset):
    made = resource()
    response = stream_csv(made.headings(), made.export_rows(queryset), "file")
    content = b"".join(response.streaming_content)
    table = open_table(lambda: io.BytesIO(content), made.known_headings())
    rows = [cells for _, cells in table.rows()]
    return bring(resource, table.headings, *rows, clears_blanks=True)


def queries(work):
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


# Customers


def test_a_new_address_is_a_new_customer():
    bring(
        CustomerResource,
        ["e-mail", "Other e-mails", "First name", "Last name", "Marketing consent", "Note"],
        [" Ada@Example.org ", "a@x.example, b@x.example", "Ada", "Smith", "opted in", "front row"],
    )

    customer = Customer.objects.get()
    assert (customer.name, customer.consent, customer.note) == (
        "Ada Smith",
        Consent.OPTED_IN,
        "front row",
    )
    assert list(customer.addresses.values_list("address", "is_primary")) == [
        ("ada@example.org", True),
        ("a@x.example", False),
        ("b@x.example", False),
    ]


def test_a_customer_is_found_by_any_address_and_keeps_the_primary_one():
    customer = make_customer("ada@example.org", city="Berlin")
    EmailAddress.objects.create(customer=customer, address="second@example.org")

    result = bring(CustomerResource, ["E-mail", "City"], ["SECOND@example.org", "Bonn"])

    customer.refresh_from_db()
    assert outcomes(result) == ["update"]
    assert (customer.city, customer.email) == ("Bonn", "ada@example.org")
    assert Customer.objects.count() == 1


def test_addresses_are_added_and_never_taken_away():
    customer = make_customer("ada@example.org")
    EmailAddress.objects.create(customer=customer, address="old@example.org")

    result = bring(
        CustomerResource, ["E-mail", "Other e-mails"], ["ada@example.org", "new@example.org"]
    )
    again = bring(
        CustomerResource, ["E-mail", "Other e-mails"], ["ada@example.org", "new@example.org"]
    )

    addresses = set(customer.addresses.values_list("address", flat=True))
    assert (outcomes(result), outcomes(again)) == (["update"], ["skip"])
    assert addresses == {"ada@example.org", "old@example.org", "new@example.org"}


def test_figures_and_what_hubspot_says_are_passed_over():
    customer = make_customer("ada@example.org", lifecycle_stage="lead")
    resource = CustomerResource()

    layout = resource.accept(["E-mail", "Total spend", "Lifecycle stage", "Shoe size", ""])
    bring(CustomerResource, ["E-mail", "Lifecycle stage"], ["ada@example.org", "customer"])

    customer.refresh_from_db()
    assert customer.lifecycle_stage == "lead"
    assert layout.notices == [
        "Not known and passed over: Shoe size.",
        "Shown in exports only, and passed over: Total spend, Lifecycle stage.",
    ]


def test_every_problem_of_a_customer_names_its_row_and_column():
    make_customer("ada@example.org")
    make_customer("bob@example.org")
    make_customer("gone@example.org")
    erase_person(email="gone@example.org")
    cases = [
        (["", "", ""], "E-mail", "Is missing."),
        (["ada", "", "x"], "E-mail", "“ada” is no e-mail address."),
        (["c@example.org", "d@example.org; no", "x"], "Other e-mails",
         "“no” is no e-mail address."),
        (["ada@example.org", "bob@example.org", "x"], "Other e-mails",
         "These addresses belong to different customers, and an import merges nobody."),
        (["gone@example.org", "", "x"], "E-mail",
         "This person asked to be forgotten. The address may not come back."),
        (["e@example.org", "", "x" * 121], "First name", "Has 121 characters; 120 fit."),
    ]  # fmt: skip

    result = bring(
        CustomerResource, ["E-mail", "Other e-mails", "First name"], *(case[0] for case in cases)
    )

    assert problems(result) == [
        (number, heading, message) for number, (_, heading, message) in enumerate(cases, start=2)
    ]
    assert Customer.objects.count() == 3


def test_a_known_address_must_come_first():
    make_customer("ada@example.org")

    result = bring(
        CustomerResource, ["E-mail", "Other e-mails"], ["new@example.org", "ada@example.org"]
    )

    assert problems(result) == [
        (
            2,
            "E-mail",
            "Another address of this row is known already. Put the known one first, and this one "
            "under “Other e-mails”.",
        )
    ]


@pytest.mark.parametrize(
    "second",
    [
        ["ada@example.org", ""],
        ["second@example.org", ""],
        ["new@example.org", "brand-new@example.org"],
    ],
)
def test_two_rows_about_one_customer_are_refused_by_both_numbers(second):
    customer = make_customer("ada@example.org")
    EmailAddress.objects.create(customer=customer, address="second@example.org")

    result = bring(
        CustomerResource,
        ["E-mail", "Other e-mails"],
        ["ada@example.org", "brand-new@example.org"],
        second,
    )

    assert problems(result) == [
        (3, "__all__", "Is about the same customer as row 2. Keep one of the two.")
    ]


def test_history_keeps_who_changed_a_customer_and_what_it_was(django_user_model):
    user = django_user_model.objects.create_user("marketer")
    customer = make_customer("ada@example.org", city="Berlin")
    customer.history.all().delete()

    CustomerResource(user_id=user.pk).import_data(
        Dataset(["ada@example.org", "Bonn", "b@example.org"], ["new@example.org", "Ulm", ""],
                headers=["E-mail", "City", "Other e-mails"])
    )  # fmt: skip

    entries = Customer.history.order_by("history_id")
    assert list(entries.values_list("city", "history_type", "history_user")) == [
        ("Berlin", "+", None),
        ("Ulm", "+", user.pk),
        ("Bonn", "~", user.pk),
    ]
    added = EmailAddress.history.filter(history_change_reason="CSV import")
    assert set(added.values_list("address", flat=True)) == {"new@example.org", "b@example.org"}


def test_exported_customers_come_back_unchanged():
    customer = make_customer(
        "ada@example.org", first_name="=Ada", phone="+49 30 1", note="a\nb", consent="out"
    )
    EmailAddress.objects.create(customer=customer, address="z@example.org")
    EmailAddress.objects.create(customer=customer, address="b@example.org")
    make_customer("bob@example.org", last_name=" O'Neil ", total_spend=Decimal("12.5"))

    result = reimported(CustomerResource, Customer.objects.all())

    assert problems(result) == []
    assert outcomes(result) == ["skip", "skip"]


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_note_survives_the_way_out_and_in(text):
    Customer.objects.all().delete()
    make_customer("ada@example.org", note=text)

    assert outcomes(reimported(CustomerResource, Customer.objects.all())) == ["skip"]


def test_an_import_of_customers_takes_as_many_queries_for_ten_rows_as_for_three():
    def work(number, prefix):
        rows = [
            [f"{prefix}{n}@example.org", f"{prefix}{n}@x.example", "Ulm"] for n in range(number)
        ]
        return lambda: bring(CustomerResource, ["E-mail", "Other e-mails", "City"], *rows)

    new = queries(work(3, "a")), queries(work(10, "b"))
    same = queries(work(3, "a")), queries(work(10, "b"))
    out = queries(lambda: list(CustomerResource().export_rows(Customer.objects.all())))

    assert new[0] == new[1]
    assert same[0] == same[1]
    assert out == 2


# Campaigns


def test_a_campaign_is_found_by_its_name_in_any_case():
    campaign = Campaign.objects.create(name="Spring Posters")

    result = bring(
        CampaignResource,
        ["Name", "Channel", "From", "Until", "Budget", "Currency"],
        ["spring posters", "Print", "01.03.2026", "15.04.2026", "800,00 €", ""],
        ["Radio", "", "", "", "", ""],
    )

    campaign.refresh_from_db()
    assert outcomes(result) == ["update", "new"]
    assert (campaign.name, campaign.channel, campaign.budget) == (
        "Spring Posters",
        Channel.PRINT,
        Decimal("800"),
    )
    assert (campaign.start_on, campaign.end_on) == (date(2026, 3, 1), date(2026, 4, 15))


def test_every_problem_of_a_campaign_names_its_row_and_column():
    cases = [
        (["", "Print", "", "", "", ""], "Name", "Is missing."),
        (["A", "TV", "", "", "", ""], "Channel",
         "“TV” is none of: E-mail, Social media, Search ads, Partner, Print, Other."),
        (["B", "", "2026-03-02", "2026-03-01", "", ""], "Until",
         "A campaign cannot end before it starts."),
        (["C", "", "", "", "-1", ""], "Budget", "A budget cannot be negative."),
        (["D", "", "", "", "1.5", "JPY"], "Budget", "JPY has 0 digits after the point."),
        (["E", "", "", "", "1.50", "EUR"], None, None),
        (["e", "", "", "", "1.50", "EUR"], "__all__",
         "Is about the same campaign as row 7. Keep one of the two."),
    ]  # fmt: skip
    headings = ["Name", "Channel", "From", "Until", "Budget", "Currency"]

    result = bring(CampaignResource, headings, *(case[0] for case in cases))

    assert problems(result) == [
        (number, heading, message)
        for number, (_, heading, message) in enumerate(cases, start=2)
        if heading
    ]


def test_exported_campaigns_come_back_unchanged():
    Campaign.objects.create(name="Posters", channel="print", budget=Decimal("12.5"), note="-x")
    Campaign.objects.create(name="posters", start_on=date(2026, 3, 1), end_on=date(2026, 3, 1))
    kuwait = Campaign.objects.create(name="Kuwait", currency="KWD", budget=Decimal("1.234"))
    for kind, code in (("promo", "FRIENDS"), ("affiliate", "a; b:c"), ("crm", 'say "hi"')):
        kuwait.codes.create(kind=kind, code=code)

    result = reimported(CampaignResource, Campaign.objects.all())

    assert problems(result) == []
    assert outcomes(result) == ["skip"] * 3


def codes_in(campaign):
    return [(code.kind, code.code) for code in campaign.codes.order_by("kind", "code")]


def test_the_codes_of_a_campaign_become_those_of_the_file_whatever_their_case():
    user = User.objects.create(username="marketer")
    radio = Campaign.objects.create(name="Radio")
    for kind, code in (("affiliate", "Insta"), ("promo", "OLD")):
        radio.codes.create(kind=kind, code=code)

    result = bring(
        CampaignResource,
        ["Name", "Codes"],
        ["Radio", " Affiliate:insta;promo: FRIENDS ; promo:friends;"],
        ["Posters", 'utm:"spring; 2026"'],
        user_id=user.pk,
    )

    assert outcomes(result) == ["update", "new"]
    assert codes_in(radio) == [("affiliate", "Insta"), ("promo", "FRIENDS")]
    assert codes_in(Campaign.objects.get(name="Posters")) == [("utm", "spring; 2026")]
    history = CampaignCode.history.filter(history_change_reason="CSV import")
    assert sorted(history.values_list("code", "history_type", "history_user")) == [
        ("FRIENDS", "+", user.pk),
        ("OLD", "-", user.pk),
        ("spring; 2026", "+", user.pk),
    ]


def test_a_blank_cell_leaves_the_codes_unless_blanks_clear():
    radio = Campaign.objects.create(name="Radio")
    radio.codes.create(kind="promo", code="OLD")

    left = bring(CampaignResource, ["Name", "Codes"], ["Radio", ""])
    cleared = bring(CampaignResource, ["Name", "Codes"], ["Radio", ""], clears_blanks=True)

    assert (outcomes(left), outcomes(cleared)) == (["skip"], ["update"])
    assert codes_in(radio) == []


def test_every_problem_of_a_code_is_told():
    Campaign.objects.create(name="Radio").codes.create(kind="promo", code="FRIENDS")
    kinds = "affiliate, promo, utm, crm"
    cases = [
        ("promo:friends", "“promo:friends” points to the campaign “Radio” already."),
        ("utm:spring", None),
        ("utm:Spring", "“utm:Spring” points to the campaign “Row 1” already."),
        ("insta; promo:A", "“insta” has no kind. Write it like affiliate:insta."),
        ("promos:A", f"“promos” is no kind of code. The kinds are: {kinds}."),
        ("promo:A; utm:", "After “utm:” there is no code."),
        (f"promo:{'x' * 201}", "A code has 201 characters; 200 fit."),
    ]
    rows = [[f"Row {number}", cell] for number, (cell, _) in enumerate(cases)]

    result = bring(CampaignResource, ["Name", "Codes"], *rows)

    assert problems(result) == [
        (number, "Codes", message) for number, (_, message) in enumerate(cases, start=2) if message
    ]
