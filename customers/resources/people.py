"""Customers as a marketer keeps them in a spreadsheet."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from customers.models import (
    Consent,
    Customer,
    CustomerType,
    EmailAddress,
    LeadBand,
    Suppression,
    clean_address,
)
from customers.services import Person, find_or_add_people
from nova_project.bulk import upsert
from nova_project.imports.amounts import AmountWidget
from nova_project.imports.columns import (
    ChoiceWidget,
    Column,
    DayWidget,
    MomentWidget,
    ShownWidget,
    TextWidget,
    as_text,
)
from nova_project.imports.history import remember
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import CHUNK, Row
from nova_project.money import company_currency

_SEPARATORS = str.maketrans(";,\n", "   ")


class AddressWidget(TextWidget):
    """One e-mail address."""

    hint = "Any of the customer's addresses."

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        address = clean_address(as_text(value))
        if not address:
            raise ValueError(f"“{as_text(value)}” is no e-mail address.")
        return address


class AddressesWidget(TextWidget):
    """Several addresses, in order and without repeats."""

    hint = "Further addresses, separated by semicolons. They are added, none is removed."

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        words = as_text(value).translate(_SEPARATORS).split()
        if bad := [word for word in words if not clean_address(word)]:
            raise ValueError(f"“{bad[0]}” is no e-mail address.")
        return joined(clean_address(word) for word in words)


def joined(addresses: Iterable[str]) -> str:
    return "; ".join(sorted(set(addresses)))


def parted(text: str) -> list[str]:
    return text.split("; ") if text else []


_OWN = ("first_name", "last_name", "phone", "city", "country", "consent", "note")


class CustomerResource(BulkResource):
    """A customer is found by any of their addresses; a row with a new one adds a customer.

    Addresses are only ever added. Two addresses of two different customers in one row are refused,
    because an import merges nobody.
    """

    key = "email"
    noun = "customer"
    key_words = (
        "A customer is found by any of their e-mail addresses, and added where none is known."
    )

    email = Column(
        "email", AddressWidget(), heading="E-mail", is_required=True, example="ada@example.org"
    )
    other_emails = Column(
        "other_emails",
        AddressesWidget(),
        heading="Other e-mails",
        example="ada@example.net; a.smith@example.com",
    )
    first_name = Column("first_name", TextWidget(120), example="Ada")
    last_name = Column("last_name", TextWidget(120), example="Smith")
    phone = Column("phone", TextWidget(40), example="+49 30 1234567")
    city = Column("city", TextWidget(120), example="Berlin")
    country = Column("country", TextWidget(80), example="Germany")
    consent = Column("consent", ChoiceWidget(Consent), example="Opted in")
    note = Column("note", TextWidget(), example="Likes to sit in front")
    customer_type = Column("customer_type", ChoiceWidget(CustomerType), readonly=True)
    events_booked = Column("events_booked", ShownWidget(), readonly=True)
    events_attended = Column("events_attended", ShownWidget(), readonly=True)
    seats_count = Column("seats_count", ShownWidget(), readonly=True)
    total_spend = Column("total_spend", AmountWidget(), readonly=True)
    first_event_on = Column("first_event_on", DayWidget(), readonly=True)
    last_event_on = Column("last_event_on", DayWidget(), readonly=True)
    lead_score = Column("lead_score", ShownWidget(), readonly=True)
    lead_band = Column("lead_band", ChoiceWidget(LeadBand), readonly=True)
    lifecycle_stage = Column("lifecycle_stage", TextWidget(), readonly=True)
    owner = Column("owner", TextWidget(), readonly=True)
    source = Column("source", TextWidget(), readonly=True)
    last_contacted_at = Column("last_contacted_at", MomentWidget(), readonly=True)

    class Meta:
        model = Customer

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._row_of: dict[int | str, int] = {}

    def identify(self, rows: Sequence[Row]) -> None:
        super().identify(rows)
        for row in rows:
            for address in parted(row.given.get("other_emails", "")):
                self._refuse_second_row(row, address)

    def _refuse_second_row(self, row: Row, whom: int | str) -> None:
        first = self._row_of.setdefault(whom, row.number)
        if first != row.number and not row.problems:
            row.refuse("", f"Is about the same customer as row {first}. Keep one of the two.")

    def existing(
        self, keys: Collection[Any], *, lock: bool
    ) -> dict[Any, tuple[int, dict[str, Any]]]:
        owners = dict(
            EmailAddress.objects.filter(address__in=keys).values_list("address", "customer_id")
        )
        customers = Customer.objects.filter(pk__in=set(owners.values())).order_by()
        if lock:
            customers = customers.select_for_update()
        addresses = _addresses(owners.values())
        found = {pk: values for pk, *values in customers.values_list("pk", *_OWN)}
        return {
            address: (pk, self._as_row(address, addresses[pk], found[pk]))
            for address, pk in owners.items()
        }

    def _as_row(self, email: str, addresses: Sequence[str], own: Sequence[Any]) -> dict[str, Any]:
        others = joined(address for address in addresses if address != email)
        return {"email": email, "other_emails": others, **dict(zip(_OWN, own, strict=True))}

    def plan(self, rows: Sequence[Row], *, lock: bool = False) -> None:
        super().plan(rows, lock=lock)
        sound = [row for row in rows if row.key is not None]
        mentioned = {address for row in sound for address in _mentioned(row)}
        self._refuse_erased(sound, Suppression.objects.covering(mentioned))
        owners = dict(
            EmailAddress.objects.filter(address__in=mentioned).values_list("address", "customer_id")
        )
        for row in sound:
            self._add_addresses(row, owners)

    def _refuse_erased(self, rows: Sequence[Row], erased: set[str]) -> None:
        for row in rows if erased else ():
            if not erased.isdisjoint(_mentioned(row)):
                row.refuse_erased(self.heading("email"))

    def _add_addresses(self, row: Row, owners: dict[str, int]) -> None:
        """Finds the row's one customer, and makes a list of additions out of “other e-mails”."""
        given = parted(row.given.get("other_emails", ""))
        people = {owners[address] for address in (row.key, *given) if address in owners}
        if len(people) > 1:
            row.refuse(
                self.heading("other_emails"),
                "These addresses belong to different customers, and an import merges nobody.",
            )
        elif row.pk is None and people:
            row.refuse(
                self.heading("email"),
                "Another address of this row is known already. Put the known one first, and this "
                f"one under “{self.heading('other_emails')}”.",
            )
        old = parted(row.old.get("other_emails") or "")
        row.new["other_emails"] = joined([*old, *(a for a in given if a != row.key)])
        if row.pk is not None:
            self._refuse_second_row(row, row.pk)
            row.changed = [name for name in row.changed if name != "other_emails"]
            if row.new["other_emails"] != joined(old):
                row.changed.append("other_emails")

    def write(self, rows: Sequence[Row]) -> None:
        changed = [row.pk for row in rows if row.pk is not None]
        remember(Customer, changed)
        added = find_or_add_people(Person(row.key) for row in rows if row.pk is None)
        ids = {row.key: row.pk or added[row.key] for row in rows}
        upsert(
            Customer,
            [(ids[row.key], *(row.new[name] for name in _OWN)) for row in rows],
            fields=("id", *_OWN),
            key="id",
        )
        further = upsert(
            EmailAddress,
            [
                (address, ids[row.key], False)
                for row in rows
                for address in parted(row.new["other_emails"])
            ],
            fields=("address", "customer_id", "is_primary"),
            key="address",
            keep=("customer_id", "is_primary"),
        )
        self.record(added.values(), is_new=True)
        self.record(changed, is_new=False)
        self.record(_address_ids(added), is_new=True, model=EmailAddress)
        self.record(further.created.values(), is_new=True, model=EmailAddress)

    def export_rows(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        """A query for the customers, and one for the addresses of each chunk of them."""
        names = [c.attribute for c in self.fields.values()][2:]
        renders = [c.widget.render for c in self.fields.values()][2:]
        customers = queryset.values_list("pk", *names).iterator(chunk_size=CHUNK)
        currency = company_currency()
        while chunk := list(islice(customers, CHUNK)):
            addresses = _addresses(row[0] for row in chunk)
            for pk, *values in chunk:
                first, *others = addresses[pk] or [""]
                yield [
                    first,
                    joined(others),
                    *(
                        render(value, currency=currency)
                        for render, value in zip(renders, values, strict=True)
                    ),
                ]


def _addresses(customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """The addresses of each customer, the primary one first. One query."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = EmailAddress.objects.filter(customer__in=list(customer_ids)).order_by(
        "-is_primary", "address"
    )
    for customer_id, address in rows.values_list("customer_id", "address"):
        found[customer_id].append(address)
    return found


def _mentioned(row: Row) -> list[str]:
    """All addresses of a row that has a key."""
    return [row.key, *parted(row.given.get("other_emails", ""))]


def _address_ids(addresses: Collection[str]) -> list[int]:
    return list(EmailAddress.objects.filter(address__in=addresses).values_list("pk", flat=True))
