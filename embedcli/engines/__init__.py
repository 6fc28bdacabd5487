"""Engines: a batch of tokens in, hidden states out."""

from __future__ import annotations

from typing import Protocol

from embedcli.batching import Batch
from embedcli.documents import FloatArray


class Engine(Protocol):
    """What computes hidden states.

    Attributes:
        name: ``numpy`` or ``torch``.
        width: D.
        dtype: the precision of the arithmetic, ``float32``, ``bfloat16`` or ``float16``.
        device: ``cpu``, ``cuda`` ...
        workers: batches that may be computed at the same time, each in a thread of its own.
        batch_tokens: how many tokens a batch should have for this engine to be quick.
    """

    name: str
    width: int
    dtype: str
    device: str
    workers: int
    batch_tokens: int

    def states(self, batch: Batch) -> FloatArray:
        """Last hidden states (T, D) of a packed batch, good until this thread's next call."""
