import numpy as np
import pytest
import torch

from embedcli.attention import (
    Block,
    Linear,
    Memory,
    MultiHeadAttention,
    RMSNorm,
    RotaryEmbedding,
    causal_mask,
    multi_head_attention,
)


@pytest.mark.parametrize(("heads", "shared"), [(6, 1), (6, 2), (6, 3), (6, 6), (1, 1)])
def test_neighbouring_heads_share_a_key_head(normal, heads, shared):
    query, key, value = normal(2, 5, heads * 4), normal(2, 7, heads * 4), normal(2, 7, heads * 4)
    key, value = (x[..., : heads * 4 // shared] for x in (key, value))
    result = multi_head_attention(query, key, value, heads)

    def split(x, count):
        return torch.from_numpy(np.ascontiguousarray(x)).unflatten(-1, (count, 4)).transpose(1, 2)

    expected = torch.nn.functional.scaled_dot_product_attention(
        split(query, heads),
        split(key, heads // shared),
        split(value, heads // shared),
        enable_gqa=True,
    )
    np.testing.assert_allclose(result, expected.transpose(1, 2).flatten(-2).numpy(), atol=1e-5)


def repeated(x, shared, width):
    """Each head ``shared`` times, one after another."""
    heads = x.reshape(*x.shape[:-1], -1, width)
    return np.repeat(heads, shared, axis=-2).reshape(*x.shape[:-1], -1)


@pytest.mark.parametrize("shape", [(5, 5), (1, 5, 5), (6, 5, 5), (2, 1, 1, 5), (2, 6, 5, 5)])
@pytest.mark.parametrize("boolean", [True, False])
def test_a_mask_of_any_shape_fits_shared_heads(normal, shape, boolean):
    query, key, value = normal(2, 5, 24), normal(2, 5, 8), normal(2, 5, 8)
    mask = normal(*shape)
    mask = mask > -0.5 if boolean else mask
    expected = multi_head_attention(query, repeated(key, 3, 4), repeated(value, 3, 4), 6, mask)
    np.testing.assert_allclose(
        multi_head_attention(query, key, value, 6, mask), expected, atol=1e-5
    )


def test_a_scale_replaces_the_root_of_the_width(normal):
    query, key, value = normal(5, 8), normal(5, 8), normal(5, 8)
    expected = multi_head_attention(2 * query, key, value, 2, scale=0.5)
    np.testing.assert_allclose(
        multi_head_attention(query, key, value, 2, scale=1.0), expected, rtol=1e-6
    )


@pytest.mark.parametrize(
    ("widths", "heads", "message"),
    [
        ((12, 8, 8), 3, r"expected query \(..., Q, D\)"),
        ((12, 4, 6), 3, r"expected query \(..., Q, D\)"),
        ((12, 3, 3), 6, "6 heads of .* cannot share heads"),
        ((12, 0, 0), 6, r"expected query \(..., Q, D\)"),
    ],
)
def test_keys_that_cannot_be_shared_are_refused(normal, widths, heads, message):
    query, key, value = (normal(2, width) for width in widths)
    with pytest.raises(ValueError, match=message):
        multi_head_attention(query, key, value, heads)


@pytest.fixture
def attention(normal):
    """Six heads of width 4 over width 10, two heads of keys, norms and rotary positions."""
    query, key, value, output = (
        Linear(normal(*shape)) for shape in ((24, 10), (8, 10), (8, 10), (10, 24))
    )
    norms = RMSNorm(normal(4), 1e-6), RMSNorm(normal(4), 1e-6)
    return MultiHeadAttention(query, key, value, output, 6, 0.3, *norms, RotaryEmbedding(50.0))


def test_a_packed_batch_counts_positions_in_each_text(attention, normal):
    texts = [normal(n, 10) for n in (9, 4, 4, 1)]
    blocks = [Block(0, 1, 9), Block(9, 2, 4), Block(17, 1, 1)]
    packed = attention(np.concatenate(texts), mask=causal_mask, blocks=blocks, memory=Memory())
    alone = [attention(text, mask=causal_mask(len(text))) for text in texts]
    np.testing.assert_allclose(packed, np.concatenate(alone), atol=1e-5)


def test_order_counts_only_with_positions(attention, normal):
    x = normal(5, 10)
    plain = MultiHeadAttention(attention.query, attention.key, attention.value, attention.output, 6)
    np.testing.assert_allclose(plain(x[::-1])[::-1], plain(x), atol=1e-4)
    assert np.abs(attention(x[::-1])[::-1] - attention(x)).max() > 1e-2
