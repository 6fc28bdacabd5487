"""`untrained?...` names a model that is drawn, byte by byte, from a seed."""

from __future__ import annotations

import numpy as np
import pytest

from embedcli import ModelOptions, load_model, untrained
from embedcli.errors import ModelError
from embedcli.model_name import is_untrained
from embedcli.untrained import UntrainedModel, byte_tokenizer, parse


@pytest.mark.parametrize(
    ("name", "expected"),
    [("untrained", True), ("untrained?seed=1", True), ("untrained-model", False), ("a/b", False)],
)
def test_the_name_tells(name: str, expected: bool) -> None:
    assert is_untrained(name) is expected


def test_what_the_name_leaves_out_has_a_default() -> None:
    assert parse("untrained") == UntrainedModel(width=128, layers=2, heads=8, seed=0)
    assert parse("untrained?seed=3&width=64") == UntrainedModel(width=64, seed=3)


@pytest.mark.parametrize("query", ["depth=2", "width=big", "width=-8", "width=", "seed=1.5"])
def test_what_is_no_number_or_no_key_is_refused(query: str) -> None:
    with pytest.raises(ModelError, match="expected whole numbers for width, layers, heads, seed"):
        parse(f"untrained?{query}")


@pytest.mark.parametrize("query", ["width=10&heads=4", "layers=0", "heads=0"])
def test_sizes_that_do_not_fit_are_refused(query: str) -> None:
    with pytest.raises(ModelError, match=r"^untrained: "):
        load_model(f"untrained?{query}")


def test_the_torch_engine_is_refused() -> None:
    with pytest.raises(ModelError, match="drawn by the numpy engine; leave --engine out"):
        load_model("untrained", ModelOptions(engine="torch"))


@pytest.mark.parametrize("text", ["plain", "naïve 東京 👍🏽", "\n\t ", "ﬁ", "\0"])
def test_a_token_is_a_byte(text: str) -> None:
    (ids,) = byte_tokenizer().encode([text])
    assert len(ids) == len(text.encode())
    assert len(set(ids.tolist())) == len(set(text.encode()))


def test_the_seed_decides_the_vectors() -> None:
    texts = ["one text", "another"]
    first, again = (load_model("untrained?width=16").embed(texts) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (2, 16)
    other = load_model("untrained?width=16&seed=1").embed(texts)
    assert np.abs(first - other).max() > 0.1


def test_the_digest_names_what_is_drawn() -> None:
    assert parse("untrained").sha256() == parse("untrained?seed=0&width=128").sha256()
    assert parse("untrained").sha256() != parse("untrained?seed=1").sha256()


def test_it_says_that_it_is_random() -> None:
    assert untrained.settings().cautions == ("this model is random: its vectors carry no training",)
