"""What ads cost, from the exports of their platforms to expenses."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from customers.models import CampaignCode, CodeKind
from finance.models import Expense, ExpenseStatus, StatementKind, StatementMapping
from tests.factories import make_campaign

pytestmark = pytest.mark.django_db

ADS = "/admin/finance/expense/import/ads/"
GOOGLE = """Campaign report
1 March 2026 - 31 March 2026
Campaign,Day,Currency code,Cost,Clicks
Spring,2026-03-01,EUR,12.50,10
Spring,2026-03-01,EUR,7.50,4
spring-search,2026-03-02,EUR,"1,020.00",70
Spring,2026-03-03,EUR,0.00,0
Total: Campaigns, --,EUR,"1,040.00",84
"""
META = """Campaign name;Day;Amount spent (USD);Impressions
Spring;14.03.2026;1.234,50;900
Winter;14.03.2026;5,00;90
Spring;31.02.2026;8,00;70
"""


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def spring():
    campaign = make_campaign("Spring")
    CampaignCode.objects.create(campaign=campaign, kind=CodeKind.UTM, code="Spring-Search")
    return campaign


def send(client, text, status="paid"):
    file = SimpleUploadedFile("ads.csv", text.encode())
    return client.post(ADS, {"status": status, "file": file}, follow=True)


def explain(client, page, name):
    """Saves the columns as Nova guessed them."""
    url = page.redirect_chain[-1][0]
    form = page.context["form"]
    given = {key: form.get_initial_for_field(field, key) for key, field in form.fields.items()}
    sent = {key: "" if value is None else value for key, value in given.items()}
    return client.post(url, sent | {"name": name, "save": "1"}, follow=True)


def confirm(client, page):
    return client.post(page.context["confirm_url"], follow=True)


def costs():
    rows = Expense.objects.order_by("spent_on", "amount")
    return [
        (row.spent_on, row.amount, row.currency, row.campaign, row.category, row.vendor_name)
        for row in rows.select_related("campaign", "vendor")
    ]


def test_a_new_platform_is_explained_once_and_its_lines_become_expenses(client, spring):
    asked = send(client, GOOGLE)
    assert "2026-03-01" in asked.text
    page = explain(client, asked, "Google Ads")
    assert "2 lines were passed over" in page.text
    confirm(client, page)

    assert costs() == [
        (date(2026, 3, 1), Decimal("20"), "EUR", spring, "marketing", "Google Ads"),
        (date(2026, 3, 2), Decimal("1020"), "EUR", spring, "marketing", "Google Ads"),
    ]
    assert set(Expense.objects.values_list("status", "basis")) == {("paid", "actual")}
    assert StatementMapping.objects.get().kind == StatementKind.AD_SPEND


def test_the_same_days_again_change_only_what_differs(client, spring):
    confirm(client, explain(client, send(client, GOOGLE), "Google Ads"))

    page = send(client, GOOGLE.replace("7.50,4", "9.50,5"), status="committed")
    assert "Read as “Google Ads”, by its headings." in page.text
    confirm(client, page)

    assert [(row[0].day, row[1]) for row in costs()] == [(1, Decimal("22")), (2, Decimal("1020"))]
    assert {row.status for row in Expense.objects.all()} == {ExpenseStatus.COMMITTED}


def test_lines_that_cannot_be_are_refused_by_their_number(client, spring):
    page = explain(client, send(client, META), "Meta Ads")

    assert "There is no campaign “Winter”." in page.text
    problems = client.get(page.context["problems_url"])
    rows = b"".join(problems.streaming_content).decode().splitlines()
    assert len(rows) == 3
    confirm(client, page)
    assert costs() == [
        (date(2026, 3, 14), Decimal("1234.5"), "USD", spring, "marketing", "Meta Ads")
    ]


def test_the_list_of_expenses_leads_there_and_known_platforms_are_named(client, spring):
    confirm(client, explain(client, send(client, GOOGLE), "Google Ads"))

    page = client.get("/admin/finance/expense/")
    assert ADS in page.content.decode()
    assert "knows: Google Ads" in client.get(ADS).content.decode()
