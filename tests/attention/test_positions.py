import math

import numpy as np
import pytest

from embedcli.attention import positional_encoding


def tutorial_encoding(seq_len, d_model):
    """A common slip: i already counts 0, 2, 4, and is doubled once more."""
    encoding = np.zeros((seq_len, d_model))
    for pos in range(seq_len):
        for i in range(0, d_model, 2):
            encoding[pos, i] = math.sin(pos / 10000 ** (2 * i / d_model))
            encoding[pos, i + 1] = math.cos(pos / 10000 ** (2 * i / d_model))
    return encoding


def paper_encoding(seq_len, d_model):
    """PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos(the same), number by number."""
    encoding = np.zeros((seq_len, d_model))
    for pos in range(seq_len):
        for dim in range(d_model):
            angle = pos / 10000 ** (2 * (dim // 2) / d_model)
            encoding[pos, dim] = math.cos(angle) if dim % 2 else math.sin(angle)
    return encoding


def test_ten_positions_of_512_follow_the_papers_formula():
    encoding = positional_encoding(10, 512)
    assert encoding.shape == (10, 512)
    assert encoding.dtype == np.float32
    np.testing.assert_allclose(encoding, paper_encoding(10, 512), atol=6e-8)


def test_values_worked_by_hand():
    # Width 4: the angles of position p are p and p / 10000^(2/4) = p / 100.
    expected = [math.sin(3), math.cos(3), math.sin(0.03), math.cos(0.03)]
    np.testing.assert_allclose(positional_encoding(4, 4)[3], expected, atol=6e-8)


def test_the_tutorials_formula_turns_too_slowly():
    ours, theirs = positional_encoding(10, 512), tutorial_encoding(10, 512)
    np.testing.assert_allclose(theirs[:, :2], ours[:, :2], atol=6e-8)
    # Pair 64 (dimension 128): the paper's angle is 9 / 10000^(1/4) = 0.9, theirs 9 / 100.
    np.testing.assert_allclose(ours[9, 128], math.sin(0.9), atol=6e-8)
    np.testing.assert_allclose(theirs[9, 128], math.sin(0.09), atol=6e-8)
    assert np.abs(theirs - ours).max() > 0.5


def test_far_positions_are_as_exact_as_near_ones():
    encoding = positional_encoding(100_001, 6)[-1]
    np.testing.assert_allclose(encoding[:2], [math.sin(1e5), math.cos(1e5)], atol=6e-8)


def test_an_odd_width_ends_with_a_sine():
    np.testing.assert_allclose(positional_encoding(5, 7), paper_encoding(5, 7), atol=6e-8)


def test_a_step_is_a_rotation_that_does_not_depend_on_the_position():
    pairs = positional_encoding(30, 16).reshape(30, 8, 2).astype(np.float64)
    turns = pairs[..., 1] + 1j * pairs[..., 0]
    np.testing.assert_allclose(turns[5:] / turns[:-5], np.tile(turns[5], (25, 1)), atol=1e-6)


def test_no_positions_give_no_rows():
    assert positional_encoding(0, 8).shape == (0, 8)


@pytest.mark.parametrize("sizes", [(-1, 8), (3, 0)])
def test_sizes_that_mean_nothing_are_refused(sizes):
    with pytest.raises(ValueError, match=f"got seq_len {sizes[0]} and d_model {sizes[1]}"):
        positional_encoding(*sizes)
