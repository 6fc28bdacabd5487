"""Folding changes where the work is done, and nothing else."""

import numpy as np
import pytest

from embedcli.attention import Linear, MultiHeadAttention, RotaryEmbedding, folded


def projections(rng, *, bias=True, width=24):
    def linear():
        weight = rng.normal(size=(width, width))
        return Linear(weight, rng.normal(size=width) if bias else None)

    return [linear() for _ in range(4)]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_folded_attention_gives_the_same_states(bias, scale):
    rng = np.random.default_rng(3)
    attention = MultiHeadAttention(*projections(rng, bias=bias), num_heads=4, scale=scale)
    x = rng.normal(size=(2, 7, 24))
    mask = rng.normal(size=(4, 7, 7))
    np.testing.assert_allclose(folded(attention)(x), attention(x), atol=1e-12)
    np.testing.assert_allclose(folded(attention)(x, mask=mask), attention(x, mask=mask), atol=1e-12)


def test_folding_leaves_the_weights_of_the_checkpoint_alone():
    attention = MultiHeadAttention(*projections(np.random.default_rng(3)), num_heads=4)
    before = [part.weight.copy() for part in (attention.query, attention.output)]
    folded(attention)
    np.testing.assert_array_equal(attention.query.weight, before[0])
    np.testing.assert_array_equal(attention.output.weight, before[1])


def test_turned_or_shared_heads_are_not_folded():
    rng = np.random.default_rng(3)
    turned = MultiHeadAttention(*projections(rng), num_heads=4, rotary=RotaryEmbedding(1e4))
    shared = projections(rng)
    shared[1] = Linear(rng.normal(size=(12, 24)))
    for attention in (turned, MultiHeadAttention(*shared, num_heads=4)):
        with pytest.raises(ValueError, match="shared, turned or normalised heads"):
            folded(attention)
