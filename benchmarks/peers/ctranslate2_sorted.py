"""CTranslate2 driven by hand, float32, on batches sorted by length."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers import Encode
from benchmarks.peers.sorted_batches import (
    FloatArray,
    load_tokenizer,
    mean_unit,
    padded,
    sorted_batches,
)


def load(model: Path, artifacts: Path, threads: int) -> Encode:
    """One worker with all threads; it takes token ids and pads for itself."""
    import ctranslate2

    computer = ctranslate2.Encoder(
        str(artifacts / "ctranslate2"),
        device="cpu",
        inter_threads=1,
        intra_threads=threads,
        compute_type="float32",
    )
    tokenizer = load_tokenizer(model)

    def encode(texts: list[str], size: int) -> FloatArray:
        parts, order = [], []
        for places, rows in sorted_batches(tokenizer, texts, size):
            states = np.asarray(computer.forward_batch(rows).last_hidden_state)
            parts.append(mean_unit(states, padded(rows)[1]))
            order.extend(places)
        vectors = np.empty((len(texts), parts[0].shape[1]), dtype=np.float32)
        vectors[order] = np.concatenate(parts)
        return vectors

    return encode
