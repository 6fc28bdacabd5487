import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from embedcli.attention import Memory, gelu, gelu_tanh, quick_gelu, relu, sigmoid, silu, tanh

DENSE = np.concatenate([np.linspace(-12, 12, 200_001), [0.0, -0.0]])
HUGE = np.array([-1e30, -1e15, -1e5, -100, -38, 38, 100, 1e5, 1e15, 1e30])


def applied(activation, x):
    result = x.copy()
    activation(result, Memory())
    return result


def exact_gelu(x):
    return np.array([v * 0.5 * math.erfc(-v / math.sqrt(2)) for v in x.astype(np.float64)])


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 7e-8), (np.float32, 2e-7)])
@pytest.mark.parametrize("grid", [DENSE, HUGE])
def test_gelu_is_the_exact_one_up_to_its_fit_and_rounding(dtype, tolerance, grid):
    x = grid.astype(dtype)
    error = np.abs(applied(gelu, x).astype(np.float64) - exact_gelu(x))
    assert (error / np.maximum(1, np.abs(x).astype(np.float64))).max() < tolerance


def test_in_float32_gelu_is_as_near_as_torchs():
    x = DENSE.astype(np.float32)
    theirs = functional.gelu(torch.from_numpy(x)).numpy()
    worst_ours, worst_theirs = (
        (np.abs(y - exact_gelu(x)) / np.maximum(1, np.abs(x))).max()
        for y in (applied(gelu, x), theirs)
    )
    assert worst_ours < 1.5 * worst_theirs


def test_the_fit_of_gelu_itself_is_within_7e_8():
    assert np.abs(applied(gelu, DENSE) - exact_gelu(DENSE)).max() < 7e-8


def test_gelu_is_odd_but_for_x_itself():
    # gelu(x) - gelu(-x) = x, because Phi(x) + Phi(-x) = 1.
    np.testing.assert_allclose(applied(gelu, DENSE) - applied(gelu, -DENSE), DENSE, atol=1e-15)


def test_what_is_not_a_number_stays_so():
    assert np.isnan(applied(gelu, np.array([np.nan], np.float32))).all()


@pytest.mark.parametrize(
    ("activation", "theirs"),
    [
        (gelu, functional.gelu),
        (gelu_tanh, lambda x: functional.gelu(x, approximate="tanh")),
        (quick_gelu, lambda x: x * torch.sigmoid(1.702 * x)),
        (relu, functional.relu),
        (sigmoid, torch.sigmoid),
        (silu, functional.silu),
        (tanh, torch.tanh),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_torch_near_and_far(activation, theirs, dtype):
    x = np.concatenate([DENSE[::40], HUGE]).astype(dtype)
    # In float64: on some processors torch's float32 gelu is itself 1e-6 away.
    expected = theirs(torch.from_numpy(x.astype(np.float64))).numpy().astype(dtype)
    tolerance = 3e-7 if dtype == np.float32 else 7e-8
    np.testing.assert_allclose(applied(activation, x), expected, rtol=tolerance, atol=tolerance)


def test_a_tile_is_overwritten_in_place_whatever_its_strides(normal):
    whole = normal(6, 8)
    expected = whole.copy()
    expected[:, ::2] = applied(gelu, np.ascontiguousarray(whole[:, ::2]))
    gelu(whole[:, ::2], Memory())
    np.testing.assert_array_equal(whole, expected)
