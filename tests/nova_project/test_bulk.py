from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, Order
from events.models import Event, Venue
from integrations.models import ContactLink, SyncRun
from nova_project.bulk import Upserted, amend, insert_many, insert_new, recorded, upsert
from tests.factories import make_customer, make_event, make_order, make_venue

pytestmark = pytest.mark.django_db

FIELDS = ("eventbrite_id", "name", "capacity")


def put(*rows, **options):
    with transaction.atomic():
        return upsert(Venue, rows, fields=FIELDS, key="eventbrite_id", **options)


def venues():
    return set(Venue.objects.values_list(*FIELDS))


def test_new_rows_are_added_changed_ones_changed_and_equal_ones_left():
    put(("1", "Cellar", 80), ("2", "Loft", None))
    before = Venue.objects.get(eventbrite_id="2")

    result = put(("1", "Cellar", 90), ("2", "Loft", None), ("3", "Barn", 200))

    assert venues() == {("1", "Cellar", 90), ("2", "Loft", None), ("3", "Barn", 200)}
    assert (set(result.created), set(result.updated), result.unchanged) == ({"3"}, {"1"}, 1)
    pks = dict(Venue.objects.values_list("eventbrite_id", "pk"))
    assert result.changed == {"1": pks["1"], "3": pks["3"]}
    assert Venue.objects.get(eventbrite_id="2").updated_at == before.updated_at


def test_other_columns_get_their_defaults_and_stamps():
    put(("1", "Cellar", 80))

    venue = Venue.objects.get()
    assert (venue.address, venue.country) == ("", "")
    assert venue.created_at == venue.updated_at
    assert datetime.now(UTC) - venue.created_at < timedelta(minutes=1)


def test_a_changed_row_is_stamped_and_keeps_its_birthday():
    put(("1", "Cellar", 80))
    born = Venue.objects.get().created_at

    put(("1", "Cellar", 90))

    assert Venue.objects.get().created_at == born < Venue.objects.get().updated_at


def test_of_a_key_that_comes_twice_the_last_counts():
    result = put(("1", "Cellar", 80), ("1", "Loft", 90))

    assert venues() == {("1", "Loft", 90)}
    assert len(result.created) == 1


def test_kept_fields_are_set_once():
    put(("1", "Cellar", 80), keep=("name",))

    result = put(("1", "Loft", 80), keep=("name",))

    assert (venues(), result) == ({("1", "Cellar", 80)}, Upserted(unchanged=1))


def test_fields_that_go_along_are_no_difference_by_themselves():
    put(("1", "Cellar", 80))

    same = put(("1", "Cellar", 85), along=("capacity",))
    changed = put(("1", "Loft", 90), along=("capacity",))

    assert (same, set(changed.updated)) == (Upserted(unchanged=1), {"1"})
    assert venues() == {("1", "Loft", 90)}


def test_nothing_costs_nothing():
    with CaptureQueriesContext(connection) as captured:
        assert put() == Upserted()
        assert insert_many(Venue, [], fields=FIELDS) == 0
        assert amend(Venue, [], fields=FIELDS, key="eventbrite_id") == set()

    assert all("SAVEPOINT" in query["sql"] for query in captured)


def test_the_number_of_statements_does_not_grow_with_the_rows():
    taken = []
    for number in (3, 300):
        with CaptureQueriesContext(connection) as captured:
            put(*((f"{number}-{place}", "Cellar", place) for place in range(number)))
        taken.append(len(captured))

    assert taken[0] == taken[1]


def test_a_row_that_breaks_a_rule_takes_the_whole_call_back():
    event = make_event()
    fields = ("eventbrite_id", "event_id", "status", "ordered_at", "changed_at", "currency")
    at = event.start_at
    rows = [("1", event.pk, "placed", at, at, "EUR"), ("2", event.pk, "nonsense", at, at, "EUR")]

    with pytest.raises(IntegrityError), transaction.atomic():
        upsert(Order, rows, fields=fields, key="eventbrite_id")

    assert not Order.objects.exists()


def test_every_kind_of_value_comes_back_as_it_went_and_is_equal_to_itself():
    start = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    fields = ("eventbrite_id", "name", "start_at", "end_at", "starts_on", "currency", "is_online")
    row = ("1", 'Ünï"\t\\N\n%s', start, start, date(2026, 3, 29), "EUR", True)

    with transaction.atomic():
        upsert(Event, [row], fields=fields, key="eventbrite_id")
        again = upsert(Event, [row], fields=fields, key="eventbrite_id")

    assert Event.objects.values_list(*fields).get() == row
    assert again.unchanged == 1


def test_equal_documents_and_amounts_are_equal_in_any_spelling():
    with transaction.atomic():
        links = {"fields": ("hubspot_id", "seen"), "key": "hubspot_id"}
        upsert(ContactLink, [("1", {"a": 1, "b": "ü"})], **links)
        assert upsert(ContactLink, [("1", {"b": "ü", "a": 1})], **links).unchanged == 1
        order = make_order(gross="10.50")
        rows = [(order.pk, Decimal("10.5"))]
        assert amend(Order, rows, fields=("id", "gross"), key="id") == set()


def test_rows_without_key_are_inserted_with_defaults():
    at = datetime(2026, 3, 1, tzinfo=UTC)

    number = insert_many(
        SyncRun,
        [("hubspot", "one", at), ("hubspot", "two", at)],
        fields=("system", "command", "started_at"),
    )

    assert number == 2
    assert [run.counts for run in SyncRun.objects.all()] == [{}, {}]


def test_amending_changes_known_rows_and_adds_none():
    one, two = make_venue(capacity=80), make_venue(capacity=90)
    stamp = two.updated_at

    with transaction.atomic():
        rows = [(one.pk, 85), (two.pk, 90), (10**9, 5)]
        changed = amend(Venue, rows, fields=("id", "capacity"), key="id")

    two.refresh_from_db()
    assert changed == {one.pk}
    assert set(Venue.objects.values_list("capacity", flat=True)) == {85, 90}
    assert two.updated_at == stamp
    assert Venue.objects.get(pk=one.pk).updated_at > stamp


def test_a_field_that_there_is_not_is_named():
    with pytest.raises(ValueError, match="Venue has no field “colour”"), transaction.atomic():
        upsert(Venue, [("1", "red")], fields=("eventbrite_id", "colour"), key="eventbrite_id")


def test_the_history_of_rows_shows_what_a_statement_made_of_them():
    bare, known, other = make_customer(phone="1"), make_customer(phone="1"), make_customer()
    Customer.history.filter(id=bare.pk).delete()

    with recorded(Customer, [bare.pk, known.pk], "From afar"):
        Customer.objects.update(phone="2")

    def told(customer):
        rows = Customer.history.filter(id=customer.pk).order_by("history_date", "history_id")
        return list(rows.values_list("phone", "history_type", "history_change_reason"))

    assert told(bare) == [("1", "~", None), ("2", "~", "From afar")]
    assert told(known) == [("1", "+", None), ("2", "~", "From afar")]
    assert len(told(other)) == 1


def test_rows_that_are_there_already_are_left_out_by_one_statement(django_assert_num_queries):
    put(("1", "Cellar", 80))

    with django_assert_num_queries(1):
        insert_new(Venue, [("1", "Attic", 9), ("2", "Loft", None)], fields=FIELDS)
    insert_new(Venue, [], fields=FIELDS)

    assert venues() == {("1", "Cellar", 80), ("2", "Loft", None)}


def test_many_new_rows_come_in_a_few_statements(django_assert_num_queries):
    with django_assert_num_queries(3):
        insert_new(Venue, [(str(n), f"Venue {n}", n) for n in range(401)], fields=FIELDS)

    assert Venue.objects.count() == 401
