"""What the bodies of webhooks tell of, and what of them may be kept for good."""

import json

import pytest

from integrations.eventbrite import webhook as eventbrite
from integrations.hubspot import webhook as hubspot
from integrations.notices import Unreadable

BASE = "http://127.0.0.1:8900"
HOME = "https://www.eventbriteapi.com/v3"


def crm_event(**fields):
    return {
        "subscriptionId": 7,
        "occurredAt": 1_790_000_000_123,
        "subscriptionType": "contact.propertyChange",
        "objectId": 51,
        "propertyName": "firstname",
        "propertyValue": "Ada",
        "sourceId": "userId:9",
    } | fields


def crm(*events):
    return hubspot.notices(json.dumps(events).encode())


def sale(address, action="order.placed", **config):
    body = {"config": {"action": action} | config, "api_url": address}
    return eventbrite.notice(json.dumps(body).encode(), base_url=BASE)


def test_a_change_of_a_contact_names_it_and_when():
    (notice,) = crm(crm_event())

    assert (notice.object_type, notice.object_id) == ("contacts", "51")
    assert notice.key == "51:7:1790000000123:firstname"
    assert notice.told_at.timestamp() == 1_790_000_000.123


def test_a_repeat_has_the_same_key_and_another_change_has_not():
    (first, again, other) = crm(
        crm_event(eventId=1),
        crm_event(eventId=2, attemptNumber=3),
        crm_event(propertyName="lastname"),
    )

    assert first.key == again.key != other.key


def test_the_newer_form_names_the_kind_by_number():
    (deal, unknown) = crm(
        crm_event(subscriptionType="object.creation", objectTypeId="0-3"),
        crm_event(subscriptionType="object.creation", objectTypeId="2-77"),
    )

    assert (deal.object_type, unknown.object_type) == ("deals", "other records")


def test_a_merge_tells_of_every_contact_in_it():
    notices = crm(
        crm_event(
            subscriptionType="contact.merge",
            primaryObjectId=51,
            mergedObjectIds=[52, 53],
            newObjectId=60,
        )
    )

    assert [notice.object_id for notice in notices] == ["51", "60", "52", "53"]
    assert len({notice.key for notice in notices}) == 4


@pytest.mark.parametrize(
    "event",
    [
        "a text",
        crm_event(objectId="../../owners"),
        crm_event(objectId=None),
        crm_event(subscriptionType="contact.creation\n"),
        crm_event(subscriptionType=None),
    ],
)
def test_an_event_of_another_form_is_kept_and_left(event):
    (notice,) = crm(event)

    assert notice.object_id == ""
    assert notice.why_left == "It does not say what happened to which record."


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"\xff\xfe", b'"events"'])
def test_something_else_than_a_list_is_unreadable(body):
    with pytest.raises(Unreadable):
        hubspot.notices(body)


def test_a_masked_event_keeps_numbers_and_names_only():
    (notice,) = crm(crm_event(somethingNew="ada@example.org"))
    text = hubspot.masked(notice.body)

    assert json.loads(text) == crm_event() | {
        "propertyValue": "[masked]",
        "sourceId": "[masked]",
        "somethingNew": "[masked]",
    }
    assert hubspot.masked(text) == text
    assert hubspot.masked('"ada"') == '"[masked]"'


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("orders/123/", ("orders", "123")),
        ("events/45/", ("events", "45")),
        ("events/45/attendees/690507907-1/", ("attendees", "45/690507907-1")),
        ("events/45/ticket_classes/9/", ("events", "45")),
        ("venues/7", ("venues", "7")),
        ("organizers/8/", ("organizers", "8")),
    ],
)
def test_an_address_of_a_known_form_names_its_object(path, named):
    for home in (HOME, f"{BASE}/v3"):
        notice = sale(f"{home}/{path}")
        assert (notice.object_type, notice.object_id, notice.why_left) == (*named, "")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v3/orders/123/",
        "https://www.eventbriteapi.com.evil.example/v3/orders/123/",
        "https://www.eventbriteapi.com@evil.example/v3/orders/123/",
        "http://www.eventbriteapi.com/v3/orders/123/",
        "https://www.eventbriteapi.com:8443/v3/orders/123/",
        f"{HOME}/orders/123/?expand=event",
        f"{HOME}/orders/123/#x",
        f"{HOME}/orders/../events/1/",
        f"{HOME}/orders/%31/",
        f"{HOME}/orders/123/\n",
        f"{HOME}/orders//",
        f"{HOME}/orders/{'9' * 33}/",
        f"{HOME}/users/me/",
        f"{HOME}//orders/123/",
        f"{HOME.upper()}/orders/123/",
        "file:///etc/passwd",
        None,
        {"url": f"{HOME}/orders/1/"},
    ],
)
def test_any_other_address_names_nothing(address):
    notice = sale(address)

    assert (notice.object_type, notice.object_id) == ("", "")
    assert "It was not asked" in notice.why_left


def test_the_test_button_is_understood():
    notice = sale("https://www.eventbriteapi.com/{api-endpoint}/", action="test")

    assert notice.why_left == "Eventbrite's test button. All is well."


def test_our_secret_address_is_not_kept():
    notice = sale(f"{HOME}/orders/1/", endpoint_url="https://n.example/webhooks/eventbrite/S3/")

    assert "S3" not in notice.body


def test_a_masked_note_keeps_what_it_is_about():
    notice = sale(f"{HOME}/orders/1/", user_id="44", webhook_id="9")
    text = eventbrite.masked(notice.body)

    assert json.loads(text) == {
        "config": {"action": "order.placed", "webhook_id": "9", "user_id": "[masked]"},
        "api_url": f"{HOME}/orders/1/",
    }
    assert eventbrite.masked(text) == text
    assert "ada" not in eventbrite.masked(sale("https://x.example/?e=ada").body)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"config": "x"}', b"\xff"])
def test_something_else_than_a_note_is_unreadable(body):
    with pytest.raises(Unreadable):
        eventbrite.notice(body, base_url=BASE)


def test_the_secret_must_be_there_and_be_the_same():
    assert eventbrite.is_secret("S3", "S3")
    assert not eventbrite.is_secret("S3", "S4")
    assert not eventbrite.is_secret("", "")
    assert not eventbrite.is_secret("ß", "S3")
