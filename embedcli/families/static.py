"""Static embeddings: a table of token vectors whose mean is the text's vector, no layers at all.

They come as sentence-transformers' StaticEmbedding or in model2vec's files, where several tokens
may share a row (``mapping``) and each token may have a factor (``weights``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedcli.attention import Block, Memory
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray
from embedcli.errors import ModelError
from embedcli.families.parts import look_up


@dataclass(frozen=True, slots=True)
class StaticEmbeddings:
    """A row (D,) for each token: (V, D)."""

    words: FloatArray

    @property
    def width(self) -> int:
        """D."""
        return int(self.words.shape[1])

    def __call__(
        self,
        ids: IntArray,
        blocks: tuple[Block, ...],  # noqa: ARG002
        memory: Memory,
    ) -> FloatArray:
        """(T,) -> (T, D); see ``families.TextEncoder``."""
        return look_up(self.words, ids, memory)


def load(values: Mapping[str, Any], weights: Weights) -> StaticEmbeddings:  # noqa: ARG001
    """Build the table from a checkpoint of either kind.

    Raises:
        ModelError: when there is no table, or its parts do not fit.
    """
    if weights.has("embedding.weight"):
        words = weights.take("embedding.weight")
    else:
        words = weights.take("embeddings")
    if words.ndim != 2:
        raise ModelError(f"the table of embeddings has shape {words.shape}, expected (V, D)")
    if weights.has("mapping"):
        rows = weights.take_integers("mapping")
        if rows.ndim != 1 or (len(rows) and not 0 <= rows.min() <= rows.max() < len(words)):
            raise ModelError(f"tensor 'mapping' does not choose among {len(words)} rows")
        words = words[rows]
    if weights.has("weights"):
        words = words * weights.take("weights", (len(words),))[:, None]
    return StaticEmbeddings(words)
