import numpy as np

from embedcli.attention import causal_mask, padding_mask, window_mask


def test_a_position_sees_itself_and_what_came_before():
    expected = [[True, False, False], [True, True, False], [True, True, True]]
    np.testing.assert_array_equal(causal_mask(3), expected)


def test_no_query_sees_behind_the_end_of_its_text():
    mask = padding_mask([1, 3])
    assert mask.shape == (2, 1, 1, 3)
    np.testing.assert_array_equal(mask[:, 0, 0], [[True, False, False], [True, True, True]])


def test_a_batch_may_be_wider_than_its_longest_text():
    assert padding_mask([1, 2], longest=5).shape == (2, 1, 1, 5)


def test_both_masks_combine():
    assert (causal_mask(3) & padding_mask([2, 3])).shape == (2, 1, 3, 3)


def test_a_batch_of_no_texts_has_an_empty_mask():
    assert padding_mask([]).shape == (0, 1, 1, 0)


def test_a_window_worked_by_hand():
    expected = [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 1]]
    np.testing.assert_array_equal(window_mask(4, before=2, after=1), np.array(expected, bool))


def test_a_window_of_all_that_came_before_is_causal():
    np.testing.assert_array_equal(window_mask(5, before=4, after=0), causal_mask(5))


def test_a_text_within_its_window_needs_no_mask():
    assert window_mask(4, before=3, after=3) is None
    assert window_mask(1, before=0, after=0) is None
    assert window_mask(5, before=3, after=3) is not None
