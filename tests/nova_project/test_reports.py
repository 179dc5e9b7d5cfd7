import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.http import QueryDict
from openpyxl import load_workbook

from finance.models import LedgerKind
from nova_project.exports import XLSX_MAX_ROWS
from nova_project.periods import Period
from nova_project.reports import (
    Chart,
    Column,
    Kind,
    PeriodForm,
    Report,
    Series,
    all_reports,
    base,
    find_report,
    register,
)
from nova_project.reports.forms import quick_periods
from nova_project.reports.table import Table, address
from tests.factories import make_event, make_line, make_order

LIST = "/admin/reports/"
PROFIT = "/admin/reports/event-profit/"
MARCH = {"start": "2026-03-01", "end": "2026-03-31"}
AUTUMN = time_machine.travel("2026-11-24 12:00+00:00", tick=False)


@dataclass(frozen=True)
class Sale:
    name: str
    currency: str
    amount: Decimal | None


SALES = [
    Sale("b", "EUR", Decimal("10.005")),
    Sale("A", "JPY", Decimal("1500")),
    Sale("c", "EUR", None),
    Sale("d", "EUR", Decimal("-1234.5")),
]


class Sales(Report):
    slug, title, description = "sales", "Sales", "For this test."
    permission_required = "finance.view_ledgerline"
    columns = [
        Column("Name", "name", names_row=True),
        Column("Currency", "currency"),
        Column("Amount", "amount", Kind.MONEY),
    ]
    rows = staticmethod(lambda period, currency: SALES)


def sales(query: str = "") -> Table:
    return Table(
        Sales(), {"period": Period.month_of(date(2026, 3, 1)), "currency": ""}, QueryDict(query)
    )


@pytest.fixture
def staff(client):
    """Somebody who may enter the admin, and nothing else."""
    user = User.objects.create_user("staff", password="x", is_staff=True)
    client.force_login(user)
    return user


def allow(user: User, *names: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


def make_sale(gross: str = "10.00", **fields) -> None:
    make_line(make_order(make_event(**fields), gross), LedgerKind.SALE, gross)


def errors(page) -> list[str]:
    return [str(error) for found in page.context["form"].errors.values() for error in found]


def test_amounts_show_as_many_digits_as_their_currency_has():
    amount = Sales().column("Amount")

    assert [amount.shown(row) for row in SALES] == ["10.01", "1,500", "–", "-1,234.50"]
    assert [amount.exported(row) for row in SALES] == [
        Decimal("10.01"),
        Decimal("1500"),
        None,
        Decimal("-1234.50"),
    ]


def test_percentages_have_one_digit_on_screen_and_two_in_files():
    share = Column("Share %", "amount", Kind.PERCENT)

    assert share.shown(Sale("x", "EUR", Decimal("12.345"))) == "12.3"
    assert share.exported(Sale("x", "EUR", Decimal("12.345"))) == Decimal("12.35")


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("", ["b", "A", "c", "d"]),
        ("name", ["A", "b", "c", "d"]),
        ("-name", ["d", "c", "b", "A"]),
        ("amount", ["d", "b", "A", "c"]),
        ("-amount", ["b", "d", "A", "c"]),
        ("no-such-column", ["b", "A", "c", "d"]),
    ],
)
def test_rows_sort_within_their_currency_and_undefined_ones_come_last(sort, names):
    assert [row.name for row in sales(f"sort={sort}").rows] == names


def test_a_heading_sorts_numbers_down_first_and_then_up():
    def amount(query: str):
        return list(sales(query).headings)[2]

    assert (amount("").aria_sort, amount("").url) == ("none", "?sort=-amount")
    assert (amount("sort=-amount").aria_sort, amount("sort=-amount").url) == (
        "descending",
        "?sort=amount",
    )
    assert amount("sort=amount").aria_sort == "ascending"


def test_an_address_keeps_the_filters_and_forgets_page_and_export():
    query = QueryDict("start=2026-01-01&currency=&page=3&export=csv&sort=name")

    assert address(query, currency="EUR") == "?start=2026-01-01&currency=EUR&sort=name"
    assert address(query, sort="") == "?start=2026-01-01"


def test_every_report_is_complete():
    for report in all_reports():
        headings = [column.heading for column in report.columns]
        keys = {column.key for column in report.columns}
        assert report.title
        assert report.description
        assert report.permissions()
        assert len(keys) == len(headings)
        assert set(report.key_figures) <= set(headings)
        assert find_report(report.slug) is report
        undefined = [c.heading for c in report.columns if c.is_number and not c.help]
        assert undefined == []


def test_two_reports_cannot_share_a_slug():
    class Twin(Sales):
        slug = "event-profit"

    with pytest.raises(ValueError, match="event-profit"):
        register(Twin)


@pytest.mark.django_db
def test_visitors_are_asked_to_log_in(client):
    for url in (LIST, PROFIT):
        assert client.get(url).url.startswith("/admin/login/")


@pytest.mark.django_db
def test_staff_without_the_permission_neither_see_nor_open_a_report(client, staff):
    allow(staff, "view_event", "view_ledgerline")

    listed = client.get(LIST)

    assert "There is no report that you may see" in listed.content.decode()
    assert client.get(PROFIT).status_code == 403
    assert client.get(PROFIT, {"export": "csv"}).status_code == 403


@pytest.mark.django_db
def test_staff_with_the_permission_see_and_open_it(client, staff):
    allow(staff, "view_event", "view_ledgerline", "view_expense")

    listed = client.get(LIST).content.decode()

    assert f'href="{PROFIT}"' in listed
    assert client.get(PROFIT).status_code == 200


@pytest.mark.django_db
def test_an_unknown_report_is_not_found(admin_client):
    assert admin_client.get(f"{LIST}no-such-report/").status_code == 404


@AUTUMN
@pytest.mark.django_db
def test_without_days_a_report_is_about_the_twelve_months_to_the_end_of_this_one(admin_client):
    page = admin_client.get(PROFIT)

    assert page.context["period"] == Period.inclusive(date(2025, 12, 1), date(2026, 11, 30))
    assert 'value="2025-12-01"' in page.content.decode()


@AUTUMN
@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ({"start": "2026-03-05"}, date(2026, 3, 5), date(2026, 11, 30)),
        ({"start": "2027-03-05"}, date(2027, 3, 5), date(2027, 3, 5)),
        ({"end": "2026-03-15"}, date(2025, 4, 1), date(2026, 3, 15)),
        ({"start": "2026-03-01", "end": "2026-03-01"}, date(2026, 3, 1), date(2026, 3, 1)),
        ({"start": "1970-01-01", "end": "2199-12-31"}, date(1970, 1, 1), date(2199, 12, 31)),
    ],
)
def test_days_are_included_at_both_ends(asked, first, last):
    form = PeriodForm(asked)

    assert form.is_valid()
    assert form.cleaned_data == {"period": Period.inclusive(first, last), "currency": ""}


@AUTUMN
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"start": "2026-02-31"}, "Start: write a day that exists as year-month-day"),
        ({"end": "yesterday"}, "End: write a day that exists"),
        ({"start": "0001-01-01"}, "Start: choose a day from 1970 to 2199."),
        ({"end": "9999-12-31"}, "End: choose a day from 1970 to 2199."),
        ({"start": "2026-05-01", "end": "2026-04-30"}, "End: choose a day that is not before"),
        ({"currency": "EUX"}, "Currency: “EUX” is not a currency code."),
        ({"show_type": "Opera"}, "Show type: there is none called “Opera”."),
        ({"show_type": "\x00"}, "Show type: there is none"),
        ({"start": "\x00"}, "Start:"),
    ],
)
def test_a_wrong_filter_is_told_and_the_default_stands_in(admin_client, asked, message):
    make_sale()

    page = admin_client.get(PROFIT, asked)
    file = admin_client.get(PROFIT, {**asked, "export": "csv"})

    assert page.status_code == 200
    assert any(error.startswith(message) for error in errors(page))
    assert len(page.context["table"].rows) == 1
    assert page.context["period"] == Period.inclusive(date(2025, 12, 1), date(2026, 11, 30))
    assert (file.status_code, file["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_one_click_chooses_the_usual_periods():
    span = Period(date(2020, 1, 1), date(2026, 6, 1))

    found = {name: str(period) for name, period in quick_periods(date(2026, 1, 15), span)}

    assert found == {
        "This month": "1 Jan 2026 – 31 Jan 2026",
        "Last month": "1 Dec 2025 – 31 Dec 2025",
        "This year": "1 Jan 2026 – 31 Dec 2026",
        "Last 12 months": "1 Feb 2025 – 31 Jan 2026",
        "Everything": "1 Jan 2020 – 31 May 2026",
    }


@pytest.mark.django_db
def test_links_of_the_page_keep_the_filters(admin_client):
    make_sale()

    page = admin_client.get(PROFIT, {**MARCH, "currency": "EUR", "sort": "-gross"})

    asked = "?start=2026-03-01&end=2026-03-31&currency=EUR&sort="
    assert page.context["csv_url"] == f"{asked}-gross&export=csv"
    assert f"{asked}date" in [heading.url for heading in page.context["table"].headings]
    html = page.content.decode()
    assert '<input type="hidden" name="sort" value="-gross">' in html
    assert '<option value="EUR" selected>' in html


@pytest.mark.django_db
def test_an_empty_report_says_what_to_do(admin_client):
    page = admin_client.get(PROFIT, MARCH).content.decode()

    assert "Nothing to show for 1 Mar 2026 – 31 Mar 2026. Choose a longer period" in page


@pytest.mark.django_db
def test_a_long_table_is_cut_into_pages_and_totals_are_of_all_rows(admin_client):
    for _ in range(101):
        make_sale("2.00")

    first = admin_client.get(PROFIT, MARCH)
    second = admin_client.get(PROFIT, {**MARCH, "page": "2"})
    beyond = admin_client.get(PROFIT, {**MARCH, "page": "no-number"})

    assert len(first.context["page"].object_list) == 100
    assert first.context["page_links"] == {"next": "?start=2026-03-01&end=2026-03-31&page=2"}
    assert len(second.context["page"].object_list) == 1
    assert beyond.context["page"].number == 1
    [figures] = second.context["table"].key_figures(second.context["table"].total_rows())
    assert (figures.name, figures.cells[0].text) == ("EUR", "202.00")


@pytest.mark.django_db
def test_texts_of_the_table_are_escaped(admin_client):
    make_sale(name="<script>alert(1)</script>")

    page = admin_client.get(PROFIT, MARCH).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.django_db
def test_the_table_and_chart_can_be_heard(admin_client):
    make_sale()

    page = admin_client.get(PROFIT, {**MARCH, "sort": "date"}).content.decode()

    assert 'aria-sort="ascending"' in page
    assert "<caption" in page
    assert 'role="img" aria-label="Net revenue by month, EUR:' in page
    assert 'aria-describedby="meaning-gross"' in page
    assert 'id="meaning-gross"' in page


@pytest.mark.django_db
def test_excel_holds_the_same_columns_with_real_numbers(admin_client):
    make_sale("10.50", name="=1+1")

    response = admin_client.get(PROFIT, {**MARCH, "export": "xlsx"})

    headings, row = load_workbook(BytesIO(response.content)).active.iter_rows()
    values = dict(zip((c.value for c in headings), (c.value for c in row), strict=True))
    assert (values["Event"], values["Gross"], values["Margin %"]) == ("'=1+1", 10.5, 100)
    assert 'filename="event-profit_2026-03-01_2026-03-31.xlsx"' in response["Content-Disposition"]


@pytest.fixture
def endless():
    """A report with a row more than an Excel file holds."""

    class Endless(Sales):
        slug = "endless"
        rows = staticmethod(lambda period, currency: SALES[:1] * (XLSX_MAX_ROWS + 1))

    register(Endless)
    yield
    del base._reports["endless"]


@pytest.mark.django_db
@pytest.mark.usefixtures("endless")
def test_a_table_too_long_for_excel_is_told_on_the_page(admin_client):
    page = admin_client.get(f"{LIST}endless/", {**MARCH, "export": "xlsx"}, follow=True)

    assert page.redirect_chain[0][0].endswith("?start=2026-03-01&end=2026-03-31")
    assert "Choose CSV, or a shorter period." in page.content.decode()


@pytest.mark.django_db
def test_a_file_of_another_kind_does_not_exist(admin_client):
    assert admin_client.get(PROFIT, {**MARCH, "export": "pdf"}).status_code == 404


def test_a_chart_is_data_for_the_themes_chart_js():
    chart = Chart(
        "Sales",
        "Month",
        ["Jan"],
        [
            Series("Sales", [Decimal("1.5")], ["€1.50"], "#123456"),
            Series("Margin %", [None], ["–"], "#654321", is_percent=True),
        ],
        "EUR",
    )

    sales, margin = json.loads(chart.data)["datasets"]
    options = json.loads(chart.options)

    assert (sales["data"], margin["data"], margin["yAxisID"]) == ([1.5], [None], "percent")
    assert options["scales"]["y"]["title"]["text"] == "EUR"
    assert chart.table == [("Jan", ["€1.50", "–"])]
