"""Documents into windows, with the prompt in front, as a model is set to take them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embedcli import Document, ModelOptions
from embedcli.document_tokenizer import DocumentTokenizer, add_tokenizer, find_model
from embedcli.documents import TokenizedDocument
from embedcli.errors import InputError, ModelError


def tokenizer(name: str = "untrained", **options: object) -> DocumentTokenizer:
    return add_tokenizer(find_model(name, ModelOptions(**options)))  # type: ignore[arg-type]


def tokenized(text: str, reader: DocumentTokenizer) -> TokenizedDocument:
    (found,) = reader.tokenize([Document("d", text, "s", "g")])
    assert isinstance(found, TokenizedDocument)
    return found


def test_special_tokens_stand_around_a_text(plain_bert: Path) -> None:
    found = tokenized("the fox", tokenizer(str(plain_bert)))
    assert [window.tolist() for window in found.windows] == [[2, 5, 6, 3]]
    assert (found.weights, found.tokens_lost) == ([2], 0)


def test_the_prompt_comes_first(plain_bert: Path) -> None:
    found = tokenized("fox", tokenizer(str(plain_bert), prompt="a the "))
    assert found.windows[0].tolist() == [2, 7, 5, 6, 3]


def test_a_long_document_is_cut_split_or_refused() -> None:
    assert tokenized("abcdefg", tokenizer(max_tokens=3)).tokens_lost == 4
    split = tokenized("abcdefg", tokenizer(max_tokens=3, long="split", overlap=1))
    assert [len(window) for window in split.windows] == [3, 3, 3]
    (refused,) = tokenizer(max_tokens=3, long="error").tokenize([Document("d", "abcd", "s", "g")])
    assert isinstance(refused, InputError)
    assert str(refused).startswith("d: 4 tokens, and the model takes 3; choose --long truncate")
    assert (refused.kind, refused.id, refused.source) == ("too-long", "d", "s")


def test_tokens_of_a_prompt_are_skipped_where_the_model_says_so(
    plain_bert: Path, tmp_path: Path
) -> None:
    for path in plain_bert.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    kinds = {"": "Transformer", "1_Pooling": "Pooling"}
    modules = [
        {"type": f"sentence_transformers.models.{kind}", "path": path}
        for path, kind in kinds.items()
    ]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "1_Pooling").mkdir()
    pooling = {"pooling_mode": "mean", "include_prompt": False}
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    assert tokenizer(str(tmp_path), prompt="a b ").skipped == 3  # [CLS] too
    assert tokenizer(str(tmp_path)).skipped == 0
    assert tokenizer(str(plain_bert), prompt="a b ").skipped == 0


def test_a_model_that_is_not_there_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="no model"):
        find_model("nobody/nothing", ModelOptions(offline=True))
