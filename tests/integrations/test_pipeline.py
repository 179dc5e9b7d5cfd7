import threading

import pytest

from integrations.errors import Rejected, RetryLater
from integrations.pipeline import side_by_side


def answer(value):
    return lambda: value


def refuse(error):
    def call():
        raise error

    return call


def work(number, said):
    """Two calls, and a note after each."""
    first = yield answer(number)
    said.append(f"read {first}")
    second = yield answer(first * 10)
    said.append(f"wrote {second}")
    return second


def test_each_work_gets_its_own_answers_and_they_end_in_order():
    said = []

    results = list(side_by_side((work(number, said) for number in range(5)), most=2))

    assert results == [0, 10, 20, 30, 40]
    assert said[:4] == ["read 0", "read 1", "wrote 0", "wrote 10"]


def test_a_work_without_calls_ends_at_once():
    def idle():
        return "nothing to ask"
        yield

    assert list(side_by_side([idle(), work(1, [])], most=2)) == ["nothing to ask", 10]


def test_calls_are_made_at_the_same_time_and_their_answers_used_in_one_thread():
    together = threading.Barrier(4, timeout=10)
    threads = set()

    def meet():
        yield together.wait
        threads.add(threading.current_thread())

    list(side_by_side((meet() for _ in range(8)), most=4))

    assert threads == {threading.current_thread()}


def test_no_more_calls_are_under_way_than_allowed():
    under_way, most = set(), []

    def call():
        under_way.add(threading.get_ident())
        most.append(len(under_way))
        under_way.discard(threading.get_ident())

    def one():
        yield call

    list(side_by_side((one() for _ in range(50)), most=3))

    assert len(most) == 50
    assert max(most) <= 3


def test_after_a_failure_last_calls_are_saved_and_nothing_new_goes_out():
    begun, saved = [], []

    def failing():
        begun.append("failing")
        yield refuse(RetryLater("busy"))

    def good(name, calls):
        begun.append(name)
        for _ in range(calls):
            yield answer(name)
        saved.append(name)

    works = (failing(), good("one call", 1), good("two calls", 2))
    later = (good("later", 1) for _ in range(3))

    with pytest.raises(RetryLater, match="busy"):
        list(side_by_side((w for group in (works, later) for w in group), most=3))

    assert begun == ["failing", "one call", "two calls"]
    assert saved == ["one call"]


def test_a_work_may_mend_the_failure_of_its_call():
    def careful():
        try:
            yield refuse(Rejected("bad row"))
        except Rejected as error:
            return str(error)

    assert list(side_by_side([careful()], most=1)) == ["bad row"]


def test_a_mistake_in_a_work_is_not_hidden():
    def wrong():
        yield answer(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(side_by_side([wrong()], most=1))
