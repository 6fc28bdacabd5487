import numpy as np
import pytest
import torch
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from embedcli.attention import Memory, RotaryEmbedding


def turned(x, positions, theta=10000.0):
    x = x.copy()
    RotaryEmbedding(theta)(x, np.asarray(positions), Memory())
    return x


def test_a_head_worked_by_hand():
    # Components 0 and 2 turn by the position, 1 and 3 by the position / sqrt(theta) = 3 / 2.
    x = np.array([[[1.0, 0.0, 0.0, 2.0]]])
    expected = [np.cos(3), -2 * np.sin(1.5), np.sin(3), 2 * np.cos(1.5)]
    np.testing.assert_allclose(turned(x, [3], theta=4.0)[0, 0], expected, atol=1e-7)


def test_the_first_position_is_not_turned(normal):
    x = normal(1, 3, 8)
    np.testing.assert_array_equal(turned(x, [0]), x)


def test_turning_keeps_lengths(normal):
    x = normal(2, 9, 3, 8)
    after = turned(x, np.arange(9))
    np.testing.assert_allclose(
        np.linalg.norm(after, axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-5
    )


@pytest.mark.parametrize("shift", [1, 17, 400])
def test_a_score_depends_on_the_distance_alone(normal, shift):
    query, key = normal(1, 1, 64, dtype=np.float64), normal(1, 1, 64, dtype=np.float64)
    near = (turned(query, [5]) * turned(key, [2])).sum()
    far = (turned(query, [5 + shift]) * turned(key, [2 + shift])).sum()
    np.testing.assert_allclose(far, near, atol=1e-4)


@pytest.mark.parametrize("theta", [1000.0, 10000.0, 160000.0, 1e6])
@pytest.mark.parametrize("width", [2, 32, 64, 128])
def test_equal_to_torch_at_far_positions(normal, theta, width):
    positions = np.array([0, 1, 2, 100, 511, 512, 8191])
    x = normal(len(positions), 2, width)
    frequencies = 1.0 / theta ** (torch.arange(0, width, 2, dtype=torch.float) / width)
    angles = torch.from_numpy(positions).float()[:, None] * frequencies
    both = torch.cat((angles, angles), dim=-1)
    heads = torch.from_numpy(x).swapaxes(0, 1)
    expected, _ = apply_rotary_pos_emb(heads, heads, both.cos(), both.sin(), unsqueeze_dim=0)
    result = turned(x, positions, theta)
    # One rounding of a frequency is an angle of 8191 * 6e-8 at the last of these positions.
    np.testing.assert_allclose(result[:-1], expected.swapaxes(0, 1).numpy()[:-1], atol=1e-4)
    np.testing.assert_allclose(result[-1], expected.swapaxes(0, 1).numpy()[-1], atol=5e-3)
