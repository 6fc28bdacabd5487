"""Which engine runs a model, and why."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedcli.checkpoints import STATIC, open_weights
from embedcli.engines import Engine
from embedcli.errors import ModelError
from embedcli.families import FAMILIES, load_family

TORCH_HELP = "pip install 'embedcli[torch]'"


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """What is asked of an engine.

    Attributes:
        name: ``auto``, ``numpy`` or ``torch``.
        device: None, ``cpu``, ``cuda`` ...
        dtype: ``float32``, ``float16`` or ``bfloat16``.
        threads: threads of the whole process.
        trust_remote_code: let code from the model's folder run.
    """

    name: str
    device: str | None
    dtype: str
    threads: int
    trust_remote_code: bool


def load_engine(
    folder: Path, config: Mapping[str, Any], request: EngineRequest
) -> tuple[Engine, str]:
    """The engine for a checkpoint, with the reason for it in a few words.

    Raises:
        ModelError: when the engine asked for cannot run the model, or none can.
    """
    if config.get("model_type") == STATIC:
        return _load_static(folder, config, request)
    if request.name == "torch":
        return _load_torch(folder, request), "asked for"
    obstacle = _obstacle(config, request)
    if obstacle is None:
        try:
            return _load_numpy(folder, config, request), _why_numpy(config, request)
        except ModelError as error:
            if request.name == "numpy" or not _torch_is_installed():
                raise
            obstacle = str(error)
    if request.name == "numpy":
        raise ModelError(f"the numpy engine cannot run this model: {obstacle}; use --engine torch")
    if not _torch_is_installed():
        raise ModelError(f"{obstacle}, and torch is not installed: {TORCH_HELP}")
    return _load_torch(folder, request), obstacle


def _obstacle(config: Mapping[str, Any], request: EngineRequest) -> str | None:
    """Why the numpy engine cannot take this on, as far as can be told without reading weights."""
    family = config.get("model_type")
    if family not in FAMILIES:
        return f"the numpy engine does not know the family {family!r}"
    if request.device not in (None, "cpu"):
        return f"the numpy engine does not run on {request.device}"
    if request.dtype != "float32":
        return f"the numpy engine does not compute in {request.dtype}"
    return None


def _why_numpy(config: Mapping[str, Any], request: EngineRequest) -> str:
    if request.name == "numpy":
        return "asked for"
    return f"knows the family {config['model_type']}, on a CPU"


def _load_numpy(folder: Path, config: Mapping[str, Any], request: EngineRequest) -> Engine:
    from embedcli.engines.numpy_engine import NumpyEngine

    weights = open_weights(folder)
    return NumpyEngine(load_family(config, weights), request.threads)


def _load_static(
    folder: Path, config: Mapping[str, Any], request: EngineRequest
) -> tuple[Engine, str]:
    """A table look-up, which transformers has no model for."""
    obstacle = _obstacle(config, request)
    if request.name == "torch" or obstacle is not None:
        why = obstacle or "transformers has no model for them"
        raise ModelError(f"static embeddings: {why}; leave --engine, --device and --dtype out")
    return _load_numpy(folder, config, request), "static embeddings are looked up by it"


def _load_torch(folder: Path, request: EngineRequest) -> Engine:
    from embedcli.engines.torch_engine import TorchEngine

    return TorchEngine(
        folder,
        device=request.device,
        dtype=request.dtype,
        threads=request.threads,
        trust_remote_code=request.trust_remote_code,
    )


def _torch_is_installed() -> bool:
    if "torch" in sys.modules:
        return True
    from importlib.util import find_spec

    return find_spec("torch") is not None and find_spec("transformers") is not None
