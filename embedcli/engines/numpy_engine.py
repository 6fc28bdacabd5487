"""The NumPy engine: the attention stack on a checkpoint's own weights, one batch a thread."""

from __future__ import annotations

import threading

from embedcli.attention import Memory
from embedcli.batching import Batch
from embedcli.documents import FloatArray
from embedcli.families import TextEncoder

BATCH_TOKENS = 1024
"""Products come near their best rate, and all weights are fetched from main memory once a batch;
with more tokens little is gained, and the activations leave the cache."""


class NumpyEngine:
    """Runs a family's encoder; see ``engines.Engine``."""

    name = "numpy"
    dtype = "float32"
    device = "cpu"
    batch_tokens = BATCH_TOKENS

    def __init__(self, encoder: TextEncoder, workers: int) -> None:
        self.width = encoder.width
        self.workers = workers
        self._encoder = encoder
        self._thread = threading.local()

    def states(self, batch: Batch) -> FloatArray:
        """(T, D) states, in the calling thread's own working memory."""
        if not hasattr(self._thread, "memory"):
            self._thread.memory = Memory()
        return self._encoder(batch.ids, batch.blocks, self._thread.memory)
