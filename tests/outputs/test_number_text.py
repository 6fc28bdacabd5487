"""Text holds every float exactly, in as few digits as can be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedcli.outputs.number_text import joined, nested

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
HALVES = st.floats(width=16, allow_nan=False, allow_infinity=False)


@given(st.lists(FLOATS, min_size=1, max_size=20))
def test_float32_reads_back_exactly(numbers: list[float]) -> None:
    vector = np.array(numbers, np.float32)
    read = np.array([float(text) for text in joined(vector, " ").split()], np.float32)
    np.testing.assert_array_equal(read, vector)


@given(st.lists(HALVES, min_size=1, max_size=20))
def test_float16_reads_back_exactly(numbers: list[float]) -> None:
    vector = np.array(numbers, np.float16)
    read = np.array([float(text) for text in joined(vector, " ").split()], np.float16)
    np.testing.assert_array_equal(read, vector)


@given(st.integers(0, 2**32 - 1))
def test_the_digits_are_those_of_numpys_own_shortest_form(bits: int) -> None:
    number = np.array([bits], np.uint32).view(np.float32)
    if np.isfinite(number[0]):
        assert float(joined(number, " ")) == float(str(number[0]))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1, "0.1"),
        (1 / 3, "0.33333334"),
        (-0.0, "0"),
        (1, "1"),
        (1e-20, "1e-20"),
        (16777216, "16777216"),
    ],
)
def test_by_hand(number: float, text: str) -> None:
    assert joined(np.array([number], np.float32), " ") == text


def test_a_matrix_is_a_list_of_lists() -> None:
    assert nested(np.array([[1, 2], [3, 4]], np.int8)) == "[[1, 2], [3, 4]]"
