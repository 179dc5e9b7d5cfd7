"""Many remote calls at a time, while all else stays in one thread.

A piece of work is a generator: it yields a call that needs nothing of the database, gets the answer
back, and goes on. Its own code, with all that it reads and saves, runs in the caller's thread.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")
Call = Callable[[], Any]
Work = Generator[Call, Any, Result]


def side_by_side(works: Iterable[Work[Result]], *, most: int) -> Iterator[Result]:
    """What each piece of work returns, in their order where they make equally many calls.

    At most `most` calls are under way; works begin when there is room. Answers are handed back in
    the order of the calls. When one work fails, none begins and no further call goes out; those
    whose last call is under way are finished, and then the failure is raised.
    """
    waiting = iter(works)
    running: deque[tuple[Work[Result], Future[Any] | None]] = deque()
    failure: Exception | None = None
    pool = ThreadPoolExecutor(most, thread_name_prefix="call")
    try:
        while True:
            if failure is None and len(running) < most and (new := next(waiting, None)) is not None:
                running.appendleft((new, None))
            if not running:
                break
            work, future = running.popleft()
            try:
                call = _go_on(work, future)
            except StopIteration as end:
                yield end.value
                continue
            except Exception as error:  # noqa: BLE001  raised below, once all is in order
                failure = failure or error
                continue
            if failure is None:
                running.append((work, pool.submit(call)))
            else:
                work.close()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if failure is not None:
        raise failure


def _go_on(work: Work[Any], future: Future[Any] | None) -> Call:
    """Begins a work, or hands it its call's answer or failure; returns the next call."""
    if future is None:
        return next(work)
    if error := future.exception():
        return work.throw(error)
    return work.send(future.result())
