"""Converted models that peers need, made once.

``python -m benchmarks.artifacts NAME MODEL FOLDER`` makes one: a folder, built beside its
place and renamed when whole.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.machine import read_config, token_limit
from benchmarks.processes import PeerFailedError, timed


def ensure(name: str, model: Path, folder: Path) -> None:
    """Make the artifact ``name`` of a model under ``folder`` unless it is there."""
    target = folder / name
    if target.exists():
        return
    partial = folder / f"{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    MAKERS[name](model, partial, folder)
    partial.rename(target)


def ensure_with(
    python: str, name: str, model: Path, folder: Path, environment: dict[str, str]
) -> None:
    """The same in a process of its own, with the interpreter that has the packages for it.

    Raises:
        PeerFailedError: it could not be made; its output is in a log beside the folder.
    """
    if (folder / name).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    command = [python, "-m", "benchmarks.artifacts", name, str(model), str(folder)]
    log = folder / f"{name}.log"
    try:
        timed(command, environment, log)
    except PeerFailedError as error:
        raise PeerFailedError(f"{name} could not be made: {error}") from None


def _onnx(model: Path, target: Path, folder: Path) -> None:  # noqa: ARG001
    """``model.onnx`` giving hidden states, and the small files that fastembed reads beside it."""
    import torch
    from transformers import AutoModel

    class HiddenStates(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            # The plain form of attention is the pattern that ONNX Runtime and OpenVINO fuse best.
            self.inner = AutoModel.from_pretrained(str(model), attn_implementation="eager")

        def forward(
            self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor
        ) -> torch.Tensor:
            out = self.inner(input_ids=ids, attention_mask=mask, token_type_ids=types)
            return out.last_hidden_state

    names = ["input_ids", "attention_mask", "token_type_ids"]
    ids, mask = torch.ones(2, 7, dtype=torch.long), torch.ones(2, 7, dtype=torch.long)
    mask[1, 4:] = 0
    torch.onnx.export(
        HiddenStates().eval(),
        (ids, mask, torch.zeros_like(ids)),
        str(target / "model.onnx"),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*names, "last_hidden_state"]},
        opset_version=17,
        dynamo=False,
    )
    for file in ("config.json", "tokenizer.json", "special_tokens_map.json"):
        shutil.copy(model / file, target / file)
    settings = json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["model_max_length"] = token_limit(model)
    (target / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def _openvino(model: Path, target: Path, folder: Path) -> None:
    import openvino

    ensure("onnx", model, folder)
    converted = openvino.convert_model(folder / "onnx" / "model.onnx")
    openvino.save_model(converted, target / "model.xml", compress_to_fp16=False)


def _ctranslate2(model: Path, target: Path, folder: Path) -> None:  # noqa: ARG001
    from ctranslate2.converters import TransformersConverter

    TransformersConverter(str(model)).convert(str(target), quantization="float32", force=True)


def _sentence_transformers(backend: str) -> Callable[[Path, Path, Path], None]:
    def make(model: Path, target: Path, folder: Path) -> None:  # noqa: ARG001
        from sentence_transformers import SentenceTransformer

        exporting = {"export": True}
        loaded = SentenceTransformer(str(model), backend=backend, model_kwargs=exporting)
        loaded.save_pretrained(str(target))

    return make


def _gguf(model: Path, target: Path, folder: Path) -> None:  # noqa: ARG001
    """A BERT checkpoint in llama.cpp's format, float32, mean pooling."""
    import gguf
    import numpy as np
    from safetensors.numpy import load_file

    config = read_config(model)
    if config["model_type"] != "bert":
        raise SystemExit(f"a GGUF is made of bert models only, and this is {config['model_type']}")
    layers = int(str(config["num_hidden_layers"]))
    writer = gguf.GGUFWriter(target / "model.gguf", "bert")
    writer.add_block_count(layers)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_token_type_count(config["type_vocab_size"])
    _add_word_pieces(writer, model)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, layers)
    for checkpoint_name, tensor in load_file(model / "model.safetensors").items():
        name = names.get_name(checkpoint_name.removeprefix("bert."), (".weight", ".bias"))
        if name is not None and not checkpoint_name.startswith("pooler"):
            writer.add_tensor(name, tensor.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_word_pieces(writer: Any, model: Path) -> None:
    vocabulary = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))["model"][
        "vocab"
    ]
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    special = [piece.startswith("[") and piece.endswith("]") for piece in pieces]
    # llama.cpp marks the start of a word, where a BERT vocabulary marks its continuation.
    marked = [
        piece if is_special else piece.removeprefix("##") if piece.startswith("##") else "▁" + piece
        for piece, is_special in zip(pieces, special, strict=True)
    ]
    writer.add_tokenizer_model("bert")
    writer.add_token_list(marked)
    writer.add_token_types([3 if is_special else 1 for is_special in special])
    writer.add_bos_token_id(vocabulary["[CLS]"])
    writer.add_sep_token_id(vocabulary["[SEP]"])
    writer.add_pad_token_id(vocabulary["[PAD]"])
    writer.add_unk_token_id(vocabulary["[UNK]"])


MAKERS: dict[str, Callable[[Path, Path, Path], None]] = {
    "onnx": _onnx,
    "openvino": _openvino,
    "ctranslate2": _ctranslate2,
    "st-onnx": _sentence_transformers("onnx"),
    "st-openvino": _sentence_transformers("openvino"),
    "gguf": _gguf,
}

if __name__ == "__main__":
    ensure(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
