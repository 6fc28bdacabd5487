"""A stored number stands for all that are rounded to it; the distance is to the nearest of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedcli.errors import OutputError
from embedcli.outputs import OUTPUT_DTYPES
from embedcli.outputs.comparison import distance
from embedcli.outputs.quantization import Quantizer

components = st.floats(-4, 4, width=32)
tables = st.integers(1, 9).flatmap(
    lambda width: st.lists(
        st.lists(components, min_size=width, max_size=width), min_size=2, max_size=6
    )
)


@pytest.mark.parametrize("dtype", OUTPUT_DTYPES)
@given(tables)
def test_a_vector_is_at_no_distance_from_its_own_row(dtype: str, table: list[list[float]]) -> None:
    vectors = np.array(table, np.float32)
    quantizer = Quantizer(dtype)
    for vector in vectors:
        quantizer.observe(vector, "id")
    for vector in vectors:
        found = distance(quantizer.convert(vector), vector, quantizer.facts())
        assert found.largest < 4e-6
        assert found.cosine > 1 - 1e-5 or np.abs(vector).max() < 1e-3


def test_float32_is_compared_as_it_is() -> None:
    stored, vector = np.float32([3, 4]), np.float32([3, 4.5])
    found = distance(stored, vector, {})
    assert found.largest == 0.5
    assert found.cosine == pytest.approx((9 + 18) / (5 * np.hypot(3, 4.5)))


def test_a_sign_that_differs_counts_by_the_number_that_has_it() -> None:
    stored = np.packbits([1, 0, 1]).astype(np.uint8)
    found = distance(stored, np.float32([0.25, -1, -0.5]), {"output_dtype": "ubinary"})
    assert found.largest == 0.5


def test_an_opposite_or_zero_vector_is_far() -> None:
    one = np.float32([1, 0])
    assert distance(one, -one, {}).cosine == -1
    assert distance(one, 0 * one, {}).cosine == 0
    assert distance(0 * one, 0 * one, {}).cosine == 1


def test_of_a_matrix_the_worst_row_counts() -> None:
    states = np.float32([[1, 0], [1, 0]])
    assert distance(states, np.float32([[1, 0], [0, 1]]), {}).cosine == 0


def test_other_shapes_are_refused() -> None:
    with pytest.raises(OutputError, match="shape"):
        distance(np.zeros(3, np.float32), np.zeros(2, np.float32), {})
