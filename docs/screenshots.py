"""Makes README's pictures from a running demo: `python docs/screenshots.py [ADDRESS]`.

Needs Chromium and what requirements-dev.txt installs. With NARROW=1 the pages are as wide as a
telephone, for a look only: name another folder by FOLDER. For a plan that waits, run the demo's
sync in mode “review” first.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(os.environ.get("FOLDER", Path(__file__).parent / "screenshots"))
SIZE = {"width": 390, "height": 844} if os.environ.get("NARROW") else {"width": 1440, "height": 900}
PASSWORD = "demo"
NEW_ROWS = (
    "Reference,Category,Amount,Currency,Vendor,Date,Event\n"
    "PICTURE-1,Staff,120.00,EUR,Extra ushers,2026-10-03,\n"
    "PICTURE-2,Catering,45.00,EUR,Bar Nord,2026-10-03,\n"
    "PICTURE-3,Marketing,89.90,EUR,Posters,03.10.2026,\n"
)


def main(address: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, base_url=address)  # type: ignore[arg-type]
        page.goto("/admin/login/")
        page.fill("#id_username", "producer")
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_url("**/admin/")
        take(page, "home", "/admin/")
        take(page, "event-profit", "/admin/reports/event-profit/")
        take(page, "show-type-margin", "/admin/reports/show-type-margin/")
        page.goto("/admin/events/event/?status__exact=completed")
        take_first(page, "event")
        page.goto("/admin/customers/customer/?customer_type__exact=vip")
        take_first(page, "customer")
        take(page, "expense-add", "/admin/finance/expense/add/")
        take(page, "expenses", "/admin/finance/expense/")
        take(page, "runs", "/admin/integrations/syncrun/")
        take(page, "plan", "/admin/hubspot/plan/")
        take(page, "inbox", "/admin/inbox/")
        take(page, "reconciliation", "/admin/reports/reconciliation/")
        page.goto("/admin/finance/settlement/?state=moved")
        take_first(page, "settlement")
        take_import(page)
        browser.close()


def take(page: Page, name: str, path: str = "") -> None:
    if path:
        page.goto(path)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


def take_first(page: Page, name: str) -> None:
    """The page of the first row of the list that is open."""
    href = page.locator("#result_list tbody a").first.get_attribute("href")
    take(page, name, href or "")


def take_import(page: Page) -> None:
    """The preview of a small import. It is not confirmed."""
    page.goto("/admin/finance/expense/import/")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "expenses.csv"
        path.write_text(NEW_ROWS)
        page.set_input_files("input[type=file]", path)
        page.locator("form:has(input[type=file]) [type=submit]").first.click()
        page.wait_for_load_state("networkidle")
        take(page, "import")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
