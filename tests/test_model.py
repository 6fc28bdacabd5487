"""`load_model(...).embed([...])`: the Python side of the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import embedcli
from embedcli import Document, InputError, ModelError, ModelOptions, embed, load_model

SMALL = "untrained?width=8&layers=1&heads=2"


@pytest.mark.real_model
def test_two_texts_give_two_float32_vectors() -> None:
    vectors = load_model("sentence-transformers/all-MiniLM-L6-v2").embed(["a", "b"])
    assert (vectors.shape, vectors.dtype) == ((2, 384), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_no_texts_give_no_vectors() -> None:
    assert load_model(SMALL).embed([]).shape == (0, 8)


def test_embed_in_one_call_is_the_same() -> None:
    np.testing.assert_array_equal(embed(["a", "b"], SMALL), load_model(SMALL).embed(["a", "b"]))


def test_a_text_is_not_taken_for_a_list() -> None:
    with pytest.raises(
        InputError, match=r"takes a list of texts, and was given one text: \[text\]"
    ):
        load_model(SMALL).embed("text")


@pytest.mark.parametrize("options", [ModelOptions(pooling="none"), ModelOptions(long="split")])
def test_what_is_no_vector_a_text_needs_rows(options: ModelOptions) -> None:
    with pytest.raises(InputError, match=r"use rows\(\)"):
        load_model(SMALL, options).embed(["a"])


def test_rows_give_token_states_and_say_where_from() -> None:
    model = load_model(SMALL, ModelOptions(pooling="none"))
    (row,) = model.rows([Document("d", "four", "f.txt", "f.txt")])
    assert (row.id, row.source, row.vector.shape, row.n_tokens) == ("d", "f.txt", (4, 8), 4)


def test_the_facts_say_how_vectors_are_made(plain_bert: Path) -> None:
    options = ModelOptions(pooling="cls", normalize=True, prompt="p ", dim=3, max_tokens=9)
    model = load_model(str(plain_bert), options)
    facts = dict(model.facts())
    assert len(facts.pop("weights_sha256")) == 64
    expected = {
        "model": str(plain_bert), "revision": None, "engine": "numpy", "dtype": "float32",
        "pooling": "cls", "normalized": True, "dimension": 3, "prompt": "p ", "max_tokens": 9,
        "long": "truncate", "overlap": 0,
    }  # fmt: skip
    assert expected.items() <= facts.items()
    assert model.dimension == model.embed(["a"]).shape[1] == 3


def test_dim_beyond_the_vectors_is_refused() -> None:
    with pytest.raises(InputError, match="--dim is 9, and the model's vectors have 8 components"):
        load_model(SMALL, ModelOptions(dim=9))


@pytest.mark.parametrize("engine", ["numpy", "torch"])
def test_a_text_alone_and_among_others_is_the_same(engine: str, plain_bert: Path) -> None:
    model = load_model(str(plain_bert), ModelOptions(engine=engine))  # type: ignore[arg-type]
    texts = ["the fox " * n for n in range(1, 24)]
    alone = np.concatenate([model.embed([text]) for text in texts])
    np.testing.assert_allclose(model.embed(texts), alone, atol=1e-5)
    np.testing.assert_allclose(model.embed(texts[::-1])[::-1], alone, atol=1e-5)


def test_weights_that_are_not_as_pinned_are_refused(
    plain_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embedcli.checkpoints import Checkpoint

    broken = Checkpoint("carried", plain_bert, None, "package x", pinned_sha256="0" * 64)
    monkeypatch.setattr(
        "embedcli.document_tokenizer.find_checkpoint", lambda *_args, **_options: broken
    )
    with pytest.raises(ModelError):
        load_model("carried").facts()


def test_public_names_are_sorted_and_there() -> None:
    names = [name for name in embedcli.__all__ if name != "__version__"]
    assert names == sorted(names)
    assert all(hasattr(embedcli, name) for name in embedcli.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = embedcli.nothing


def test_the_example_of_the_package_is_true() -> None:
    script = "import doctest, embedcli; raise SystemExit(doctest.testmod(embedcli).failed)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
