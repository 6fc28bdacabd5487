"""The first module's own files: ``config.json``, ``sentence_bert_config.json``, the tokenizer's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedcli.checkpoints.json_files import JsonObject, read_object
from embedcli.checkpoints.pooling_config import NO_FILE
from embedcli.errors import ModelError

TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
SAVED_FILES = tuple(
    f"sentence_{kind}_config.json"
    for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
# Far beyond any model; the sizes of a crafted file would keep transformers busy without end.
_LARGEST_SIZES = {
    "num_hidden_layers": 1 << 10,
    "hidden_size": 1 << 20,
    "intermediate_size": 1 << 22,
    "vocab_size": 1 << 26,
    "max_position_embeddings": 1 << 26,
    "type_vocab_size": 1 << 20,
}
MODEL2VEC = "model2vec"
_PLAIN_TEXT = {"method": "forward", "method_output_name": "last_hidden_state"}


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """The files of an encoder.

    Attributes:
        folder: where they lie, with the weights and the tokenizer.
        config: ``config.json``, with what ``saved`` replaces in it.
        saved: what sentence-transformers saved beside it; empty where it did not.
        tokenizer: ``tokenizer_config.json``, with ``tokenizer_overrides`` in it.
        tokenizer_overrides: what ``saved`` replaces in it.
        static: whether this is a table of token vectors and no encoder.
        saved_by_library: whether sentence-transformers saved the model.
    """

    folder: Path
    config: JsonObject
    saved: JsonObject
    tokenizer: JsonObject
    tokenizer_overrides: Mapping[str, Any]
    static: bool
    saved_by_library: bool


def read_encoder_config(
    folder: Path, path: str, *, saved_by_library: bool, static: bool = False
) -> EncoderConfig:
    """Read the files of an encoder.

    Args:
        folder: the model's folder.
        path: the encoder's folder in it; ``""`` when it is the same.
        saved_by_library: whether there is a ``modules.json``; sentence-transformers reads its own
            files only then.
        static: whether the first module is a StaticEmbedding, which needs no ``config.json``;
            model2vec's ``config.json`` says so too where there is no ``modules.json``.

    Raises:
        ModelError: when a file is missing, malformed, or asks for what embedcli does not do.
    """
    at = path + "/" if path else ""
    config = read_object(folder, at + "config.json")
    if config is None and not static:
        adapter = (folder / path / "adapter_config.json").is_file()
        why = (
            "it is an adapter (PEFT); merge it into its base model" if adapter else "fetch it anew"
        )
        raise ModelError(f"{folder} has no {at}config.json: {why}")
    config = config or JsonObject(NO_FILE, {})
    static = static or (not saved_by_library and config.data.get("model_type") == MODEL2VEC)
    _check_sizes(config)
    saved = _read_saved(folder, at) if saved_by_library and not static else JsonObject(NO_FILE, {})
    overrides = _renamed(saved, "processor_kwargs", "tokenizer_args")
    tokenizer = read_object(folder, at + TOKENIZER_CONFIG_FILE)
    tokenizer = tokenizer or JsonObject(NO_FILE, {})
    config_overrides = _renamed(saved, "config_kwargs", "config_args")
    return EncoderConfig(
        folder=folder / path,
        config=JsonObject(config.name, {**config.data, **config_overrides}),
        saved=saved,
        tokenizer=JsonObject(tokenizer.name, {**tokenizer.data, **overrides}),
        tokenizer_overrides=overrides,
        static=static,
        saved_by_library=saved_by_library,
    )


def chat_caution(encoder: EncoderConfig) -> str | None:
    """A plain checkpoint with a chat template is wrapped in it by sentence-transformers."""
    template = "chat_template" in encoder.tokenizer.data
    if not (template or (encoder.folder / "chat_template.jinja").is_file()):
        return None
    return (
        "the tokenizer has a chat template and no modules.json says how to use it: texts go to "
        "the model as they are, where sentence-transformers would wrap each as a chat message"
    )


def _check_sizes(config: JsonObject) -> None:
    for key, largest in _LARGEST_SIZES.items():
        size: Any = config.data.get(key)
        if isinstance(size, int | float) and not size <= largest:
            seen = str(size)[:20]
            raise ModelError(f"{config.name}: {key} is {seen}, expected at most {largest}")


def _read_saved(folder: Path, at: str) -> JsonObject:
    for file in SAVED_FILES:
        saved = read_object(folder, at + file)
        if saved is not None and saved.data:
            _refuse_other_tasks(saved)
            return saved
    return JsonObject(NO_FILE, {})


def _refuse_other_tasks(saved: JsonObject) -> None:
    """Settings that would change the vectors and that embedcli does not obey."""
    task = saved.get("transformer_task", str, "feature-extraction")
    if task != "feature-extraction":
        raise ModelError(f"{saved.name}: transformer_task is {task!r}, expected feature-extraction")
    if saved.get("processing_kwargs", dict, {}):
        raise ModelError(f"{saved.name}: processing_kwargs is set, which embedcli does not obey")
    modalities = saved.get("modality_config", dict, {"text": _PLAIN_TEXT})
    if "message" in modalities or modalities.get("text") != _PLAIN_TEXT:
        raise ModelError(
            f"{saved.name}: modality_config asks for {', '.join(modalities)}; embedcli feeds plain "
            "text and takes the last hidden state"
        )


def _renamed(saved: JsonObject, new: str, old: str) -> Mapping[str, Any]:
    """A dict by its new or old name; a file may never switch on the running of its own code."""
    found = saved.get(old, dict, None) or saved.get(new, dict, {})
    return {key: value for key, value in found.items() if key != "trust_remote_code"}
