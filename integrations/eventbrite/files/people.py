"""The people of a part of a file: whose addresses they are, and who has been erased."""

from collections.abc import Collection

from customers.models import EmailAddress, Suppression


class People:
    """Three queries, whatever the number of addresses and customers."""

    def __init__(self, addresses: Collection[str], customer_ids: Collection[int]) -> None:
        wanted = {address for address in addresses if address}
        self._erased = set(Suppression.objects.covering(wanted))
        owners = EmailAddress.objects.filter(address__among=wanted)
        self._owners = dict(owners.values_list("address", "customer_id"))
        primary = EmailAddress.objects.filter(customer__in=customer_ids, is_primary=True)
        self._addresses = dict(primary.values_list("customer_id", "address"))

    def is_erased(self, address: str) -> bool:
        return address in self._erased

    def owner(self, address: str) -> int | None:
        """The customer of an address, None where it is new."""
        return self._owners.get(address)

    def address(self, customer_id: int | None) -> str:
        """The customer's first address."""
        return self._addresses.get(customer_id, "") if customer_id else ""
