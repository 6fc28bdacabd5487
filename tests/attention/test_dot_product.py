import numpy as np
import pytest
from torch import from_numpy
from torch.nn import functional

from embedcli.attention import (
    Memory,
    causal_mask,
    scaled_dot_product_attention,
    self_attention,
    softmax,
)


def exactly(query, key, value, mask=None):
    """Equation 1 in float64, with the stable softmax and nothing clever."""
    query, key, value = (np.asarray(x, np.float64) for x in (query, key, value))
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ value


def test_a_case_worked_by_hand():
    # One query of width 4, so scores are halved: (2 ln 3) / 2 = ln 3 and 0, weights 3/4 and 1/4.
    query = np.array([[2 * np.log(3), 0, 0, 0]])
    key = np.array([[1.0, 5, 5, 5], [0, 7, 7, 7]])
    value = np.array([[4.0, 8.0], [0.0, 4.0]])
    np.testing.assert_allclose(self_attention(query, key, value), [[3.0, 7.0]], rtol=1e-14)


def test_one_64_wide_query_over_five_keys_gives_one_64_wide_row(normal):
    query, key, value = normal(1, 64), normal(5, 64), normal(5, 64)
    result = self_attention(query, key, value)
    assert result.shape == (1, 64)
    np.testing.assert_allclose(result, exactly(query, key, value), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_torch_with_and_without_a_mask(normal, dtype):
    query, key, value = (normal(2, 3, size, 5, dtype=dtype) for size in (7, 6, 6))
    mask = normal(2, 1, 7, 6) > -1
    mask[..., 0] = True
    tensors = [from_numpy(x) for x in (query, key, value)]
    for ours, theirs in ((None, None), (mask, from_numpy(mask))):
        expected = functional.scaled_dot_product_attention(*tensors, attn_mask=theirs).numpy()
        result = scaled_dot_product_attention(query, key, value, ours)
        assert result.dtype == dtype
        np.testing.assert_allclose(result, expected, atol=1e-6)


def test_the_weights_of_each_query_sum_to_one(normal):
    # With the identity as values the result is the weights themselves.
    weights = self_attention(normal(9, 8), normal(11, 8), np.eye(11, dtype=np.float32))
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-6)


@pytest.mark.parametrize("size", [1e2, 1e4, 1e10, 1e30])
def test_huge_scores_stay_finite_and_right(normal, size):
    query, key, value = normal(6, 4, scale=size), normal(9, 4), normal(9, 3)
    result = self_attention(query, key, value)
    assert np.isfinite(result).all()
    # A score's own rounding is size * 6e-8, and moves a weight by as much.
    expected = exactly(query, key, value)
    np.testing.assert_allclose(result, expected, atol=1e-6 + 1e-6 * min(size, 1e2))


@pytest.mark.parametrize("level", [-1e4, -200.0, 1e4])
def test_scores_far_from_zero_are_weighed_by_their_differences(level):
    key = np.array([[level], [level + np.log(3)]])
    for dtype, tolerance in ((np.float64, 1e-10), (np.float32, 2e-3)):
        weights = self_attention(np.ones((1, 1), dtype), key.astype(dtype), np.eye(2, dtype=dtype))
        np.testing.assert_allclose(weights, [[0.25, 0.75]], rtol=tolerance)


@pytest.mark.parametrize("level", [50.0, 65.0, 80.0, 88.0, 90.0])
@pytest.mark.parametrize("size", [1.0, 1e6, 1e20, 1e37])
def test_large_exponentials_do_not_overflow_with_large_values(normal, level, size):
    query, value = np.ones((3, 1), np.float32), normal(40, 5, scale=size)
    key = np.linspace(level - 3, level, 40, dtype=np.float32)[:, None]
    result = self_attention(query, key, value)
    # A score of 90 is rounded to 8e-6, and a weight with it.
    np.testing.assert_allclose(result, exactly(query, key, value), rtol=1e-4, atol=2e-5 * size)


def test_one_query_of_huge_scores_does_not_spoil_its_neighbours(normal):
    query, key, value = normal(5, 4), normal(6, 4), normal(6, 4)
    alone = self_attention(query, key, value)
    query[2] *= 1e6
    among = self_attention(query, key, value)
    np.testing.assert_allclose(np.delete(among, 2, 0), np.delete(alone, 2, 0), atol=1e-6)


def test_a_query_that_may_see_nothing_gets_zeros_and_the_others_their_due(normal):
    query, key, value = normal(4, 8), normal(5, 8), normal(5, 8)
    mask = np.ones((4, 5), np.bool_)
    mask[1] = False
    result = scaled_dot_product_attention(query, key, value, mask)
    np.testing.assert_array_equal(result[1], 0)
    np.testing.assert_allclose(np.delete(result, 1, 0), exactly(query, key, value)[[0, 2, 3]], 1e-5)


def test_what_is_masked_has_no_influence(normal):
    query, key, value = normal(4, 8), normal(4, 8), normal(4, 8)
    before = scaled_dot_product_attention(query, key, value, causal_mask(4))
    key[3], value[3] = 1e6, -1e6
    after = scaled_dot_product_attention(query, key, value, causal_mask(4))
    np.testing.assert_array_equal(before[:3], after[:3])


def test_a_mask_of_numbers_is_added_to_the_scores(normal):
    query, key, value = normal(4, 8), normal(5, 8), normal(5, 8)
    seen = normal(4, 5) > -0.5
    seen[:, 0] = True
    lowest = np.where(seen, 0, np.finfo(np.float32).min).astype(np.float32)
    np.testing.assert_allclose(
        scaled_dot_product_attention(query, key, value, lowest),
        scaled_dot_product_attention(query, key, value, seen),
        atol=1e-6,
    )


def test_a_mask_of_integers_is_refused_because_it_could_mean_either(normal):
    with pytest.raises(ValueError, match=r"booleans .* or floats .*, got int64"):
        scaled_dot_product_attention(normal(2, 4), normal(3, 4), normal(3, 4), np.ones((2, 3), int))


def test_a_mask_of_another_shape_is_refused(normal):
    with pytest.raises(ValueError, match=r"\(3,3\).*\(2,3\)"):
        scaled_dot_product_attention(
            normal(2, 4), normal(3, 4), normal(3, 4), np.ones((3, 3), np.bool_)
        )


@pytest.mark.parametrize(
    "shapes", [((2, 4), (3, 5), (3, 4)), ((2, 4), (3, 4), (2, 4)), ((4,), (3, 4), (3, 4))]
)
def test_shapes_that_do_not_fit_are_named(normal, shapes):
    with pytest.raises(ValueError, match=r"expected query \(\.\.\., Q, d\)") as caught:
        self_attention(*(normal(*shape) for shape in shapes))
    assert all(str(shape) in str(caught.value) for shape in shapes)


def test_lists_of_integers_are_computed_as_floats():
    result = self_attention([[1, 0]], [[0, 1], [0, 1]], [[2, 4], [4, 8]])
    np.testing.assert_allclose(result, [[3, 6]])
    assert result.dtype == np.float64


def test_half_precision_is_widened(normal):
    query, key, value = (normal(4, 8).astype(np.float16) for _ in range(3))
    result = self_attention(query * 100, key, value)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, exactly(query * 100, key, value), atol=1e-3)


def test_no_key_at_all_gives_zeros(normal):
    result = self_attention(normal(2, 4), normal(0, 4), normal(0, 3))
    np.testing.assert_array_equal(result, np.zeros((2, 3)))


@pytest.mark.parametrize("by_feature", [False, True])
@pytest.mark.parametrize(
    ("texts", "queries", "keys"), [(2, 300, 300), (3, 1, 2000), (1, 7, 40_000)]
)
def test_many_scores_are_done_in_parts_that_fit_together(normal, by_feature, texts, queries, keys):
    query, value = normal(texts, 4, queries, 32), normal(texts, 4, keys, 32)
    key = normal(texts, 4, 32, keys).swapaxes(-1, -2)
    key = key if by_feature else np.ascontiguousarray(key)
    mask = normal(texts, 1, queries, keys) > -1
    result = scaled_dot_product_attention(query, key, value, mask, memory=Memory())
    np.testing.assert_allclose(result, exactly(query, key, value, mask), atol=2e-6)


@pytest.mark.parametrize("size", [1, 1e5])
def test_inputs_are_left_alone_and_out_may_have_any_strides(normal, size):
    query, key, value = normal(5, 4, scale=size), normal(6, 4), normal(6, 4)
    before = [x.copy() for x in (query, key, value)]
    out = np.empty((4, 5), np.float32).T
    result = scaled_dot_product_attention(query, key, value, out=out, memory=Memory())
    assert result is out
    np.testing.assert_array_equal(out, self_attention(*before))
    for x, kept in zip((query, key, value), before, strict=True):
        np.testing.assert_array_equal(x, kept)
