"""OpenVINO driven by hand, float32, on batches sorted by length."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers import Encode
from benchmarks.peers.sorted_batches import FloatArray, IntArray, encoder, load_tokenizer


def load(model: Path, artifacts: Path, threads: int) -> Encode:
    """One stream with all threads; float32 is asked for, or the processor's bfloat16 is used."""
    import openvino

    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    path = artifacts / "openvino" / "model.xml"
    request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()

    def states(ids: IntArray, mask: IntArray) -> FloatArray:
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        request.infer(feed, share_inputs=True)
        return np.asarray(request.get_output_tensor(0).data)

    return encoder(load_tokenizer(model), states)
