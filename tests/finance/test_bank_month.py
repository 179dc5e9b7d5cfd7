"""A month from orders to the bank, and the pages on which a bookkeeper brings it there."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from finance.models import Deposit, DepositMatch, LedgerLine, PayoutVariance, StatementMapping
from finance.services import post_orders
from finance.services.locks import lock_month
from finance.services.payouts import PayoutStatus
from finance.services.reconciliation import payout_totals, reconciliation
from nova_project.periods import Period
from tests.factories import make_account, make_deposit, make_event, make_order, make_paid_event

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
IMPORT = "/admin/finance/deposit/import/"
SHOWS = (("Open mic", 7, 3), ("Comedy night", 14, 5), ("Improv", 21, 4))


@pytest.fixture
def client(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def play_march() -> list:
    """Three shows with orders of 51.00, of which 40.00 are to be paid out; one order refunded."""
    events = []
    for number, (name, day, orders) in enumerate(SHOWS):
        event = make_event(date(2026, 3, day), name=name, eventbrite_id=f"19964569223{number:02}")
        for _ in range(orders):
            _sell(event)
        events.append(event)
    _sell(events[1], refund=Decimal("51.00"), tax=0, eventbrite_fee=0, payment_fee=0)
    _sell(events[0], eventbrite_id=None)  # at the door: in no payout
    return events


def _sell(event, **fields) -> None:
    costs = {"tax": "5.86", "eventbrite_fee": "3.98", "payment_fee": "1.16"}
    amounts = {name: Decimal(amount) for name, amount in costs.items()}
    order = make_order(event, "51.00", **amounts | fields)
    post_orders([order.pk])


def statement(*lines: str) -> str:
    return "Buchungstag;Betrag;Verwendungszweck;Auftraggeber\n" + "".join(
        f"{line};Eventbrite\n" for line in lines
    )


WHOLE = statement(
    "12.03.2026;120,00;EB 1996456922300",
    "19.03.2026;200,00;EB PAYOUT",
    "26.03.2026;160,00;EB 1996456922302",
)
CUT = statement(
    "12.03.2026;70,00;EB 1996456922300",
    "19.03.2026;200,00;EB PAYOUT",
    "26.03.2026;160,00;EB 1996456922302",
    "30.03.2026;-20,00;CHARGEBACK 1996456922302",
)


def send(client, account, text, name="march.csv"):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile(name, text.encode())
    return client.post(IMPORT, {"account": account.pk, "file": file}, follow=True)


def explain_columns(client, page) -> object:
    """Saves the columns as Nova guessed them."""
    url = page.redirect_chain[-1][0]
    form = page.context["form"]
    given = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    sent = {name: "" if value is None else value for name, value in given.items()}
    return client.post(url, sent | {"name": "Sparkasse", "save": "1"}, follow=True)


def confirm(client, page):
    return client.post(page.context["confirm_url"], follow=True)


@pytest.mark.django_db
def test_a_month_from_orders_to_the_bank_ends_at_nothing(client):
    play_march()
    account = make_account(payout_words="Eventbrite")

    asked = send(client, account, WHOLE)
    assert "2026-03-12" in asked.text
    done = confirm(client, explain_columns(client, asked))

    assert "3 new" in done.text
    rows = reconciliation(MARCH)
    assert [(row.name, row.expected, row.status) for row in rows] == [
        ("Open mic", 120, PayoutStatus.MATCHED),
        ("Comedy night", 200, PayoutStatus.MATCHED),
        ("Improv", 160, PayoutStatus.MATCHED),
    ]
    (total,) = payout_totals(rows)
    assert (total.expected, total.deposited, total.variance) == (480, 480, Decimal("0.00"))
    again = send(client, account, WHOLE)
    assert "Nothing to import" in again.text
    assert (Deposit.objects.count(), StatementMapping.objects.count()) == (3, 1)


@pytest.mark.django_db
def test_a_month_with_a_reserve_and_a_chargeback_ends_at_nothing_once_both_have_a_name(client):
    events = play_march()
    account = make_account()
    confirm(client, explain_columns(client, send(client, account, CUT)))
    waiting = list(Deposit.objects.unmatched().order_by("booked_on"))
    assert [deposit.amount for deposit in waiting] == [70, -20]
    page = client.get(reverse("admin:finance_deposit_review"))
    offered = {
        card["deposit"].pk: card["suggestions"][0]["value"] for card in page.context["cards"]
    }

    for deposit in waiting:
        sent = {"do": "accept", "deposit": deposit.pk, "parts": offered[deposit.pk]}
        client.post(reverse("admin:finance_deposit_review"), sent)
    for event, kind, amount in ((events[0], "reserve", "-50"), (events[2], "chargeback", "-20")):
        about = {"event": event.pk, "kind": kind, "amount": amount, "currency": "EUR"}
        client.post(reverse("admin:finance_payoutvariance_add"), about | {"note": "Letter."})

    rows = reconciliation(MARCH)
    assert [row.variance for row in rows] == [-50, 0, -20]
    assert [row.status for row in rows] == [
        PayoutStatus.EXPLAINED,
        PayoutStatus.MATCHED,
        PayoutStatus.EXPLAINED,
    ]
    (total,) = payout_totals(rows)
    assert total.outstanding == 0
    assert PayoutVariance.objects.filter(entered_by__username="root").count() == 2


@pytest.mark.django_db
def test_an_order_that_is_marked_as_paid_elsewhere_leaves_the_expected_payout(client):
    event = make_paid_event("100.00")
    orders = reverse("admin:customers_order_changelist")
    chosen = {"_selected_action": [event.orders.get().pk]}

    client.post(orders, chosen | {"action": "paid_elsewhere"})
    without = reconciliation(MARCH)
    told = client.get("/admin/reports/reconciliation/?start=2026-03-01&end=2026-03-31").text
    client.post(orders, chosen | {"action": "paid_by_eventbrite"})

    assert without == []
    assert "1 order over €100.00 was sold at the door or paid elsewhere" in told
    assert [row.expected for row in reconciliation(MARCH)] == [100]


@pytest.mark.django_db
def test_the_report_has_its_headings_in_order_and_leads_to_an_explanation(client):
    event = make_paid_event("100.00")
    make_deposit("7.00")
    url = "/admin/reports/reconciliation/?start=2026-03-01&end=2026-03-31"

    page, file = client.get(url), client.get(f"{url}&export=csv")

    lines = b"".join(file.streaming_content).decode().splitlines()
    assert lines[0] == (
        "Event ID,Event,Date,Currency,Gross,Refunds,Tax,Eventbrite fees,Processing fees,"
        "Expected payout,Deposited,Variance,Status"
    )
    assert lines[1].endswith("100.00,0.00,0.00,0.00,0.00,100.00,0.00,-100.00,Overdue")
    assert lines[2].endswith("7.00,7.00,Unmatched deposit")
    assert f"payoutvariance/add/?event={event.pk}&amp;amount=-100.00" in page.text
    assert "Open by age, EUR" in page.text


@pytest.mark.django_db
def test_a_deposit_is_split_by_hand_left_and_undone_on_its_page(client):
    events = [make_paid_event("60.00", name="One"), make_paid_event("30.00", name="Two")]
    deposit, gift = make_deposit("80.00"), make_deposit("5.00")
    url = reverse("admin:finance_deposit_review")
    named = [f"{event.name}, {event.starts_on}" for event in events]

    too_much = {"do": "split", "deposit": deposit.pk, "event": named, "amount": ["60", "30"]}
    refused = client.post(url, too_much, follow=True)
    split = client.post(url, too_much | {"amount": ["60", "20,00"]}, follow=True)
    client.post(url, {"do": "leave", "deposit": gift.pk, "because": "A gift."})
    undone = DepositMatch.objects.get(event=events[1])
    client.post(url, {"do": "undo", "match": undone.pk})

    assert "add up to €90.00, and €80.00" in refused.text
    assert "is matched to 2 shows" in split.text
    assert DepositMatch.objects.get().event == events[0]
    assert Deposit.objects.get(left_because="A gift.") == gift


@pytest.mark.django_db
def test_a_locked_month_is_locked_on_every_page_and_unlocked_with_a_reason(client):
    deposit = make_deposit()
    lock = lock_month(month=date(2026, 3, 1))
    change = reverse("admin:finance_deposit_change", args=[deposit.pk])
    listed = reverse("admin:finance_deposit_changelist")

    client.post(change, {"amount": "1"})
    gone = {"action": "delete_selected", "_selected_action": [deposit.pk], "post": "yes"}
    client.post(listed, gone)
    assert Deposit.objects.get() == deposit
    assert Deposit.objects.get().amount == 100

    url = reverse("admin:finance_lockedmonth_change", args=[lock.pk])
    assert "This field is required" in client.post(url, {"unlock_reason": ""}).text
    client.post(url, {"unlock_reason": "A late letter."})

    lock.refresh_from_db()
    assert (lock.unlock_reason, lock.unlocked_by.username) == ("A late letter.", "root")


@pytest.mark.django_db(transaction=True)
def test_a_bookkeeper_imports_a_statement_and_matches_it(page, live_server, admin_user, tmp_path):
    client = Client()
    client.force_login(admin_user)
    name = django_settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for show, amount in (("Early", "60.00"), ("Late", "40.00"), ("Sure", "512.40")):
        make_paid_event(amount, name=show)
    make_account(name="Sparkasse")
    file = tmp_path / "march.csv"
    file.write_text(statement("19.03.2026;512,40;EB", "20.03.2026;100,00;EB"))

    page.goto(IMPORT)
    page.get_by_label("Statement or payout export").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_label("Remember it as").fill("Sparkasse")
    page.get_by_role("button", name="Save and check the file").click()
    page.get_by_role("button", name="Import 2 rows").click()
    page.get_by_text("2 new, 0 changed").wait_for()
    page.goto("/admin/finance/deposit/review/")
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("Nothing waits.").wait_for()

    found = DepositMatch.objects.values_list("event__name", "amount", "origin")
    assert sorted(found) == [
        ("Early", 60, "accepted"),
        ("Late", 40, "accepted"),
        ("Sure", Decimal("512.40"), "automatic"),
    ]
    assert LedgerLine.objects.count() == 3
    assert complaints == []
