"""Jobs are computed ahead in threads, and answered in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from embedcli.workers import JOBS_AHEAD, computed_ahead

Jobs = Sequence[tuple[str, Sequence[int]]]
JOBS: Jobs = [("a", [3, 1, 2]), ("b", []), ("c", [5]), ("d", [4, 4])]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_answers_come_in_the_order_of_jobs_and_tasks(workers: int) -> None:
    answered = [(key, list(answers)) for key, answers in computed_ahead(JOBS, str, workers)]
    assert answered == [("a", ["3", "1", "2"]), ("b", []), ("c", ["5"]), ("d", ["4", "4"])]


def test_one_worker_computes_in_the_callers_thread() -> None:
    def where(_: int) -> int:
        return threading.get_ident()

    answers = [list(found) for _, found in computed_ahead(JOBS, where, 1)]
    assert {thread for found in answers for thread in found} == {threading.get_ident()}


def test_one_task_alone_starts_no_thread() -> None:
    def where(_: int) -> int:
        return threading.get_ident()

    ((_, answers),) = computed_ahead([("a", [1])], where, 4)
    assert list(answers) == [threading.get_ident()]


def test_several_workers_compute_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=30)

    def meet(task: int) -> int:
        both.wait()  # raises unless two are here at once
        return task

    assert [list(found) for _, found in computed_ahead([("a", [1, 2])], meet, 2)] == [[1, 2]]


def test_jobs_are_read_only_a_few_ahead() -> None:
    read = 0

    def jobs() -> Iterator[tuple[int, list[int]]]:
        nonlocal read
        for key in range(50):
            read += 1
            yield key, [key, key]

    for key, answers in computed_ahead(jobs(), str, 2):
        list(answers)
        assert read <= key + 1 + JOBS_AHEAD


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_of_a_task_reaches_the_reader_and_ends_the_threads(workers: int) -> None:
    def fail(task: int) -> int:
        if task == 4:
            raise ValueError("four")
        return task

    before = threading.active_count()
    ahead = computed_ahead(JOBS, fail, workers)
    with pytest.raises(ValueError, match="four"), closing(ahead):
        _ = [list(answers) for _, answers in ahead]
    assert threading.active_count() == before


def test_a_reader_that_leaves_ends_the_threads() -> None:
    before = threading.active_count()
    ahead = computed_ahead(((key, [1, 2]) for key in range(100)), str, 2)
    assert list(next(ahead)[1]) == ["1", "2"]
    ahead.close()
    assert threading.active_count() == before
