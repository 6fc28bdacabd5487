import numpy as np
import pytest
import torch

from embedcli.attention import FeedForward, GatedFeedForward, Linear, Memory, gelu, relu, silu


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


def test_a_gated_position_worked_by_hand():
    # relu([2, -2]) * [3, 5] = [6, 0], then 6 + 0.5.
    gate, inner = Linear(np.array([[2.0], [-2.0]])), Linear(np.array([[3.0], [5.0]]))
    layer = GatedFeedForward(gate, inner, Linear(np.ones((1, 2)), np.array([0.5])), relu)
    np.testing.assert_array_equal(layer(np.array([[1.0]])), [[6.5]])


@pytest.mark.parametrize(
    ("activation", "torchs"),
    [(gelu, torch.nn.functional.gelu), (silu, torch.nn.functional.silu)],
)
def test_gated_equals_torch(normal, activation, torchs):
    parts = [Linear(normal(*shape)) for shape in ((20, 6), (20, 6), (6, 20))]
    x = normal(2, 5, 6)
    gate, inner, outer = (torch.from_numpy(part.weight) for part in parts)
    tensor = torch.from_numpy(x)
    expected = (torchs(tensor @ gate.T) * (tensor @ inner.T)) @ outer.T
    result = GatedFeedForward(*parts, activation)(x, Memory())
    np.testing.assert_allclose(result, expected.numpy(), atol=1e-4)
