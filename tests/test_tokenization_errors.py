"""A text or a tokenizer that cannot be used gives one line and the right exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import models

from embedcli.errors import InputError, ModelError
from embedcli.tokenization import Tokenizer, load_tokenizer

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def bert(folder: Path, vocabulary: dict[str, int] | None = None) -> None:
    """A BERT folder; a vocabulary of one's own comes as the file stands, without a class."""
    words = vocabulary or {word: number for number, word in enumerate((*SPECIAL, "ok", "bad"))}
    backend = Backend(models.WordPiece(words, unk_token="[UNK]"))
    if vocabulary is None:
        backend.add_special_tokens(list(SPECIAL))
    backend.save(str(folder / "tokenizer.json"))
    name = "PreTrainedTokenizerFast" if vocabulary else "BertTokenizer"
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name}))
    (folder / "config.json").write_text('{"model_type": "bert"}')


def ours(folder: Path) -> Tokenizer:
    file = folder / "tokenizer_config.json"
    settings = json.loads(file.read_text()) if file.is_file() else {}
    config = json.loads((folder / "config.json").read_text())
    return load_tokenizer(folder, config=config, tokenizer_config=settings)


@pytest.mark.parametrize("texts", [["ok", "bad \ud800"], ["bad \udfff"]])
def test_half_a_surrogate_pair_is_an_input_error(texts: list[str], tmp_path: Path) -> None:
    bert(tmp_path)
    with pytest.raises(InputError, match="half of a surrogate pair") as caught:
        ours(tmp_path).encode(texts)
    assert caught.value.kind == "malformed"


@pytest.mark.parametrize("content", ["{}", "not json", '{"model": {"type": "BPE"}}', ""])
def test_a_broken_tokenizer_file_is_a_model_error(content: str, tmp_path: Path) -> None:
    bert(tmp_path)
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(ModelError, match="malformed") as caught:
        ours(tmp_path)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "values",
    [
        {"do_lower_case": "yes"},
        {"truncation_side": "middle"},
        {"added_tokens_decoder": {"x": {}}},
        {"added_tokens_decoder": {"0": 5}},
        {"extra_special_tokens": 7},
    ],
)
def test_a_malformed_tokenizer_config_is_a_model_error(
    values: dict[str, Any], tmp_path: Path
) -> None:
    bert(tmp_path)
    settings = {"tokenizer_class": "BertTokenizer", **values}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match=r"tokenizer_config\.json"):
        ours(tmp_path)


def test_a_folder_without_a_vocabulary_gets_no_made_up_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match="has no tokenizer"):
        ours(tmp_path)


def test_what_transformers_cannot_build_either_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot build the tokenizer") as caught:
        ours(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_vocabulary_without_the_unknown_token_is_a_model_error(tmp_path: Path) -> None:
    bert(tmp_path, vocabulary={"b": 0})
    with pytest.raises(ModelError, match="Missing \\[UNK\\]"):
        ours(tmp_path)
