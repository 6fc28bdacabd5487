"""``modules.json``: what is done with a text, step by step, as typed records.

Old and new spellings of sentence-transformers (versions 2 to 6) are read. A step that is not
known is refused by name, for leaving it out would change the vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from embedcli.checkpoints.json_files import JsonObject, inner_path, read_list, read_object
from embedcli.checkpoints.pooling_config import PoolingModule, read_pooling
from embedcli.errors import ModelError

MODULES_FILE = "modules.json"
ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU", "SiLU", "Sigmoid")
_PACKAGES = (
    "sentence_transformers.models.",
    "sentence_transformers.base.modules.",
    "sentence_transformers.sentence_transformer.modules.",
)


@dataclass(frozen=True, slots=True)
class TransformerModule:
    """An encoder; ``path`` is its folder inside the model's folder."""

    path: str
    source: str = MODULES_FILE


@dataclass(frozen=True, slots=True)
class StaticEmbeddingModule:
    """A table of token vectors whose mean is the text's vector; no encoder at all."""

    path: str
    source: str = MODULES_FILE


@dataclass(frozen=True, slots=True)
class DenseModule:
    """``activation(W x + b)``, plus ``x`` (or its projection) when ``residual``.

    ``activation`` is one of ``ACTIVATIONS``; ``GELU`` is the exact one.
    """

    path: str
    in_features: int
    out_features: int
    bias: bool
    activation: str
    residual: bool
    source: str


@dataclass(frozen=True, slots=True)
class LayerNormModule:
    """Layer normalisation of the pooled vector, with eps 1e-5."""

    path: str
    dimension: int
    source: str


@dataclass(frozen=True, slots=True)
class NormalizeModule:
    """Division by the l2 norm, which counts as at least 1e-12."""

    source: str = MODULES_FILE


Module = (
    TransformerModule
    | StaticEmbeddingModule
    | PoolingModule
    | DenseModule
    | LayerNormModule
    | NormalizeModule
)


def read_modules(folder: Path) -> tuple[Module, ...] | None:
    """The steps in order, or None where there is no ``modules.json``.

    Raises:
        ModelError: when a file is malformed, a step is not known, or the steps do not fit.
    """
    entries = read_list(folder, MODULES_FILE)
    if entries is None:
        return None
    modules = [module for entry in entries if (module := _read_module(folder, entry)) is not None]
    _check_order(modules)
    return tuple(modules)


def _read_module(folder: Path, entry: JsonObject) -> Module | None:
    """One step; None for Dropout, which does nothing once training is over."""
    kind = _class_name(entry.get("type", str, ""))
    path = inner_path(entry.get("path", str, ""), said_by=MODULES_FILE)
    if kind not in _READERS:
        raise ModelError(
            f"{MODULES_FILE}: module type {kind!r} is not known; embedcli knows "
            f"{', '.join(_READERS)}"
        )
    return _READERS[kind](folder, path)


def _class_name(type_name: str) -> str:
    """``Pooling`` for any spelling of it; a class of another library keeps its full name."""
    if not type_name.startswith(_PACKAGES):
        return type_name
    return type_name.rpartition(".")[2]


def _config(folder: Path, path: str) -> JsonObject:
    name = f"{path}/config.json" if path else "config.json"
    config = read_object(folder, name)
    if config is None:
        raise ModelError(f"{name} is missing, which {MODULES_FILE} needs; fetch the model anew")
    return config


def _size(config: JsonObject, key: str) -> int:
    size = config.get(key, int, 0)
    if size <= 0:
        raise ModelError(f"{config.name}: {key} is {size}, expected a whole number above 0")
    return size


def _read_normalize(folder: Path, path: str) -> NormalizeModule:
    # Old models have no such file; without a folder of its own, config.json is the encoder's.
    config = read_object(folder, f"{path}/config.json") if path else None
    if config is not None:
        _check_features(config)
    return NormalizeModule()


def _read_layer_norm(folder: Path, path: str) -> LayerNormModule:
    config = _config(folder, path)
    return LayerNormModule(path, _size(config, "dimension"), config.name)


def _read_dense(folder: Path, path: str) -> DenseModule:
    config = _config(folder, path)
    _check_features(config)
    # The library's own default, when the file does not name one, is Tanh.
    function = config.get("activation_function", str, "torch.nn.modules.activation.Tanh")
    activation = function.rpartition(".")[2]
    if not function.startswith("torch.nn.") or activation not in ACTIVATIONS:
        raise ModelError(
            f"{config.name}: activation_function {function!r} is not known; embedcli knows "
            f"torch's {', '.join(ACTIVATIONS)}"
        )
    return DenseModule(
        path=path,
        in_features=_size(config, "in_features"),
        out_features=_size(config, "out_features"),
        bias=config.get("bias", bool, True),
        activation=activation,
        residual=config.get("use_residual", bool, False),
        source=config.name,
    )


def _check_features(config: JsonObject) -> None:
    for key in ("module_input_name", "module_output_name"):
        feature = config.get(key, str, "sentence_embedding")
        if feature != "sentence_embedding":
            raise ModelError(f"{config.name}: {key} is {feature!r}, expected 'sentence_embedding'")


def _check_order(modules: list[Module]) -> None:
    kinds = [type(module).__name__.removesuffix("Module") for module in modules]
    encoder = kinds[:2] == ["Transformer", "Pooling"]
    if not encoder and kinds[:1] != ["StaticEmbedding"]:
        raise ModelError(
            f"{MODULES_FILE} lists {', '.join(kinds) or 'nothing'}; expected Transformer and "
            "Pooling, or StaticEmbedding, at the head"
        )
    late = set(kinds[2 if encoder else 1 :]) & {"Transformer", "Pooling", "StaticEmbedding"}
    if late:
        raise ModelError(f"{MODULES_FILE}: {late.pop()} stands in the list where it cannot work")


_READERS: Mapping[str, Callable[[Path, str], Module | None]] = {
    "Transformer": lambda _folder, path: TransformerModule(path),
    "StaticEmbedding": lambda _folder, path: StaticEmbeddingModule(path),
    "Pooling": lambda folder, path: read_pooling(_config(folder, path)),
    "Dense": _read_dense,
    "LayerNorm": _read_layer_norm,
    "Normalize": _read_normalize,
    "Dropout": lambda _folder, _path: None,
}
