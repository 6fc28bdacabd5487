import numpy as np
import pytest

from embedcli.attention import Linear, gelu, relu
from embedcli.attention.memory import TILE, Memory


def test_a_product_worked_by_hand():
    layer = Linear(np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]), np.array([0.0, 10.0, 20.0]))
    np.testing.assert_array_equal(layer(np.array([[1.0, -1.0]])), [[-1.0, 9.0, 19.0]])


def test_bias_and_activation_reach_every_tile(normal):
    x = normal(2, TILE // 64, 8)
    weight, bias = normal(64, 8), normal(64)
    expected = x @ weight.T + bias
    np.testing.assert_array_equal(Linear(weight, bias)(x), expected)
    activated = Linear(weight, bias)(x, activation=relu)
    np.testing.assert_array_equal(activated, np.maximum(expected, 0))
    gelu(expected, Memory())
    np.testing.assert_array_equal(Linear(weight, bias)(x, activation=gelu), expected)


def test_there_may_be_no_bias(normal):
    x, weight = normal(3, 8), normal(4, 8)
    np.testing.assert_array_equal(Linear(weight)(x), x @ weight.T)
    np.testing.assert_array_equal(Linear(weight)(x, activation=relu), np.maximum(x @ weight.T, 0))


def test_out_may_be_columns_of_a_wider_array(normal):
    layer, wide, x = Linear(normal(4, 8), normal(4)), np.zeros((3, 12), np.float32), normal(3, 8)
    layer(x, out=wide[:, 4:8])
    np.testing.assert_allclose(wide[:, 4:8], layer(x), atol=1e-6)
    assert not wide[:, :4].any()
    assert not wide[:, 8:].any()


def test_an_out_that_the_bias_would_not_reach_is_refused(normal):
    with pytest.raises(ValueError, match="strides"):
        Linear(normal(4, 8), normal(4))(normal(2, 3, 8), out=normal(3, 2, 4).swapaxes(0, 1))


def test_another_width_is_refused(normal):
    with pytest.raises(ValueError, match=r"expected width 8, got x of shape \(3, 7\)"):
        Linear(normal(4, 8))(normal(3, 7))
