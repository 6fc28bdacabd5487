"""Batches are packed without padding, hold every window once, and know the order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from embedcli.attention import Block, positions_of
from embedcli.batching import Batch, batches, pack


def window(length: int, first: int = 0) -> np.ndarray:
    return np.arange(first, first + length, dtype=np.int32)


def test_equal_lengths_side_by_side_are_one_block() -> None:
    windows = [window(2, 10), window(3, 20), window(2, 30), window(3, 40)]
    batch = pack(windows, [1, 3, 0, 2])
    assert batch.ids.tolist() == [20, 21, 22, 40, 41, 42, 10, 11, 30, 31]
    assert batch.blocks == (Block(0, 2, 3), Block(6, 2, 2))
    assert batch.lengths == [3, 3, 2, 2]
    assert positions_of(batch.blocks).tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 0, 1]
    assert positions_of(batch.blocks).dtype == np.int32


def test_the_longest_come_first_and_the_budget_cuts() -> None:
    windows = [window(n) for n in (2, 7, 3, 5)]
    assert [batch.order for batch in batches(windows, 20)] == [(1,), (3,), (2, 0)]
    assert [batch.order for batch in batches(windows, 4)] == [(1,), (3,), (2,), (0,)]


def test_a_window_that_is_longer_than_the_budget_is_a_batch_of_its_own() -> None:
    windows = [window(3), window(50), window(3)]
    assert [batch.order for batch in batches(windows, 10)] == [(1,), (0,), (2,)]


def test_batches_are_full_and_taper_off_to_a_quarter_at_the_end() -> None:
    sizes = [len(batch.ids) for batch in batches([window(1)] * 6000, 1000)]
    assert sum(sizes) == 6000
    assert sizes[:3] == [1000, 1000, 1000]
    assert sizes[3:-1] == sorted(sizes[3:-1], reverse=True)
    assert min(sizes[:-1]) == 250


def test_equal_lengths_keep_their_order() -> None:
    (batch,) = batches([window(4) for _ in range(6)], 100)
    assert batch.order == (0, 1, 2, 3, 4, 5)
    assert batch.blocks == (Block(0, 6, 4),)


def test_no_windows_are_no_batches() -> None:
    assert list(batches([], 10)) == []


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 100))
def test_every_window_is_in_one_batch_with_its_own_tokens(
    lengths: list[int], max_tokens: int
) -> None:
    windows = [window(length, 100 * place) for place, length in enumerate(lengths)]
    found: dict[int, list[int]] = {}
    for batch in batches(windows, max_tokens):
        assert len(batch.ids) <= max(max_tokens, batch.lengths[0])
        assert sum(batch.lengths) == len(batch.ids) == len(positions_of(batch.blocks))
        assert _covers(batch)
        texts = [row for block in batch.blocks for row in block.of(batch.ids[:, None])]
        for place, text in zip(batch.order, texts, strict=True):
            assert place not in found
            found[place] = text.ravel().tolist()
    assert found == {place: ids.tolist() for place, ids in enumerate(windows)}


def _covers(batch: Batch) -> bool:
    starts = [block.start for block in batch.blocks]
    ends = [block.start + block.count * block.length for block in batch.blocks]
    return starts == [0, *ends[:-1]] and ends[-1] == len(batch.ids)
