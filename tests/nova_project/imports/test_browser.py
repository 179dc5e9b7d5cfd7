"""An import as a bookkeeper does it, in a browser, wide and narrow."""

import pytest
from django.conf import settings as django_settings
from django.test import Client

from finance.models import Expense
from tests.factories import make_expense

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def complaints(page, live_server, admin_user, settings, tmp_path):
    """What the browser complains of, in a page where an administrator is logged in."""
    settings.MEDIA_ROOT = tmp_path / "media"
    client = Client()
    client.force_login(admin_user)
    name = django_settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def send(page, path, text):
    path.write_text(text)
    page.goto("/admin/finance/expense/import/")
    page.get_by_label("CSV or Excel file").set_input_files(path)
    page.get_by_role("button", name="Check the file").click()


def is_wider_than_screen(page):
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_file_is_checked_looked_at_and_imported(page, complaints, tmp_path, width):
    make_expense("5.00", reference="R-1")
    page.set_viewport_size({"width": width, "height": 900})

    send(
        page,
        tmp_path / "costs.csv",
        "Reference;Date;Category;Amount\nR-1;14.03.2026;Staff;7,50\nR-2;31.02.2026;Staff;1\n",
    )

    assert page.get_by_text("31.02.2026").first.is_visible()
    assert page.locator("ins").all_inner_texts() == ["Staff", "7.50"]
    assert not is_wider_than_screen(page)
    page.get_by_role("button", name="Import 1 row").click()
    page.get_by_text("1 changed, 0 unchanged, 1 left out").wait_for()
    assert Expense.objects.get().amount == 7.5
    assert complaints == []


def test_without_a_worker_the_page_offers_to_go_on_itself(page, complaints, tmp_path):
    lines = "".join(f"R-{number},2026-03-14,Staff,5\n" for number in range(4_500))

    send(page, tmp_path / "many.csv", f"Reference,Date,Category,Amount\n{lines}")

    page.get_by_text("0 of 4,500 rows").wait_for()
    page.get_by_role("button", name="Go on here").click()
    page.get_by_role("button", name="Import 4,500 rows").click()
    page.get_by_role("button", name="Go on here").click()
    page.get_by_text("4,500 new, 0 changed").wait_for()
    assert Expense.objects.count() == 4_500
    assert complaints == []
