"""Finding vendors by name, and adding those that are new."""

from collections.abc import Collection

from finance.models import Vendor


class Vendors:
    """All vendors by name, read once. Names are compared exactly first, then in any case."""

    def __init__(self) -> None:
        self.names = dict(Vendor.objects.order_by("-pk").values_list("pk", "name"))
        self._ids = {name.casefold(): pk for pk, name in self.names.items()}
        self._ids |= {name: pk for pk, name in self.names.items()}

    def find(self, name: str) -> int | None:
        """The vendor of this name, None where there is none yet."""
        return self._ids.get(name) or self._ids.get(name.casefold())


def add_vendors(names: Collection[str]) -> tuple[dict[str, int], list[int]]:
    """The vendors of exactly these names, by name, and which of them are new. Three queries.

    One that somebody else adds at the same time is taken as it is.
    """
    wanted = Vendor.objects.filter(name__among=list(names))
    known = dict(wanted.values_list("name", "pk"))
    missing = [Vendor(name=name) for name in sorted(names) if name not in known]
    if not missing:
        return known, []
    Vendor.objects.bulk_create(missing, ignore_conflicts=True, batch_size=1_000)
    found = dict(wanted.values_list("name", "pk"))
    return found, [pk for name, pk in found.items() if name not in known]


def vendor_named(name: str) -> Vendor | None:
    """The vendor of this name in any case, made if it is new; None for a blank name.

    Raises ValidationError: the name is too long.
    """
    name = name.strip()
    if not name:
        return None
    found = Vendor.objects.filter(name=name).first()
    found = found or Vendor.objects.filter(name__iexact=name).order_by("pk").first()
    if found is None:
        found = Vendor(name=name)
        found.full_clean()
        found.save()
    return found
