"""The numpy engine runs a family's encoder, each thread in a memory of its own."""

from __future__ import annotations

import threading

import numpy as np

from embedcli.batching import Batch, pack
from embedcli.engines.numpy_engine import NumpyEngine
from embedcli.untrained import parse


def engine(workers: int = 1) -> NumpyEngine:
    return NumpyEngine(parse("untrained?width=16&heads=2").encoder(), workers)


def batch(*lengths: int, seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    windows = [rng.integers(0, 256, length).astype(np.int32) for length in lengths]
    return pack(windows, range(len(windows)))


def test_states_are_one_row_a_token() -> None:
    states = engine().states(batch(5, 3, 3))
    assert (states.shape, states.dtype) == ((11, 16), np.float32)


def test_an_engine_says_what_it_is() -> None:
    found = engine(3)
    assert (found.name, found.width, found.dtype, found.device) == ("numpy", 16, "float32", "cpu")
    assert found.workers == 3
    assert found.batch_tokens > 0


def test_states_are_good_until_the_next_call_of_the_thread() -> None:
    runs = engine()
    first = runs.states(batch(6))
    kept = first.copy()
    runs.states(batch(6, seed=1))
    np.testing.assert_array_equal(runs.states(batch(6)), kept)


def test_threads_do_not_share_memory() -> None:
    runs = engine(4)
    batches = [batch(9, 7, 7, seed=seed) for seed in range(4)]
    expected = [engine().states(one).copy() for one in batches]
    problems: list[int] = []

    def repeat(place: int) -> None:
        same = [np.array_equal(runs.states(batches[place]), expected[place]) for _ in range(30)]
        problems.extend([place] * same.count(False))

    threads = [threading.Thread(target=repeat, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
