"""The records that flow from input to output: Document, TokenizedDocument, Row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Document:
    """One text to embed.

    Attributes:
        id: what its rows are called; see ``inputs`` for how ids are made.
        text: the whole text.
        source: the file it was read from, as a path that can be opened again; ``-`` for stdin.
        group: the name of the input file inside its INPUT, with ``/``; a directory output is
            mirrored by it.
    """

    id: str
    text: str
    source: str
    group: str


@dataclass(frozen=True, slots=True)
class TokenizedDocument:
    """A document as the model will see it.

    Attributes:
        document: where the tokens come from.
        windows: token ids, special tokens included; one window unless the document is split.
        weights: content tokens of each window, the weights when windows are averaged.
        tokens_lost: content tokens that no window holds.
    """

    document: Document
    windows: Sequence[IntArray]
    weights: Sequence[int]
    tokens_lost: int

    def share(self, index: int) -> np.float32:
        """The weight of window ``index`` among all, from 0 to 1; equal ones without any tokens."""
        total = sum(self.weights)
        return np.float32(self.weights[index] / total if total else 1 / len(self.weights))


@dataclass(frozen=True, slots=True)
class Row:
    """One vector (D,) or one matrix of token states (T, D), float32, and where it comes from.

    Attributes:
        id: the document's id, with ``#K`` for window K of a split document.
        source: the document's source.
        group: the document's group.
        vector: (D,) pooled or (T, D) token states.
        n_tokens: tokens that the model saw, special tokens included.
        truncated: whether tokens of the document are missing from the row because it was cut.
        tokens_lost: how many.
        sha256: hex digest of the document's text in UTF-8.
    """

    id: str
    source: str
    group: str
    vector: FloatArray
    n_tokens: int
    truncated: bool
    tokens_lost: int
    sha256: str
