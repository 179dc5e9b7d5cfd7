import subprocess
import sys
import time

import pytest

from integrations.errors import BudgetSpent, Misconfigured, RetryLater
from integrations.http import Line, Meter, NotNow, Pace, Patience, Reply


def replies(*outcomes):
    """A sender that goes through the outcomes: errors are raised, replies returned."""
    left = list(outcomes)

    def send():
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return send


def line(meter, refusal=lambda reply: None, **patience):
    return Line(meter, None, Patience(base_seconds=0, **patience), refusal)


def test_a_call_is_repeated_while_it_may_succeed_and_each_attempt_counts():
    meter = Meter()

    reply = line(meter).call(replies(NotNow("no"), NotNow("no"), Reply(200)), is_write=True)

    assert reply.status == 200
    assert (meter.requests, meter.writes) == (3, 3)


def test_patience_ends_with_the_last_refusal():
    with pytest.raises(NotNow, match="third"):
        line(Meter(), attempts=3).call(replies(*map(NotNow, ("first", "second", "third"))))


def test_what_no_patience_would_mend_is_not_repeated():
    meter = Meter()

    with pytest.raises(Misconfigured):
        line(meter).call(replies(Misconfigured("no token"), Reply(200)))

    assert meter.requests == 1


def test_a_wait_longer_than_patience_ends_the_attempts_and_is_passed_on():
    meter = Meter()

    with pytest.raises(RetryLater) as caught:
        line(meter, longest_seconds=5).call(replies(NotNow("no", wait_seconds=30)))

    assert (meter.requests, caught.value.after_seconds) == (1, 30)


def test_a_refused_reply_becomes_its_error():
    def refusal(reply):
        return Misconfigured("refused") if reply.status == 401 else None

    with pytest.raises(Misconfigured):
        line(Meter(), refusal).call(replies(Reply(401)))


def test_what_is_not_json_is_to_be_asked_for_again():
    assert Reply(200, body=b"").json() == {}
    with pytest.raises(RetryLater, match="not JSON"):
        Reply(200, body=b"<html>").json()


@pytest.mark.parametrize("others", [0, 1])
def test_processes_share_the_pace_of_a_token(tmp_path, others):
    code = (
        "from pathlib import Path\n"
        "from integrations.http import Pace\n"
        f"pace = Pace('token', [(10, 2)], folder=Path({str(tmp_path)!r}))\n"
        "for _ in range(8): pace.wait()\n"
    )
    for _ in range(others):
        subprocess.run([sys.executable, "-c", code], check=True)
    pace = Pace("token", [(10, 2)], folder=tmp_path)
    begun = time.monotonic()

    for _ in range(2):
        pace.wait()

    # Nine of the ten are used: eight there and one here, so the second has to wait its turn.
    assert (time.monotonic() - begun > 0.5) == bool(others)


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ([(24, 1), (190, 10)], [(24, 1), (190, 10)]),
        ([(1, 1), (1, 10)], [(1, 10)]),
        ([(24, 1), (19, 1)], [(19, 1)]),
    ],
)
def test_a_limit_that_a_longer_one_holds_anyway_is_left_out(tmp_path, limits, kept):
    assert Pace("token", limits, folder=tmp_path, share=1).rates == kept


def test_a_wait_that_is_too_long_is_told_and_not_waited(tmp_path):
    pace = Pace("slow", [(1, 3600)], folder=tmp_path, share=1, longest_seconds=60)
    pace.wait()

    with pytest.raises(BudgetSpent, match="may go out in 60 minutes") as caught:
        pace.wait()

    assert 3500 < caught.value.after_seconds <= 3600


def test_a_call_is_not_repeated_once_that_would_take_too_long():
    meter = Meter()
    patience = Patience(attempts=9, base_seconds=0, enough_seconds=5)

    with pytest.raises(NotNow):
        Line(meter, None, patience, lambda reply: None).call(
            replies(NotNow("no"), NotNow("no", wait_seconds=6), Reply(200))
        )

    assert meter.requests == 2
