"""Campaigns as a marketer keeps them in a spreadsheet."""

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from customers.models import Campaign, CampaignCode, Channel
from customers.resources.codes import Code, CodesWidget, codes_of, in_order
from nova_project.bulk import insert_many
from nova_project.imports.amounts import AmountWidget, CurrencyWidget
from nova_project.imports.columns import ChoiceWidget, Column, DayWidget, TextWidget
from nova_project.imports.history import delete
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import CHUNK, Row
from nova_project.imports.rules import violated
from nova_project.money import check_amount_fits


class CampaignResource(BulkResource):
    """A campaign is found by its name; upper and lower case do not count.

    The cell of its codes holds all of them: what is not there any more is taken away.
    """

    key = "name"
    noun = "campaign"
    key_words = "A campaign is found by its name, in upper or lower case."

    name = Column("name", TextWidget(200), is_required=True, example="Spring posters")
    channel = Column("channel", ChoiceWidget(Channel), example="Print")
    start_on = Column("start_on", DayWidget(), example="2026-03-01")
    end_on = Column("end_on", DayWidget(), example="2026-04-15")
    budget = Column("budget", AmountWidget(), example="800.00")
    currency = Column("currency", CurrencyWidget(), example="EUR")
    codes = Column("codes", CodesWidget(), heading="Codes", example="affiliate:insta; promo:SPRING")
    note = Column("note", TextWidget(), example="A1 in 40 cafés")

    class Meta:
        model = Campaign

    @cached_property
    def _spelling(self) -> dict[str, str]:
        """The name as it is written, by itself and in small letters. One query a run."""
        names = list(Campaign.objects.order_by("-pk").values_list("name", flat=True))
        return {name.casefold(): name for name in names} | {name: name for name in names}

    @cached_property
    def _owners(self) -> dict[Code, str]:
        """The campaign that each code points to, with those of earlier rows. One query a run."""
        known = CampaignCode.objects.values_list("kind", "code", "campaign__name")
        return {code: name for kind, text, name in known for code in in_order([(kind, text)])}

    def identify(self, rows: Sequence[Row]) -> None:
        """A campaign keeps the spelling that it has; a new one, that of its first row."""
        for row in rows:
            if name := row.given.get("name"):
                known = self._spelling.get(name) or self._spelling.setdefault(name.casefold(), name)
                row.key = row.given["name"] = known

    def existing(
        self, keys: Collection[Any], *, lock: bool
    ) -> dict[Any, tuple[int, dict[str, Any]]]:
        found = super().existing(keys, lock=lock)
        codes = codes_of([pk for pk, _ in found.values()])
        return {key: (pk, values | {"codes": codes[pk]}) for key, (pk, values) in found.items()}

    def check(self, row: Row) -> None:
        new = row.new
        start, end, budget = new["start_on"], new["end_on"], new["budget"]
        if start and end and end < start:
            message = violated(Campaign, "customers_campaign_ends_after_start")
            row.refuse(self.heading("end_on"), message)
        if budget is not None and not row.is_refused_in(self.heading("budget")):
            try:
                check_amount_fits(budget, new["currency"])
            except ValidationError as error:
                row.refuse(self.heading("budget"), " ".join(error.messages))
            if budget < 0:
                message = violated(Campaign, "customers_campaign_budget_not_negative")
                row.refuse(self.heading("budget"), message)
        self._check_codes(row)

    def _check_codes(self, row: Row) -> None:
        for code in row.given.get("codes", ()):
            owner = self._owners.setdefault(code, row.key)
            if owner != row.key:
                message = f"“{code}” points to the campaign “{owner}” already."
                row.refuse(self.heading("codes"), message)

    def write(self, rows: Sequence[Row]) -> None:
        super().write(rows)
        wanted = {row.key: row.new["codes"] for row in rows if "codes" in row.changed}
        ids = dict(Campaign.objects.filter(name__in=list(wanted)).values_list("name", "pk"))
        if ids:
            self._write_codes({ids[name]: set(codes) for name, codes in wanted.items()})

    def _write_codes(self, wanted: dict[int, set[Code]]) -> None:
        """Takes away the codes that are not wanted, and adds those that are missing."""
        codes = CampaignCode.objects.filter(campaign__in=wanted)
        held = list(codes)
        own = {code.pk: (code.campaign_id, in_order([(code.kind, code.code)])[0]) for code in held}
        delete(
            (code for code in held if own[code.pk][1] not in wanted[code.campaign_id]),
            user_id=self.user_id,
        )
        pairs = {(pk, code) for pk, codes_wanted in wanted.items() for code in codes_wanted}
        missing = sorted(pairs - set(own.values()))
        insert_many(
            CampaignCode,
            [(pk, code.kind, code.text) for pk, code in missing],
            fields=("campaign_id", "kind", "code"),
        )
        added = codes.exclude(pk__in=list(own)).values_list("pk", flat=True)
        self.record(list(added), is_new=True, model=CampaignCode)

    def _blank(self, row: Row, name: str) -> None:
        if name == "codes":
            row.given["codes"] = ()
        else:
            super()._blank(row, name)

    def export_rows(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        """A query for the campaigns, and one for the codes of each chunk of them."""
        campaigns = queryset.values_list("pk", *self.stored).iterator(chunk_size=CHUNK)
        while chunk := list(islice(campaigns, CHUNK)):
            codes = codes_of([pk for pk, *_ in chunk])
            for pk, *values in chunk:
                whole = dict(zip(self.stored, values, strict=True)) | {"codes": codes[pk]}
                yield [self.shown(name, whole) for name in self.columns]
