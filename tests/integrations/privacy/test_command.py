"""`erase_person`: what it prints, and how it ends."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer
from tests.integrations.privacy.conftest import ADA, WORDS

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command("erase_person", *arguments, stdout=out)
    return out.getvalue()


def as_json(*arguments):
    return json.loads(run("--json", *arguments).splitlines()[-1])


def test_a_dry_run_says_what_would_go_and_changes_nothing(ada, traces):
    before = traces()

    told = as_json(ADA, "--dry-run")

    assert (told["outcome"], told["customers"], told["addresses"]) == (
        "nothing erased",
        [str(ada.pk)],
        3,
    )
    assert told["rows"]["orders"] == {"rows": 1}
    assert told["rows"]["planned writes"] == {"rows": 4}
    assert traces() == before


def test_it_erases_and_says_what_is_left_to_do(ada):
    told = run(ADA.upper())
    again = as_json(ADA)

    ada.refresh_from_db()
    assert (ada.name, ada.erased_at is None) == ("", False)
    assert not any(word in told for word in WORDS)
    assert "Nova does not delete the person in HubSpot" in told
    assert again["outcome"] == "erased already"


def test_an_address_that_is_kept_away_beforehand_is_said_to_be_so():
    told = [as_json("new@example.org", "--beforehand")["outcome"] for _ in range(2)]

    assert told == ["kept away", "kept away already"]


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["nobody@example.org"], "Nobody in Nova has this address.", 1),
        (["nobody@example.org", "--dry-run"], "Nobody in Nova has this address.", 1),
        ([ADA, "--beforehand"], "Somebody in Nova has this address. Erase the person.", 1),
        (["nobody"], "This is no e-mail address.", 2),
    ],
)
def test_what_cannot_be_done_is_said_with_the_reason(ada, arguments, message, status):
    with pytest.raises(CommandError) as failure:
        run(*arguments)

    assert (str(failure.value), failure.value.returncode) == (message, status)
    assert not Customer.objects.erased().exists()
