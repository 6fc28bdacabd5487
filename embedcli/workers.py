"""Batches over threads, a few jobs ahead of the reader, answers in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from queue import SimpleQueue
from typing import Generic, NoReturn, TypeVar

Key = TypeVar("Key")
Task = TypeVar("Task")
Answer = TypeVar("Answer")

JOBS_AHEAD = 2
"""Jobs under way while the oldest is awaited, so that workers never wait for the reader."""


class _Pending(Generic[Answer]):
    """An answer in the making.

    A Future would do, but a signal that interrupts whoever waits for one can leave its lock taken,
    and the worker then waits for ever to hand in its answer. A SimpleQueue has no such moment.
    """

    def __init__(self) -> None:
        self._outcome: SimpleQueue[Callable[[], Answer]] = SimpleQueue()

    def compute(self, function: Callable[[Task], Answer], task: Task) -> None:
        try:
            answer = function(task)
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
            self._outcome.put(partial(_raise, error))
        else:
            self._outcome.put(lambda: answer)

    def result(self) -> Answer:
        """The answer, once, or the error that the task raised."""
        return self._outcome.get()()


def _raise(error: BaseException) -> NoReturn:
    raise error


def computed_ahead(
    jobs: Iterable[tuple[Key, Sequence[Task]]], function: Callable[[Task], Answer], workers: int
) -> Generator[tuple[Key, Iterator[Answer]], None, None]:
    """Apply a function to the tasks of every job.

    Args:
        jobs: (key, tasks), read lazily, never more than JOBS_AHEAD jobs ahead.
        function: is called in ``workers`` threads at once, or in the caller's when one will do.
        workers: how many threads.

    Yields:
        (key, answers in the order of the tasks), jobs in their order. An answer is given as soon as
        it is there; take all of them before the next job. Close the generator to leave early: what
        has not begun is then given up.
    """
    under_way: deque[tuple[Key, list[_Pending[Answer]]]] = deque()
    with ExitStack() as held:
        submit: Callable[[Task], _Pending[Answer]] | None = None
        for key, tasks in jobs:
            if submit is None and (workers == 1 or len(tasks) == 1):
                yield key, map(function, tasks)
                continue
            submit = submit or _pool(function, workers, held)
            under_way.append((key, [submit(task) for task in tasks]))
            if len(under_way) > JOBS_AHEAD:
                yield _answers(*under_way.popleft())
        while under_way:
            yield _answers(*under_way.popleft())


def _answers(key: Key, pending: list[_Pending[Answer]]) -> tuple[Key, Iterator[Answer]]:
    return key, (answer.result() for answer in pending)


def _pool(
    function: Callable[[Task], Answer], workers: int, held: ExitStack
) -> Callable[[Task], _Pending[Answer]]:
    # Imported here: a one-sentence run is over before this would have loaded.
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(workers, "embedcli")
    held.callback(pool.shutdown, wait=True, cancel_futures=True)

    def submit(task: Task) -> _Pending[Answer]:
        pending: _Pending[Answer] = _Pending()
        pool.submit(pending.compute, function, task)
        return pending

    return submit
