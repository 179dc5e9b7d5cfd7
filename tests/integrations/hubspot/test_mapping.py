"""A contact as Nova reads it, and the differences that are worth a write."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.hubspot.mapping import (
    FIGURES,
    TAGS,
    TYPES,
    Contact,
    Figures,
    changes,
    to_wire,
)

RETURNING = Figures(2, 1, Decimal("12.500"), date(2026, 1, 2), date(2026, 3, 4), "returning")
LEAD = Figures(0, 0, Decimal("0.000"), None, None, "lead")
WANTED = {
    "nova_events_attended": "1",
    "nova_total_spend": "12.5",
    "nova_first_event_date": "2026-01-02",
    "nova_last_event_date": "2026-03-04",
    "nova_customer_type": "Returning",
    "nova_tags": "Nova Attendee",
}


def record(**properties):
    return {"id": "7", "properties": properties, "updatedAt": "2026-03-01T10:00:00.123Z"}


@pytest.mark.parametrize(
    ("name", "given_text", "kept"),
    [
        ("nova_total_spend", "12.50", "12.5"),
        ("nova_total_spend", "1E+2", "100"),
        ("nova_total_spend", "-0.0", "0"),
        ("nova_events_attended", "3.0", "3"),
        ("nova_first_event_date", "2026-01-02", "2026-01-02"),
        ("nova_first_event_date", "1767312000000", "2026-01-02"),
        ("notes_last_contacted", "2026-01-02T01:00:00+01:00", "2026-01-02T00:00:00Z"),
        ("notes_last_contacted", "1767312000000", "2026-01-02T00:00:00Z"),
        ("nova_tags", "b;a;;b", "a;b"),
        ("hs_email_optout", "TRUE", "true"),
        ("firstname", " Ada ", " Ada "),
    ],
)
def test_a_value_is_kept_in_one_spelling(name, given_text, kept):
    contact = Contact.from_api(record(**{name: given_text}))

    assert contact.values == {name: kept}


def test_blank_and_unknown_properties_are_not_kept():
    contact = Contact.from_api(record(firstname=None, lastname="", favourite_colour="red"))

    assert contact.values == {}


def test_addresses_and_merged_ids_come_as_lists():
    contact = Contact.from_api(
        record(email="a@x.org", hs_additional_emails="b@x.org;c@x.org", hs_merged_object_ids="5;6")
    )

    assert contact.email == "a@x.org"
    assert contact.other_emails == ["b@x.org", "c@x.org"]
    assert contact.merged_ids == ("5", "6")
    assert contact.changed_at == datetime(2026, 3, 1, 10, 0, 0, 123_000, UTC)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nova_total_spend", "a lot"),
        ("hs_email_open", "NaN"),
        ("nova_last_event_date", "soon"),
        ("notes_last_contacted", "9" * 30),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(name, text):
    with pytest.raises(ValueError, match=name):
        Contact.from_api(record(**{name: text}))


def test_a_new_contact_gets_all_figures_and_the_tag():
    assert changes(RETURNING, {}) == WANTED


def test_only_differences_are_written():
    seen = WANTED | {"nova_total_spend": "10", "nova_tags": "Nova Attendee;Podcast"}

    assert changes(RETURNING, seen) == {"nova_total_spend": "12.5"}


def test_a_lead_without_figures_is_left_alone():
    assert changes(LEAD, {"email": "a@x.org", "nova_tags": "Podcast"}) == {}


def test_figures_that_a_lead_should_not_have_are_put_right():
    assert changes(LEAD, WANTED) == {
        "nova_events_attended": "0",
        "nova_total_spend": "0",
        "nova_first_event_date": "",
        "nova_last_event_date": "",
        "nova_customer_type": "",
    }


def test_a_tag_is_sent_as_an_addition():
    wanted = changes(RETURNING, {"nova_tags": "Podcast"})

    assert wanted["nova_tags"] == "Nova Attendee;Podcast"
    assert to_wire(wanted)["nova_tags"] == ";Nova Attendee"


def test_an_unknown_customer_type_fails_by_name():
    with pytest.raises(KeyError, match="whale"):
        changes(Figures(1, 1, Decimal(1), None, None, "whale"), {})


days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
figures = st.builds(
    Figures,
    events_booked=st.integers(0, 50),
    events_attended=st.integers(0, 50),
    total_spend=st.decimals(0, 99_999, places=3),
    first_event_on=st.none() | days,
    last_event_on=st.none() | days,
    customer_type=st.sampled_from(list(TYPES)),
)
numbers = st.decimals(-10, 99_999, places=2).map(str)
dates = days.map(date.isoformat)
raw = st.fixed_dictionaries(
    {},
    optional={
        "nova_events_attended": numbers | st.none(),
        "nova_total_spend": numbers | st.just(""),
        "nova_first_event_date": dates,
        "nova_last_event_date": dates,
        "nova_customer_type": st.sampled_from(["New", "Returning", "VIP"]),
        "nova_tags": st.sampled_from(["", "Podcast", "Nova Attendee", "Podcast;Nova Attendee"]),
    },
)


@given(figures, raw)
def test_after_the_changes_a_contact_holds_what_it_should_and_nothing_is_left_to_change(f, values):
    contact = Contact.from_api(record(**values))

    after = contact.with_values(changes(f, contact.values)).values

    assert changes(f, after) == {}
    if not f.is_blank:
        wanted = {name: value for name, value in f.to_api().items() if value}
        assert {name: after[name] for name in FIGURES if name in after} == wanted
    if f.events_booked:
        assert "Nova Attendee" in after[TAGS].split(";")


@given(figures, raw)
def test_every_change_is_a_difference(f, values):
    contact = Contact.from_api(record(**values))

    wanted = changes(f, contact.values)

    assert all(value != contact.values.get(name, "") for name, value in wanted.items())
