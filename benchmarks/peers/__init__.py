"""The peers: one entry each, and one module each that knows how to load it.

A module has ``load(model, artifacts, threads, **options)`` and gives a function that turns texts
into unit vectors (N, D), with the batch size that it is told. ``artifacts`` is the folder where
``benchmarks.artifacts`` has put converted models.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Encode = Callable[[list[str], int], Any]


@dataclass(frozen=True)
class Peer:
    """One thing that people could use.

    Attributes:
        label: how tables call it.
        module: in this package; has ``load``.
        distributions: must be installed; their versions are reported.
        batch_sizes: tried in the warm-up, the fastest one counts; 0 where the peer decides itself.
        artifact: the converted model that it needs, a name in ``benchmarks.artifacts``.
        options: further arguments of ``load``.
    """

    label: str
    module: str
    distributions: tuple[str, ...]
    batch_sizes: tuple[int, ...] = (0,)
    artifact: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


_ST = ("sentence-transformers", "transformers", "tokenizers", "torch")

PEERS: dict[str, Peer] = {
    "embedcli": Peer("embedcli (NumPy)", "embedcli_numpy", ("numpy", "tokenizers")),
    "st-torch": Peer(
        "sentence-transformers, torch", "sentence_transformers_torch", _ST, batch_sizes=(8, 32)
    ),
    "st-onnx": Peer(
        "sentence-transformers, ONNX",
        "sentence_transformers_optimum",
        (*_ST, "optimum-onnx", "onnxruntime"),
        batch_sizes=(8, 32),
        artifact="st-onnx",
        options={"backend": "onnx"},
    ),
    "st-openvino": Peer(
        "sentence-transformers, OpenVINO",
        "sentence_transformers_optimum",
        (*_ST, "optimum-intel", "openvino"),
        batch_sizes=(8, 32),
        artifact="st-openvino",
        options={"backend": "openvino"},
    ),
    "fastembed": Peer(
        "fastembed",
        "fastembed_onnx",
        ("fastembed", "onnxruntime"),
        batch_sizes=(8, 32),
        artifact="onnx",
    ),
    "onnxruntime": Peer(
        "ONNX Runtime by hand, sorted",
        "onnxruntime_sorted",
        ("onnxruntime", "tokenizers"),
        batch_sizes=(8, 32),
        artifact="onnx",
    ),
    "openvino": Peer(
        "OpenVINO by hand, sorted",
        "openvino_sorted",
        ("openvino", "tokenizers"),
        batch_sizes=(8, 32),
        artifact="openvino",
    ),
    "ctranslate2": Peer(
        "CTranslate2 by hand, sorted",
        "ctranslate2_sorted",
        ("ctranslate2", "tokenizers"),
        batch_sizes=(8, 32),
        artifact="ctranslate2",
    ),
    "llamacpp": Peer(
        "llama.cpp (xllamacpp), sorted",
        "llamacpp_server",
        ("xllamacpp", "tokenizers"),
        batch_sizes=(8, 32),
        artifact="gguf",
    ),
}

OURS = "embedcli"
REFERENCE = "st-torch"


def load(peer: Peer, model: Path, artifacts: Path, threads: int) -> Encode:
    """Load a peer's model; ImportError where a package is missing."""
    module = importlib.import_module(f"benchmarks.peers.{peer.module}")
    return module.load(model, artifacts, threads, **peer.options)
