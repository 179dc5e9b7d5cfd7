"""Two rows that may be one person, with all that speaks for it."""

from collections.abc import Collection
from dataclasses import dataclass, field

from customers.models import Customer
from integrations.matching.evidence import Holder, Speaks
from integrations.models.matching import pair_of_contact, pair_of_customers


@dataclass(slots=True)
class Pair:
    """Two rows, and all that speaks for their being one person."""

    customer_id: int
    other_id: int | None = None
    link_id: int | None = None
    speaks: list[Speaks] = field(default_factory=list)

    @property
    def name(self) -> str:
        if self.link_id is not None:
            return pair_of_contact(self.link_id, self.customer_id)
        return pair_of_customers(self.customer_id, self.other_id or 0)

    @property
    def strongest(self) -> Speaks:
        return max(self.speaks, key=lambda speaks: speaks.strength)

    @property
    def strength(self) -> int:
        """Several reasons are a little stronger than the strongest of them."""
        return min(99, self.strongest.strength + 3 * (len(self.speaks) - 1))

    @property
    def evidence(self) -> str:
        ordered = sorted(self.speaks, key=lambda speaks: -speaks.strength)
        return " ".join(dict.fromkeys(speaks.words for speaks in ordered))[:400]


def holders_of(ids: Collection[int]) -> dict[int, Holder]:
    """Name and phone of these customers, without the erased ones. One query."""
    people = Customer.objects.filter(pk__among=ids, erased_at=None).order_by()
    rows = people.values_list("pk", "first_name", "last_name", "phone")
    return {pk: Holder(first, last, phone) for pk, first, last, phone in rows}
