"""Narrow dtypes equal those of sentence-transformers."""

from __future__ import annotations

import numpy as np
import pytest
from sentence_transformers.util.quantization import quantize_embeddings

from embedcli.errors import OutputError
from embedcli.outputs.quantization import Quantizer


def quantized(vectors: np.ndarray, name: str) -> np.ndarray:
    quantizer = Quantizer(name)
    for vector in vectors:
        quantizer.observe(vector, "a")
    quantizer.check()
    return np.stack([quantizer.convert(vector) for vector in vectors])


@pytest.mark.parametrize("name", ["float32", "int8", "uint8", "binary", "ubinary"])
@pytest.mark.parametrize("dimension", [1, 13, 384])
def test_equals_sentence_transformers(name: str, dimension: int) -> None:
    vectors = np.random.default_rng(0).standard_normal((150, dimension)).astype(np.float32)
    vectors[:, 0] = 0.25
    want = quantize_embeddings(vectors, name)
    got = quantized(vectors, name)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", ["int8", "uint8", "binary", "ubinary"])
def test_token_states_share_the_ranges_of_the_run(name: str) -> None:
    rng = np.random.default_rng(0)
    states = [rng.standard_normal((tokens, 12)).astype(np.float32) for tokens in (40, 1, 70)]
    quantizer = Quantizer(name)
    for matrix in states:
        quantizer.observe(matrix, "a")
    for matrix, want in zip(states, quantize_embeddings(states, name), strict=True):
        np.testing.assert_array_equal(quantizer.convert(matrix), want)


def test_one_vector_has_no_ranges() -> None:
    with pytest.raises(OutputError, match="there is only one"):
        quantized(np.ones((1, 4), np.float32), "int8")


def test_a_number_beyond_float16_is_refused_with_its_id() -> None:
    with pytest.raises(OutputError, match=r"^doc 7: .*float16"):
        Quantizer("float16").observe(np.array([1.0, -65520.0], np.float32), "doc 7")
    Quantizer("float16").observe(np.array([65519.0], np.float32), "doc 7")


def test_an_unknown_dtype_is_refused() -> None:
    with pytest.raises(OutputError, match="unknown output dtype 'int4'"):
        Quantizer("int4")
