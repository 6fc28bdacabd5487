import numpy as np
import pytest
import torch

from embedcli.attention import LayerNorm, RMSNorm, layer_norm, rms_norm
from embedcli.attention.memory import TILE


def exactly(x, weight, bias, eps):
    """In float64, with the mean taken off twice so that nothing of it is left."""
    centred = x.astype(np.float64)
    for _ in range(2):
        centred -= centred.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps) * weight + bias


def test_a_row_worked_by_hand():
    # Mean 3, deviations -1 and 1, variance 1: then times 2 plus 10.
    result = layer_norm(np.array([[2.0, 4.0]]), np.full(2, 2.0), np.full(2, 10.0), eps=0.0)
    np.testing.assert_allclose(result, [[8.0, 12.0]], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(9,), (4, 33), (2, 3, 384), (TILE // 384 * 2 + 1, 384)])
@pytest.mark.parametrize("mean_and_spread", [(0, 1), (3, 1), (0, 1e-5), (-5, 40)])
def test_equal_to_torch(normal, dtype, shape, mean_and_spread):
    mean, spread = mean_and_spread
    x = normal(*shape, scale=spread, dtype=dtype) + dtype(mean)
    weight, bias = normal(shape[-1], dtype=dtype), normal(shape[-1], dtype=dtype)
    tensors = [torch.from_numpy(a) for a in (x, weight, bias)]
    for eps in (1e-12, 1e-5):
        expected = torch.nn.functional.layer_norm(tensors[0], shape[-1:], *tensors[1:], eps)
        result = layer_norm(x, weight, bias, eps)
        assert result.dtype == dtype
        np.testing.assert_allclose(result, expected.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mean", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e2])
def test_a_large_mean_costs_no_more_digits_than_its_rounding(normal, mean, spread):
    x = normal(16, 384, scale=spread) + np.float32(mean)
    weight, bias = np.ones(384), np.zeros(384)
    error = layer_norm(x, weight.astype(x.dtype), bias.astype(x.dtype), 1e-5) - exactly(
        x, weight, bias, 1e-5
    )
    assert np.abs(error).max() < 1e-6 * (1 + mean / spread)
    double = layer_norm(x.astype(np.float64), weight, bias, 1e-5)
    np.testing.assert_allclose(double, exactly(x, weight, bias, 1e-5), atol=1e-6)


def test_a_row_without_variance_is_the_bias():
    result = layer_norm(np.zeros((2, 8), np.float32), np.ones(8), np.full(8, 0.5), eps=1e-12)
    np.testing.assert_array_equal(result, 0.5)


def test_there_may_be_no_bias(normal):
    x, weight = normal(3, 8), normal(8)
    without, zero = (LayerNorm(weight, bias, 1e-5)(x) for bias in (None, np.zeros(8, np.float32)))
    np.testing.assert_array_equal(without, zero)


def test_the_result_may_overwrite_the_input(normal):
    x, norm = normal(5, 8), LayerNorm(normal(8), normal(8), 1e-5)
    expected = norm(x)
    assert norm(x, out=x) is x
    np.testing.assert_array_equal(x, expected)


def test_rows_in_any_order_of_memory_are_normalised(normal):
    x, norm = normal(3, 4, 8).swapaxes(0, 1), LayerNorm(normal(8), normal(8), 1e-5)
    np.testing.assert_array_equal(norm(x), norm(np.ascontiguousarray(x)))
    with pytest.raises(ValueError, match="strides"):
        norm(x, out=x)


def test_another_width_is_refused(normal):
    with pytest.raises(ValueError, match=r"expected x of width 8, got \(2, 1\)"):
        LayerNorm(normal(8), None, 1e-5)(normal(2, 1))


def test_a_root_mean_square_worked_by_hand():
    # The mean square of 1 and 7 is 25: divided by 5, then times 10.
    result = rms_norm(np.array([[1.0, 7.0]]), np.full(2, 10.0), eps=0.0)
    np.testing.assert_allclose(result, [[2.0, 14.0]], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(9,), (4, 33), (2, 3, 4, 128), (TILE // 384 * 2 + 1, 384)])
def test_rms_norm_equals_torchs(normal, dtype, shape):
    x, weight = normal(*shape, dtype=dtype), normal(shape[-1], dtype=dtype)
    for eps in (1e-6, 0.1):
        expected = torch.nn.functional.rms_norm(
            torch.from_numpy(x), shape[-1:], torch.from_numpy(weight), eps
        )
        result = RMSNorm(weight, eps)(x)
        assert result.dtype == dtype
        np.testing.assert_allclose(result, expected.numpy(), rtol=1e-5, atol=1e-6)


def test_rms_norm_may_write_over_its_input(normal):
    x, weight = normal(3, 8), normal(8)
    expected = rms_norm(x, weight, 1e-6)
    assert rms_norm(x, weight, 1e-6, out=x) is x
    np.testing.assert_array_equal(x, expected)


def test_rms_norm_refuses_another_width(normal):
    with pytest.raises(ValueError, match="expected x of width 7"):
        rms_norm(normal(3, 8), normal(7), 1e-6)
