"""Closing a show in a browser, and what comes out of the printer."""

import re
import zlib
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from finance.models import LedgerKind
from tests.browser.steps import log_in
from tests.factories import (
    make_agreement,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_performer,
    make_seat,
)

pytestmark = pytest.mark.django_db(transaction=True)


def drawn_in(pdf: bytes) -> int:
    """How many pieces of text the pages of a PDF draw."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    pages = [zlib.decompressobj().decompress(stream) for stream in streams if stream[:1] == b"x"]
    return sum(len(re.findall(rb"T[jJ]\b", page)) for page in pages)


def test_a_settlement_is_closed_and_printed(page, complaints):
    event = make_event(name="Foxes at the Kesselhaus")
    order = make_order(event, gross="1000.00")
    make_seat(order)
    make_line(order, LedgerKind.SALE, "1000.00")
    make_expense("120.00", event=event, status="committed", vendor="Sound & Light")
    foxes = make_agreement(
        event,
        performer=make_performer("The Foxes"),
        kind="versus",
        guarantee=Decimal("500"),
        percentage=Decimal("70"),
    )
    make_agreement(event, performer=make_performer("Somebody Else"), guarantee=Decimal("33"))
    log_in(page, "Finance")

    page.goto(f"/admin/finance/settlement/{event.pk}/")
    expect(page.get_by_text("Performers are still to be paid €733.00.")).to_be_visible()
    expect(page.get_by_text("€500.00 or 70 % of net sales, whichever is more.")).to_be_visible()
    expect(page.get_by_text("Sound & Light")).to_be_visible()
    page.get_by_role("button", name="Close the settlement").click()
    expect(page.get_by_role("heading", name="Closed, version 1")).to_be_visible()

    page.get_by_role("link", name="Print for the house").click()
    expect(page.get_by_text("€147.00")).to_be_visible()
    house = page.pdf(prefer_css_page_size=True)
    page.goto(f"/admin/finance/settlement/{event.pk}/print/{foxes.pk}/")
    sheet = page.locator("main")
    for words in ("The Foxes", "70 % of it", "€700.00", "Version 1", "signature of the house"):
        expect(sheet).to_contain_text(words)
    for words in ("Somebody Else", "€33.00", "€147.00", "Sound & Light"):
        expect(sheet).not_to_contain_text(words)
    performer = page.pdf(prefer_css_page_size=True)

    for pdf in (house, performer):
        assert pdf.startswith(b"%PDF-")
        assert drawn_in(pdf) > 10

    page.goto(f"/admin/finance/settlement/{event.pk}/")
    page.get_by_label("Reason for opening it again").fill("A late invoice")
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("heading", name="To be settled")).to_be_visible()
    expect(page.get_by_text("A late invoice")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
