"""A seeded, untrained encoder over bytes, for learning and plumbing: no file is read."""

from __future__ import annotations

from dataclasses import dataclass

from embedcli.attention import (
    Block,
    Encoder,
    Memory,
    positional_encoding,
    positions_of,
    random_embeddings,
    random_encoder,
)
from embedcli.documents import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Untrained:
    """Random embeddings (V, D) and sinusoidal positions (P, D), then a random encoder."""

    words: FloatArray
    positions: FloatArray
    encoder: Encoder

    @property
    def width(self) -> int:
        """D."""
        return int(self.words.shape[1])

    def __call__(self, ids: IntArray, blocks: tuple[Block, ...], memory: Memory) -> FloatArray:
        """(T,) -> (T, D); see ``families.TextEncoder``."""
        x = self.words[ids]
        x += self.positions[positions_of(blocks)]
        return self.encoder(x, blocks=blocks, memory=memory)


def build(
    vocab_size: int, max_tokens: int, *, width: int, layers: int, heads: int, seed: int
) -> Untrained:
    """Draw the model; the same numbers give the same bits anywhere.

    Raises:
        ValueError: when a size is not positive, or the heads do not divide the width.
    """
    return Untrained(
        words=random_embeddings(vocab_size, width, seed),
        positions=positional_encoding(max_tokens, width),
        encoder=random_encoder(width, layers, heads, seed),
    )
