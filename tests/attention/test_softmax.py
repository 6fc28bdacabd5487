import numpy as np
import pytest

from embedcli.attention import softmax


def plain_softmax(scores):
    """The tutorial's: exponentials without the maximum taken off."""
    return np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)


def test_weights_worked_by_hand():
    # exp(ln 1), exp(ln 2), exp(ln 5) are 1, 2, 5: eighths.
    np.testing.assert_allclose(softmax(np.log([1.0, 2.0, 5.0])), [1 / 8, 2 / 8, 5 / 8], rtol=1e-15)


def test_weights_are_positive_and_sum_to_one(normal):
    weights = softmax(normal(3, 4, 50, scale=5))
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-6)


@pytest.mark.parametrize(("dtype", "score"), [(np.float32, 89), (np.float64, 710)])
def test_the_tutorials_softmax_overflows_where_ours_is_right(dtype, score):
    scores = np.array([score, score - np.log(3)], dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isnan(plain_softmax(scores)).any()
    np.testing.assert_allclose(softmax(scores), [0.75, 0.25], rtol=1e-5)


def test_the_tutorials_softmax_divides_zero_by_zero_where_ours_is_right():
    with np.errstate(invalid="ignore"):
        assert np.isnan(plain_softmax(np.full(4, -1e4))).all()
    np.testing.assert_array_equal(softmax(np.full(4, -1e4)), 0.25)


def test_a_constant_added_to_all_scores_changes_nothing(normal):
    scores = normal(6, 9, dtype=np.float64)
    np.testing.assert_allclose(softmax(scores + 300), softmax(scores), rtol=1e-12)


def test_a_row_without_a_visible_key_gives_zeros():
    scores = np.array([[-np.inf, -np.inf], [0, -np.inf]], np.float32)
    np.testing.assert_array_equal(softmax(scores), [[0, 0], [1, 0]])


def test_scores_from_end_to_end_of_float32_stay_finite():
    np.testing.assert_array_equal(softmax(np.array([3e38, -3e38], np.float32)), [1, 0])


def test_any_axis_can_be_the_one_that_sums_to_one(normal):
    np.testing.assert_allclose(softmax(normal(5, 3), axis=0).sum(axis=0), 1, rtol=1e-6)


def test_the_result_may_overwrite_the_scores(normal):
    scores = normal(4, 4)
    expected = softmax(scores.copy())
    assert softmax(scores, out=scores) is scores
    np.testing.assert_array_equal(scores, expected)


def test_the_scores_are_left_alone_unless_told_otherwise(normal):
    scores = normal(4, 4)
    before = scores.copy()
    softmax(scores)
    np.testing.assert_array_equal(scores, before)


def test_no_keys_give_no_weights():
    assert softmax(np.empty((3, 0))).shape == (3, 0)


@pytest.mark.parametrize(
    ("given", "dtype"),
    [(np.float64, np.float64), (np.float32, np.float32), (np.float16, np.float32)],
)
def test_precision_is_kept_and_half_is_widened(given, dtype):
    assert softmax(np.zeros(3, given)).dtype == dtype


def test_a_list_of_integers_will_do():
    np.testing.assert_allclose(softmax([0, 0]), [0.5, 0.5])
