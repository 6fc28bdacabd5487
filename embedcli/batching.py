"""Windows of documents into batches: sorted by tokens, packed without padding, order kept.

A batch is packed: its texts lie one after another in one array of T tokens, the longest first,
so that texts of equal length are neighbours and form a Block. Linear layers see one matrix,
attention runs over each block, and no arithmetic is spent on padding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from embedcli.attention import Block
from embedcli.documents import IntArray


@dataclass(frozen=True, slots=True)
class Batch:
    """Packed texts.

    Attributes:
        ids: (T,) token ids, text after text.
        blocks: runs of equally long texts; together they cover the T tokens in order.
        order: for each text, its place among the windows that the batch was cut from.
    """

    ids: IntArray
    blocks: tuple[Block, ...]
    order: tuple[int, ...]

    @property
    def lengths(self) -> list[int]:
        """Tokens of each text, in packed order."""
        return [block.length for block in self.blocks for _ in range(block.count)]


def pack(windows: Sequence[IntArray], order: Sequence[int]) -> Batch:
    """The windows at the places in ``order`` (equal lengths side by side) as one batch."""
    blocks: list[Block] = []
    start = 0
    for length, run in groupby(order, key=lambda place: len(windows[place])):
        count = sum(1 for _ in run)
        blocks.append(Block(start, count, length))
        start += count * length
    ids = np.concatenate([windows[place] for place in order])
    return Batch(ids, tuple(blocks), tuple(order))


def batches(
    windows: Sequence[IntArray], max_tokens: int, *, tapers: bool = True
) -> Iterator[Batch]:
    """Cut windows into batches of at most ``max_tokens`` tokens, longest windows first.

    A window that is longer than ``max_tokens`` is a batch of its own.

    Args:
        windows: token ids of each.
        max_tokens: tokens of a batch.
        tapers: nothing follows, so batches become smaller towards the end, down to a quarter: then
            threads which take them in turn end at about the same time. How many threads there are
            does not matter: vectors must not depend on it, not even in their last bits.
    """
    longest_first = sorted(range(len(windows)), key=lambda place: -len(windows[place]))
    left = sum(map(len, windows)) if tapers else math.inf
    pending: list[int] = []
    tokens, room = 0, _room(left, max_tokens)
    for place in longest_first:
        length = len(windows[place])
        if pending and tokens + length > room:
            yield pack(windows, pending)
            left -= tokens
            pending, tokens, room = [], 0, _room(left, max_tokens)
        pending.append(place)
        tokens += length
    if pending:
        yield pack(windows, pending)


def _room(left: float, max_tokens: int) -> float:
    """Most tokens of the next batch, when ``left`` tokens are still to be batched."""
    return min(max_tokens, max(left / 4, max_tokens / 4))
