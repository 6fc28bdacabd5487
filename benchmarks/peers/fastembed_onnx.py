"""fastembed on the exported model, registered as a custom model so that nothing is fetched."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.machine import read_config
from benchmarks.peers import Encode

NAME = "benchmarks/local-model"


def load(model: Path, artifacts: Path, threads: int) -> Encode:
    """``embed`` as it comes; it pads to the longest of each batch and does not sort."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    TextEmbedding.add_custom_model(
        NAME,
        pooling=PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(hf=NAME),
        dim=int(str(read_config(model)["hidden_size"])),
        model_file="model.onnx",
    )
    loaded = TextEmbedding(
        NAME, threads=threads, specific_model_path=str(artifacts / "onnx"), cuda=False
    )
    return lambda texts, size: np.stack(list(loaded.embed(texts, batch_size=size)))
