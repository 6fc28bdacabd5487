"""The same folder gives the same settings and ids here and in sentence-transformers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling
from transformers import BertConfig, BertModel, BertTokenizer

from embedcli.checkpoints.checkpoint import Checkpoint
from embedcli.checkpoints.locate import find_checkpoint
from embedcli.checkpoints.modules import DenseModule, LayerNormModule, NormalizeModule
from embedcli.checkpoints.pooling_config import POOLING_MODES, PoolingModule
from embedcli.checkpoints.settings import Settings, read_settings
from embedcli.tokenization import load_tokenizer

TEXTS = ["  The naïve Fox \n", "", "a b c " * 60, "jumps, OVER 👍🏽 dogs"]


def plain(folder: Path, max_length: int = 40) -> Path:
    """A tiny BERT saved by transformers alone."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "fox", "a", "b", "c", ","]
    vocabulary = {word: number for number, word in enumerate(words)}
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=48,
    )
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    BertTokenizer(vocab=vocabulary, model_max_length=max_length).save_pretrained(folder)
    return folder


def whole(folder: Path) -> Path:
    """A pipeline of every step, saved by sentence-transformers."""
    encoder = Transformer(str(plain(folder / "plain")), max_seq_length=20)
    pooling = Pooling(8, pooling_mode=("mean", "cls"), include_prompt=False)
    dense = Dense(16, 4, activation_function=torch.nn.GELU(), bias=False)
    steps = [encoder, pooling, dense, LayerNorm(4), Normalize()]
    prompts = {"query": "find: ", "document": ""}
    model = SentenceTransformer(modules=steps, prompts=prompts, default_prompt_name="query")
    model.truncate_dim = 3
    model.save(str(folder / "whole"))
    return folder / "whole"


def older(folder: Path) -> Path:
    """The same in the spelling of version 2, lower-casing texts itself."""
    plain(folder)
    steps = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    files: dict[str, Any] = {
        "modules.json": [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (kind, path) in enumerate(steps)
        ],
        "sentence_bert_config.json": {"max_seq_length": 12, "do_lower_case": True},
        "1_Pooling/config.json": {
            "word_embedding_dimension": 8,
            "pooling_mode_cls_token": True,
            "pooling_mode_mean_tokens": False,
        },
    }
    (folder / "1_Pooling").mkdir()
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def carried(_folder: Path) -> Path:
    return find_checkpoint("all-MiniLM-L6-v2").folder


FOLDERS: list[Callable[[Path], Path]] = [carried, plain, whole, older]


@pytest.fixture(params=FOLDERS, ids=lambda build: build.__name__)
def both(
    request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> tuple[Settings, SentenceTransformer]:
    caplog.set_level(logging.ERROR)
    folder = request.param(tmp_path)
    ours = read_settings(Checkpoint("test", folder, None, "folder"))
    return ours, SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def test_every_setting_is_the_librarys(both: tuple[Settings, SentenceTransformer]) -> None:
    ours, theirs = both
    assert ours.max_tokens.value == theirs.max_seq_length
    assert dict.fromkeys(theirs.prompts, "") | ours.prompts.value == theirs.prompts
    assert ours.default_prompt_name.value == theirs.default_prompt_name
    assert ours.truncate_dim.value == theirs.truncate_dim
    assert ours.similarity.value in (None, theirs.similarity_fn_name)
    assert [type(step).__name__.removesuffix("Module") for step in ours.modules.value] == [
        type(step).__name__ for step in theirs
    ]


def test_every_step_is_the_librarys(both: tuple[Settings, SentenceTransformer]) -> None:
    ours, theirs = both
    for mine, step in zip(ours.modules.value[1:], list(theirs)[1:], strict=True):
        match mine:
            case PoolingModule(modes, include_prompt):
                stated = step.pooling_mode
                named = (stated,) if isinstance(stated, str) else stated
                assert modes == tuple(POOLING_MODES[mode] for mode in named)
                assert include_prompt == step.include_prompt
            case DenseModule(_, in_features, out_features, bias, activation):
                assert (in_features, out_features) == (step.in_features, step.out_features)
                assert (bias, activation) == (step.bias, type(step.activation_function).__name__)
            case LayerNormModule(_, dimension):
                assert dimension == step.dimension
            case other:
                assert isinstance(other, NormalizeModule)


def test_the_ids_are_what_the_library_feeds(both: tuple[Settings, SentenceTransformer]) -> None:
    ours, theirs = both
    tokenizer = load_tokenizer(
        ours.encoder_folder,
        config=ours.config,
        tokenizer_config=ours.tokenizer_config,
        overrides=ours.tokenizer_overrides,
        do_lower_case=ours.do_lower_case.value,
    )
    assert tokenizer.source == "tokenizer.json"
    for text, ids in zip(TEXTS, tokenizer.encode(TEXTS), strict=True):
        fed = theirs.preprocess([text])["input_ids"][0].tolist()
        assert tokenizer.windows(ids, max_tokens=ours.max_tokens.value).windows[0].tolist() == fed
    fed = theirs.preprocess(["the fox"], prompt="find the: ")
    assert fed["prompt_length"] == tokenizer.prompt_length("find the: ")
