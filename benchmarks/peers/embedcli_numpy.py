"""embedcli as a library, with its NumPy engine."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers import Encode


def load(model: Path, artifacts: Path, threads: int) -> Encode:  # noqa: ARG001
    """The numpy engine batches for itself, so the batch size is not used."""
    from embedcli import ModelOptions, load_model

    loaded = load_model(str(model), ModelOptions(engine="numpy", threads=threads))
    return lambda texts, _: loaded.embed(texts)
