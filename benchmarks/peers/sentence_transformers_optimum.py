"""sentence-transformers with its ONNX and OpenVINO backends, which are built on optimum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.peers import Encode


def load(model: Path, artifacts: Path, threads: int, *, backend: str) -> Encode:  # noqa: ARG001
    """``encode`` as it comes, float32 asked for where the backend might choose less."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    arguments: dict[str, Any] = {}
    if backend == "onnx":
        import onnxruntime

        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = threads
        arguments = {"provider": "CPUExecutionProvider", "session_options": session}
    else:
        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": str(threads)}
        arguments = {"ov_config": settings}
    folder = artifacts / f"st-{backend}"
    loaded = SentenceTransformer(str(folder), device="cpu", backend=backend, model_kwargs=arguments)
    return lambda texts, size: loaded.encode(
        texts, batch_size=size, normalize_embeddings=True, show_progress_bar=False
    )
