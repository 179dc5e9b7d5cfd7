"""HubSpot's signature, version 3, against the documented rule written out by hand."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.hubspot.webhook import Call, refusal, signature

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STAMP = str(int(NOW.timestamp() * 1000))
URL = "https://nova.example.org/webhooks/hubspot/"


def signed(text: bytes, secret: str = "s3cret") -> str:
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def call(body: bytes = b"[]", *, uri: str = URL, timestamp: str = STAMP, over: str = URL) -> Call:
    """A call to `uri` whose signature covers the address `over`."""
    text = b"POST" + over.encode() + body + timestamp.encode()
    return Call("POST", uri, body, timestamp, signed(text))


def test_a_call_signed_by_the_rule_is_hubspots():
    assert refusal(call(), "s3cret", NOW) == ""


def test_another_secret_body_method_or_address_is_not():
    good = call(b'[{"objectId": 1}]')

    assert refusal(good, "other", NOW) == "wrong signature"
    for change in (
        {"body": b'[{"objectId":1}]'},
        {"method": "PUT"},
        {"uri": URL.replace("https", "http")},
        {"uri": URL.replace("nova", "other")},
        {"uri": f"{URL}?a=b"},
        {"timestamp": str(int(STAMP) + 1)},
        {"signature": good.signature.lower()},
        {"signature": "ünsigned"},
    ):
        parts = {name: getattr(good, name) for name in good.__slots__} | change
        assert refusal(Call(**parts), "s3cret", NOW) == "wrong signature", change


@pytest.mark.parametrize("missing", [{"timestamp": ""}, {"timestamp": "soon"}, {"signature": ""}])
def test_a_call_without_time_or_signature_is_not(missing):
    parts = {name: getattr(call(), name) for name in Call.__slots__} | missing

    assert refusal(Call(**parts), "s3cret", NOW) == "no signature, version 3"


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (-300, ""),
        (300, ""),
        (-301, "timestamp too old"),
        (301, "timestamp in the future"),
    ],
)
def test_five_minutes_either_way_are_the_limit(seconds, reason):
    at = str(int((NOW + timedelta(seconds=seconds)).timestamp() * 1000))

    assert refusal(call(timestamp=at), "s3cret", NOW) == reason


def test_exactly_the_listed_signs_of_the_address_are_decoded():
    listed = "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B"
    others = "%20%22%23%25%26%2B%3D%3C%5B%7E%C3%A9"
    uri = f"{URL}{listed}?q={listed.lower()}&r={others}"
    over = f"{URL}:/?@!$'()*,;?q=:/?@!$'()*,;&r={others}"

    assert refusal(call(uri=uri, over=over), "s3cret", NOW) == ""


def test_what_is_decoded_is_not_decoded_again():
    assert refusal(call(uri=f"{URL}?q=%253A", over=f"{URL}?q=%253A"), "s3cret", NOW) == ""


@given(body=st.binary(max_size=200), secret=st.text(min_size=1, max_size=20))
def test_the_signature_covers_the_body_byte_by_byte(body, secret):
    made = signature(Call("POST", URL, body, STAMP, ""), secret)

    assert made.decode() == signed(b"POST" + URL.encode() + body + STAMP.encode(), secret)
