"""How `embedcli embed` uses a model: its own settings, and the options that go over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcli import load_model

TEXTS = ("-t", "the fox, a b c", "-t", "b")


def vectors(outcome: Any) -> np.ndarray:
    return np.array([row["embedding"] for row in outcome.rows], dtype=np.float32)


@pytest.fixture
def bert(embedcli: Any, plain_bert: Path) -> Any:
    def call(*options: object) -> np.ndarray:
        return vectors(embedcli("embed", *TEXTS, "-m", plain_bert, "-q", *options))

    return call


@pytest.mark.real_model
def test_the_default_model_is_the_carried_one(embedcli: Any) -> None:
    outcome = embedcli("embed", "-t", "Understanding Transformers is fascinating!")
    assert "sentence-transformers/all-MiniLM-L6-v2" in outcome.stderr
    np.testing.assert_array_equal(
        vectors(outcome), load_model().embed(["Understanding Transformers is fascinating!"])
    )
    assert float(np.linalg.norm(vectors(outcome))) == pytest.approx(1)


def test_the_environment_names_a_model_and_an_option_wins(
    embedcli: Any, plain_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDCLI_MODEL", str(plain_bert))
    assert vectors(embedcli("embed", "-t", "x")).shape == (1, 8)
    assert vectors(embedcli("embed", "-t", "x", "-m", "untrained?width=16")).shape == (1, 16)


@pytest.mark.parametrize(
    "pooling", ["auto", "mean", "cls", "max", "last", "mean-sqrt-len", "weighted-mean"]
)
def test_engines_agree_for_every_pooling(pooling: str, bert: Any) -> None:
    both = [bert("--pooling", pooling, "--engine", engine) for engine in ("numpy", "torch")]
    assert both[0].shape == (2, 8)
    np.testing.assert_allclose(both[0], both[1], atol=1e-5)


def test_vectors_are_normalised_when_asked(bert: Any) -> None:
    plain, unit = bert("--no-normalize"), bert("--normalize")
    lengths = np.linalg.norm(plain, axis=1, keepdims=True)
    assert not np.allclose(lengths, 1)
    np.testing.assert_allclose(unit, plain / lengths, atol=1e-6)
    np.testing.assert_array_equal(bert(), plain)


def test_dim_keeps_the_first_components_and_renormalises(bert: Any) -> None:
    cut = bert("--normalize")[:, :3]
    lengths = np.linalg.norm(cut, axis=1, keepdims=True)
    np.testing.assert_allclose(bert("--normalize", "--dim", 3), cut / lengths, atol=1e-6)
    np.testing.assert_array_equal(bert("--dim", 3), bert()[:, :3])


def test_dim_beyond_the_vectors_is_refused(embedcli: Any) -> None:
    outcome = embedcli("embed", "-t", "x", "-m", "untrained?width=8", "--dim", 9)
    assert outcome.exit_code == 2
    assert outcome.error == "embedcli: --dim is 9, and the model's vectors have 8 components"


def test_a_prompt_is_put_before_each_document(bert: Any, embedcli: Any, plain_bert: Path) -> None:
    longer = embedcli("embed", "-m", plain_bert, "-t", "a the fox, a b c", "-t", "a b")
    np.testing.assert_allclose(bert("--prompt", "a "), vectors(longer), atol=1e-6)


def test_a_prompt_name_that_the_model_has_not_is_refused(embedcli: Any) -> None:
    outcome = embedcli("embed", "-t", "x", "-m", "untrained", "--prompt-name", "query")
    assert (outcome.exit_code, "the model's prompts are: none" in outcome.error) == (2, True)


def test_a_long_document_is_cut_and_says_so(embedcli: Any) -> None:
    outcome = embedcli("embed", "-t", "abcdefgh", "-t", "xy", "-m", "untrained", "--max-tokens", 5)
    assert [(row["n_tokens"], row["truncated"]) for row in outcome.rows] == [(5, True), (2, False)]
    assert "cut      1 document, 3 tokens lost" in outcome.stderr


def test_a_long_document_is_refused_when_asked(untrained: Any) -> None:
    outcome = untrained("-t", "abcdefgh", "--max-tokens", 5, "--long", "error")
    assert outcome.exit_code == 2
    assert outcome.error == (
        "embedcli: text:1: 8 tokens, and the model takes 5; choose --long truncate, split or mean"
    )
    skipped = ("-t", "abcdefgh", "-t", "xy", "--max-tokens", 5, "--long", "error")
    outcome = untrained(*skipped, "--on-error", "skip")
    assert (outcome.exit_code, outcome.ids) == (1, ["text:2"])


def test_a_long_document_is_split_into_windows(untrained: Any) -> None:
    outcome = untrained("-t", "abcdefgh", "-t", "xy", "--max-tokens", 5, "--long", "split")
    assert outcome.ids == ["text:1#0", "text:1#1", "text:2"]
    assert [row["n_tokens"] for row in outcome.rows] == [5, 3, 2]
    pieces = vectors(untrained("-t", "abcde", "-t", "fgh"))
    np.testing.assert_allclose(vectors(outcome)[:2], pieces, atol=1e-6)
    shared = untrained("-t", "abcdefgh", "--max-tokens", 5, "--long", "split", "--overlap", 2)
    assert [row["n_tokens"] for row in shared.rows] == [5, 5]
    pieces = vectors(untrained("-t", "abcde", "-t", "defgh"))
    np.testing.assert_allclose(vectors(shared), pieces, atol=1e-6)


def test_the_mean_of_windows_is_weighted_by_tokens(untrained: Any) -> None:
    outcome = untrained("-t", "abcdefgh", "--max-tokens", 5, "--long", "mean")
    pieces = vectors(untrained("-t", "abcde", "-t", "fgh"))
    assert (outcome.ids, outcome.rows[0]["n_tokens"]) == (["text:1"], 8)
    np.testing.assert_allclose(vectors(outcome)[0], (5 * pieces[0] + 3 * pieces[1]) / 8, atol=1e-6)


def test_threads_do_not_change_a_vector(untrained: Any, tmp_path: Path) -> None:
    lines = "\n".join("word " * n for n in range(1, 80))
    (tmp_path / "a.txt").write_text(lines)
    one, two = (untrained("a.txt", "--unit", "line", "--threads", n) for n in (1, 2))
    np.testing.assert_allclose(vectors(one), vectors(two), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_lower_precision_runs_on_torch_and_is_near(
    dtype: str, bert: Any, embedcli: Any, plain_bert: Path
) -> None:
    near = bert("--dtype", dtype)
    assert near.dtype == np.float32
    np.testing.assert_allclose(near, bert(), atol=0.1)
    refused = embedcli("embed", "-t", "a", "-m", plain_bert, "--dtype", dtype, "--engine", "numpy")
    assert (refused.exit_code, "does not compute in" in refused.error) == (3, True)


def test_an_untrained_model_is_seeded_and_says_what_it_is(embedcli: Any) -> None:
    models = ("untrained?width=12&heads=3", "untrained?heads=3&width=12&seed=0", "untrained?seed=1")
    outcomes = [embedcli("embed", "-t", "x", "-m", model) for model in models]
    assert outcomes[0].stdout == outcomes[1].stdout
    assert [vectors(outcome).shape for outcome in outcomes] == [(1, 12), (1, 12), (1, 128)]
    assert "its vectors carry no training" in outcomes[0].stderr
