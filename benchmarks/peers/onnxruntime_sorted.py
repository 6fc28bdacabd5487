"""ONNX Runtime driven by hand, float32, on batches sorted by length."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers import Encode
from benchmarks.peers.sorted_batches import FloatArray, IntArray, encoder, load_tokenizer


def load(model: Path, artifacts: Path, threads: int) -> Encode:
    """A session with the given threads and every graph optimisation."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        str(artifacts / "onnx" / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )

    def states(ids: IntArray, mask: IntArray) -> FloatArray:
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return np.asarray(session.run(None, feed)[0])

    return encoder(load_tokenizer(model), states)
