"""A small BERT checkpoint whose files a test may spoil one by one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models

WIDTH, INNER, VOCABULARY = 8, 16, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##c"]
SPECIAL = VOCABULARY[:5]
CONFIG = {
    "model_type": "bert",
    "architectures": ["BertModel"],
    "vocab_size": len(VOCABULARY),
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "hidden_act": "gelu",
}
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"},
    {
        "idx": 3,
        "name": "3",
        "path": "3_Normalize",
        "type": "sentence_transformers.models.Normalize",
    },
]
POOLING = {"word_embedding_dimension": WIDTH, "pooling_mode_mean_tokens": True}
DENSE = {
    "in_features": WIDTH,
    "out_features": 4,
    "bias": True,
    "activation_function": "torch.nn.modules.activation.Tanh",
}

Spoil = Callable[[str, bytes | Any], Path]


def _shapes() -> dict[str, tuple[int, ...]]:
    layer = "encoder.layer.0"
    squares = ("attention.self.query", "attention.self.key", "attention.self.value")
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), WIDTH),
        "embeddings.position_embeddings.weight": (16, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    for name in (*squares, "attention.output.dense"):
        shapes |= {f"{layer}.{name}.weight": (WIDTH, WIDTH), f"{layer}.{name}.bias": (WIDTH,)}
    shapes |= {f"{layer}.intermediate.dense.weight": (INNER, WIDTH)}
    shapes |= {f"{layer}.intermediate.dense.bias": (INNER,)}
    shapes |= {
        f"{layer}.output.dense.weight": (WIDTH, INNER),
        f"{layer}.output.dense.bias": (WIDTH,),
    }
    norms = ("embeddings", f"{layer}.attention.output", f"{layer}.output")
    for name in norms:
        shapes |= {f"{name}.LayerNorm.weight": (WIDTH,), f"{name}.LayerNorm.bias": (WIDTH,)}
    return shapes


def _write_tokenizer(folder: Path) -> None:
    vocabulary = {token: number for number, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture(scope="session")
def sound_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that loads."""
    folder = tmp_path_factory.mktemp("model")
    rng = np.random.default_rng(0)
    tensors = {
        name: rng.standard_normal(shape, dtype=np.float32) for name, shape in _shapes().items()
    }
    save_file(tensors, folder / "model.safetensors")
    for name, config in (("1_Pooling", POOLING), ("2_Dense", DENSE), ("3_Normalize", {})):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(json.dumps(config))
    dense = {
        "linear.weight": np.ones((4, WIDTH), np.float32),
        "linear.bias": np.ones(4, np.float32),
    }
    save_file(dense, folder / "2_Dense" / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "modules.json").write_text(json.dumps(MODULES))
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 12}))
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"q": "a "}}))
    _write_tokenizer(folder)
    return folder


@pytest.fixture
def spoil(sound_model: Path, tmp_path: Path) -> Spoil:
    """A copy of the model with one file replaced, by bytes or by what becomes JSON."""

    def replace(name: str, content: bytes | Any) -> Path:
        folder = tmp_path / "spoilt"
        if not folder.exists():
            shutil.copytree(sound_model, folder)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name).write_bytes(data)
        return folder

    return replace
