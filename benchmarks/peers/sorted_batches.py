"""What the hand-driven peers share: sorted batches, padding, mean pooling, unit length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from benchmarks.machine import token_limit

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
States = Callable[[IntArray, IntArray], FloatArray]
"""(ids (B, T), mask (B, T)) -> last hidden states (B, T, D)."""


def load_tokenizer(model: Path) -> Tokenizer:
    """The model's own tokenizer, cutting at the model's limit and padding nothing."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(token_limit(model))
    tokenizer.no_padding()
    return tokenizer


def sorted_batches(
    tokenizer: Tokenizer, texts: list[str], size: int
) -> Iterator[tuple[list[int], list[list[int]]]]:
    """Batches of (places in the input, token ids), longest texts first."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
    order = sorted(range(len(ids)), key=lambda i: -len(ids[i]))
    for start in range(0, len(order), size):
        places = order[start : start + size]
        yield places, [ids[i] for i in places]


def padded(rows: list[list[int]]) -> tuple[IntArray, IntArray]:
    """Ids and mask (B, T), zeros where a text has ended."""
    width = max(map(len, rows))
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return ids, mask


def mean_unit(states: FloatArray, mask: IntArray) -> FloatArray:
    """Mean of the unmasked states (B, T, D), scaled to length one: (B, D)."""
    # As a product: one pass over the states, no copy of them.
    sums = np.matmul(mask[:, None, :].astype(np.float32), states)[:, 0]
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def encoder(tokenizer: Tokenizer, states: States) -> Callable[[list[str], int], FloatArray]:
    """Texts to unit vectors in input order, whatever computes the hidden states."""

    def encode(texts: list[str], size: int) -> FloatArray:
        vectors: FloatArray | None = None
        for places, rows in sorted_batches(tokenizer, texts, size):
            ids, mask = padded(rows)
            pooled = mean_unit(states(ids, mask), mask)
            if vectors is None:
                vectors = np.empty((len(texts), pooled.shape[1]), dtype=np.float32)
            vectors[places] = pooled
        assert vectors is not None
        return vectors

    return encode
