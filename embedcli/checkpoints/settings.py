"""Every setting of a checkpoint, resolved as sentence-transformers does, with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from embedcli.checkpoints.checkpoint import Checkpoint
from embedcli.checkpoints.encoder_config import (
    EncoderConfig,
    chat_caution,
    read_encoder_config,
)
from embedcli.checkpoints.json_files import JsonObject, read_object
from embedcli.checkpoints.max_tokens import resolve_max_tokens
from embedcli.checkpoints.modules import (
    MODULES_FILE,
    Module,
    NormalizeModule,
    StaticEmbeddingModule,
    TransformerModule,
    read_modules,
)
from embedcli.checkpoints.pooling_config import NO_FILE, PoolingModule
from embedcli.errors import ModelError

MODEL_FILE = "config_sentence_transformers.json"
STATIC = "static"
"""The family of static embeddings, whose files name none."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A value and the file that says so; ``embedcli (no file says)`` where none does."""

    value: T
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What the files of a checkpoint ask for.

    Attributes:
        config: the encoder's ``config.json``; for static embeddings only ``model_type``, STATIC.
        model_type: the encoder's family, as ``bert``; empty where no file says.
        encoder_folder: where the encoder's weights and tokenizer lie.
        tokenizer_config: the encoder's ``tokenizer_config.json``; empty where there is none.
        tokenizer_overrides: the part of it that other files replace.
        max_tokens: special tokens included; None is no limit.
        do_lower_case: whether texts are lower-cased before the tokenizer's own normaliser.
        modules: the steps in order, the encoder first; each knows its own source.
        prompts: texts to put before a document, by name.
        default_prompt_name: the prompt that is used unless another is asked for.
        similarity: how the authors compare vectors: ``cosine``, ``dot``, ...
        truncate_dim: how many components are kept unless told otherwise.
        cautions: lines for people about what may differ from the authors' use.
    """

    config: Mapping[str, Any]
    model_type: str
    encoder_folder: Path
    tokenizer_config: Mapping[str, Any]
    tokenizer_overrides: Mapping[str, Any]
    max_tokens: Setting[int | None]
    do_lower_case: Setting[bool]
    modules: Setting[tuple[Module, ...]]
    prompts: Setting[Mapping[str, str]]
    default_prompt_name: Setting[str | None]
    similarity: Setting[str | None]
    truncate_dim: Setting[int | None]
    cautions: tuple[str, ...]


def read_settings(checkpoint: Checkpoint) -> Settings:
    """Read all the configuration files of a checkpoint.

    Raises:
        ModelError: naming file and key, when something is malformed or beyond embedcli.
    """
    folder = checkpoint.folder
    saved = read_modules(folder)
    encoder = _read_encoder(folder, saved)
    model = read_object(folder, MODEL_FILE) if saved is not None else None
    model = model or JsonObject(NO_FILE, {})
    _check_model_kind(model)
    config = JsonObject(NO_FILE, {"model_type": STATIC}) if encoder.static else encoder.config
    cautions = (checkpoint.caution, None if saved else _plain_caution(encoder))
    return Settings(
        config=config.data,
        model_type=config.get("model_type", str, ""),
        encoder_folder=encoder.folder,
        tokenizer_config=encoder.tokenizer.data,
        tokenizer_overrides=encoder.tokenizer_overrides,
        max_tokens=Setting(*resolve_max_tokens(encoder)),
        do_lower_case=_setting(encoder.saved, "do_lower_case", bool, False),
        modules=_default_modules(encoder) if saved is None else Setting(saved, MODULES_FILE),
        prompts=_prompts(model),
        default_prompt_name=_default_prompt_name(model),
        similarity=_setting(model, "similarity_fn_name", str, None),
        truncate_dim=_truncate_dim(model),
        cautions=tuple(caution for caution in cautions if caution is not None),
    )


def _read_encoder(folder: Path, modules: tuple[Module, ...] | None) -> EncoderConfig:
    head = modules[0] if modules else None
    match head:
        case TransformerModule(path=path):
            return read_encoder_config(folder, path, saved_by_library=True)
        case StaticEmbeddingModule(path=path):
            return read_encoder_config(folder, path, saved_by_library=True, static=True)
        case _:
            return read_encoder_config(folder, "", saved_by_library=False)


def _setting(file: JsonObject, key: str, kind: type[T], default: Any) -> Setting[Any]:
    stated = file.data.get(key) is not None
    return Setting(file.get(key, kind, default), file.name if stated else NO_FILE)


def _plain_caution(encoder: EncoderConfig) -> str | None:
    if not encoder.static:
        return chat_caution(encoder)
    return (
        "model2vec files without modules.json: every token counts, unknown ones too, as in "
        "sentence-transformers; model2vec itself leaves unknown tokens out"
    )


def _default_modules(encoder: EncoderConfig) -> Setting[tuple[Module, ...]]:
    """What sentence-transformers does with a plain checkpoint: mean pooling, the last for LMs.

    model2vec's files get what it does itself: the mean, scaled to length one where they say so.
    """
    if encoder.static:
        scaled = encoder.config.get("normalize", bool, False)
        name = encoder.config.name
        table, normalize = StaticEmbeddingModule("", name), NormalizeModule(name)
        return Setting((table, normalize) if scaled else (table,), name)
    architectures = encoder.config.get("architectures", list, [])
    causal = bool(architectures) and str(architectures[0]).endswith("ForCausalLM")
    last = causal and encoder.config.get("is_causal", bool, True)
    pooling = PoolingModule(("last" if last else "mean",))
    return Setting((TransformerModule("", NO_FILE), pooling), NO_FILE)


def _check_model_kind(model: JsonObject) -> None:
    kind = model.get("model_type", str, "SentenceTransformer")
    if kind != "SentenceTransformer":
        raise ModelError(
            f"{model.name}: model_type is {kind!r}, which gives no single vector for a text; "
            "expected SentenceTransformer"
        )


def _prompts(model: JsonObject) -> Setting[Mapping[str, str]]:
    found = _setting(model, "prompts", dict, {})
    wrong = next((k for k, text in found.value.items() if not isinstance(text, str | None)), None)
    if wrong is not None:
        raise ModelError(f"{model.name}: prompt {wrong!r} is no text")
    return Setting({name: text or "" for name, text in found.value.items()}, found.source)


def _default_prompt_name(model: JsonObject) -> Setting[str | None]:
    found: Setting[str | None] = _setting(model, "default_prompt_name", str, None)
    if found.value is not None and found.value not in model.get("prompts", dict, {}):
        # sentence-transformers gives every model these two, empty.
        if found.value not in ("query", "document"):
            raise ModelError(
                f"{model.name}: default_prompt_name {found.value!r} is none of the prompts"
            )
        return Setting(None, found.source)
    return found


def _truncate_dim(model: JsonObject) -> Setting[int | None]:
    found: Setting[int | None] = _setting(model, "truncate_dim", int, None)
    if found.value is not None and found.value <= 0:
        raise ModelError(f"{model.name}: truncate_dim is {found.value}, expected 1 or more")
    return found
