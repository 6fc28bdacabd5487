"""sentence-transformers with torch in float32: the reference, and what most people run."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers import Encode


def load(model: Path, artifacts: Path, threads: int) -> Encode:  # noqa: ARG001
    """``encode`` as it comes."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    loaded = SentenceTransformer(str(model), device="cpu")
    return lambda texts, size: loaded.encode(
        texts, batch_size=size, normalize_embeddings=True, show_progress_bar=False
    )
