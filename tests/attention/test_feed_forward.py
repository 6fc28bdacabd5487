import numpy as np
import pytest

from embedcli.attention import FeedForward, Linear, Memory, gelu, relu


@pytest.fixture
def feed_forward(normal):
    return FeedForward(Linear(normal(20, 6), normal(20)), Linear(normal(6, 20), normal(6)), gelu)


def test_a_position_worked_by_hand():
    # relu([1, -1]) = [1, 0], then 3 * 1 + 5 * 0 + 0.5.
    inner = Linear(np.array([[1.0], [-1.0]]), np.zeros(2))
    layer = FeedForward(inner, Linear(np.array([[3.0, 5.0]]), np.array([0.5])), relu)
    np.testing.assert_array_equal(layer(np.array([[1.0]])), [[3.5]])


def test_each_position_is_on_its_own(feed_forward, normal):
    x = normal(2, 5, 6)
    together = feed_forward(x)
    np.testing.assert_allclose(together[1, 3], feed_forward(x[1, 3:4])[0], atol=1e-5)


def test_a_result_may_be_fed_back_with_the_same_memory(feed_forward, normal):
    x, memory = normal(5, 6), Memory()
    twice = feed_forward(feed_forward(x, memory), memory)
    np.testing.assert_array_equal(twice, feed_forward(feed_forward(x)))
