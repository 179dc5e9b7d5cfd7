import csv
import io
from decimal import Decimal

import pytest
from tablib import Dataset

from finance.models import BonusStep, Performer, PerformerAgreement
from finance.resources import AgreementResource, PerformerResource
from tests.factories import make_agreement, make_event, make_performer

pytestmark = pytest.mark.django_db
D = Decimal
HEADINGS = ("Event", "Performer", "Kind", "Fee or guarantee", "Percentage", "Bonus steps", "Status")


def read(*rows: tuple[str, ...], headings: tuple[str, ...] = HEADINGS):
    return AgreementResource().import_data(Dataset(*rows, headers=headings))


def problems(*rows: tuple[str, ...], headings: tuple[str, ...] = HEADINGS) -> str:
    resource = AgreementResource()
    result = resource.import_data(Dataset(*rows, headers=headings), dry_run=True)
    return str([row.error_dict for row in result.invalid_rows])


def test_agreements_come_in_and_the_same_file_again_changes_nothing():
    make_event(name="Comedy Night")
    make_performer("The Foxes")
    row = (
        "Comedy Night, 2026-03-14",
        "the foxes",
        "Guarantee versus share",
        "500.00",
        "70 %",
        "100 from 80 seats; 250 from 2000.00",
        "Agreed",
    )

    first, second = read(row), read(row)

    agreement = PerformerAgreement.objects.get()
    assert (agreement.kind, agreement.guarantee, agreement.percentage) == ("versus", 500, 70)
    steps = agreement.bonus_steps.values_list("from_seats", "from_base", "amount")
    assert set(steps) == {(80, None, D("100.000")), (None, D("2000.000"), D("250.000"))}
    assert (first.totals["new"], second.totals["new"], second.totals["skip"]) == (1, 0, 1)
    assert agreement.history.count() == 1


def test_a_changed_row_changes_the_agreement_and_its_steps():
    event = make_event(name="Comedy Night")
    agreement = make_agreement(event, performer=make_performer("The Foxes"))
    BonusStep.objects.create(agreement=agreement, from_seats=10, amount=D("5"))

    read(("Comedy Night, 2026-03-14", "The Foxes", "Flat fee", "120.00", "", "9 from 20 seats", ""))

    agreement.refresh_from_db()
    assert agreement.guarantee == D("120.000")
    assert list(agreement.bonus_steps.values_list("from_seats", "amount")) == [(20, D("9.000"))]


def test_what_makes_no_deal_is_refused_in_words():
    make_event(name="Comedy Night")
    make_performer("The Foxes")
    show = "Comedy Night, 2026-03-14"

    told = problems(
        (show, "The Foxes", "Door split", "100", "70", "", ""),
        (show, "Nobody", "Flat fee", "100", "", "", ""),
        (show, "The Foxes", "Flat fee", "100", "", "a lot", ""),
    )

    assert "This has no place in a “door split” agreement" in told
    assert "There is no performer “Nobody”" in told
    assert "is no bonus step" in told
    assert PerformerAgreement.objects.count() == 0


def test_what_goes_out_comes_in_again_unchanged():
    for number in range(3):
        agreement = make_agreement(
            kind="plus", guarantee=D(number), percentage=D("12.5"), split_point=D("7")
        )
        BonusStep.objects.create(agreement=agreement, from_base=D("1.5"), amount=D("2"))
    resource = AgreementResource()

    rows = list(resource.export_rows(PerformerAgreement.objects.all()))
    file = io.StringIO()
    csv.writer(file).writerows([resource.headings(), *rows])
    result = AgreementResource().import_data(Dataset().load(file.getvalue(), format="csv"))

    assert [row[-1] for row in rows] == [D("0.00"), D("1.00"), D("2.00")]
    assert result.totals["skip"] == 3


def test_a_performer_in_other_case_is_the_same():
    make_performer("The Foxes")

    PerformerResource().import_data(
        Dataset(("the FOXES", "fox@example.org"), headers=("Name", "E-mail"))
    )

    assert list(Performer.objects.values_list("name", "email")) == [
        ("The Foxes", "fox@example.org")
    ]
