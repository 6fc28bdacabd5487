import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from embedcli.attention import (
    Block,
    Linear,
    Memory,
    MultiHeadAttention,
    multi_head_attention,
    padding_mask,
    self_attention,
)


def layer(width=12, heads=3):
    rng = np.random.default_rng(3)
    parts = (
        Linear(*(rng.standard_normal(s).astype(np.float32) for s in ((width, width), width)))
        for _ in range(4)
    )
    return MultiHeadAttention(*parts, heads)


def test_eight_heads_over_512_give_one_512_wide_row(normal):
    query, key, value = normal(1, 512), normal(1, 512), normal(1, 512)
    result = multi_head_attention(query, key, value, num_heads=8)
    assert result.shape == (1, 512)
    # One key has all the weight in every head, so the value itself comes out.
    np.testing.assert_allclose(result, value, rtol=1e-6)


def test_each_head_attends_in_its_own_slice(normal):
    query, key, value = normal(2, 5, 12), normal(2, 7, 12), normal(2, 7, 12)
    result = multi_head_attention(query, key, value, num_heads=3)
    for head in range(3):
        cut = (..., slice(4 * head, 4 * head + 4))
        expected = self_attention(query[cut], key[cut], value[cut])
        np.testing.assert_allclose(result[cut], expected, atol=1e-6)


def test_one_head_is_plain_attention(normal):
    query, key, value = normal(5, 12), normal(7, 12), normal(7, 12)
    np.testing.assert_allclose(
        multi_head_attention(query, key, value, 1), self_attention(query, key, value), atol=1e-6
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(normal, dtype):
    arrays = [normal(3, 16, dtype=dtype) for _ in range(3)]
    assert multi_head_attention(*arrays).dtype == dtype


def test_lists_and_integers_will_do():
    result = multi_head_attention([[1, 0]], [[3, 1], [3, 1]], [[2, 4], [4, 8]], num_heads=2)
    np.testing.assert_allclose(result, [[3, 6]])


def test_one_query_may_attend_to_many_texts(normal):
    result = multi_head_attention(normal(1, 8), normal(4, 5, 8), normal(4, 5, 8), num_heads=2)
    assert result.shape == (4, 1, 8)


@pytest.mark.parametrize("heads", [5, 0, -2])
def test_heads_that_do_not_divide_the_width_are_refused(normal, heads):
    with pytest.raises(ValueError, match=f"num_heads must divide the width 12, and is {heads}"):
        multi_head_attention(normal(1, 12), normal(2, 12), normal(2, 12), heads)


@pytest.mark.parametrize(
    "shapes", [((2, 8), (3, 4), (3, 8)), ((2, 8), (3, 8), (3, 4)), ((8,),) * 3]
)
def test_widths_that_differ_are_named(normal, shapes):
    with pytest.raises(ValueError, match=r"expected query \(\.\.\., Q, D\)") as caught:
        multi_head_attention(*(normal(*shape) for shape in shapes), num_heads=2)
    assert all(str(shape) in str(caught.value) for shape in shapes)


def test_as_many_keys_as_values_are_wanted(normal):
    with pytest.raises(ValueError, match=r"value \(\.\.\., K, e\), got"):
        multi_head_attention(normal(2, 8), normal(3, 8), normal(4, 8), num_heads=2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_layer_equals_torchs_with_a_context_and_padding(from_torch, normal, hidden_keys, dtype):
    theirs = from_torch.seeded(torch.nn.MultiheadAttention(15, 5, batch_first=True, dtype=dtype))
    numpy_dtype = np.float32 if dtype == torch.float32 else np.float64
    x, context = normal(3, 4, 15, dtype=numpy_dtype), normal(3, 6, 15, dtype=numpy_dtype)
    lengths = [6, 1, 4]
    keys = torch.from_numpy(context)
    expected, _ = theirs(torch.from_numpy(x), keys, keys, key_padding_mask=hidden_keys(lengths))
    result = from_torch.attention(theirs)(x, context, padding_mask(lengths))
    assert result.dtype == numpy_dtype
    np.testing.assert_allclose(result, expected.detach().numpy(), atol=2e-6)


lengths_of_texts = st.lists(st.integers(1, 9), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60, derandomize=True, database=None)
@given(lengths_of_texts, st.integers(0, 2**32 - 1))
def test_packed_equals_padded_and_masked_equals_each_alone(lengths, seed):
    lengths = sorted(lengths)
    attention, rng = layer(), np.random.default_rng(seed)
    texts = [rng.standard_normal((length, 12)).astype(np.float32) for length in lengths]
    starts = np.cumsum([0, *lengths])
    blocks = [
        Block(int(starts[lengths.index(length)]), lengths.count(length), length)
        for length in sorted(set(lengths))
    ]
    packed = attention(np.concatenate(texts), blocks=blocks, memory=Memory())
    # What lies in the padding must not matter.
    padded = rng.standard_normal((len(texts), max(lengths), 12)).astype(np.float32)
    for row, text in zip(padded, texts, strict=True):
        row[: len(text)] = text
    masked = attention(padded, mask=padding_mask(lengths))
    for number, text in enumerate(texts):
        alone = attention(text)
        ours = packed[starts[number] : starts[number + 1]]
        np.testing.assert_allclose(ours, alone, rtol=1e-5, atol=2e-5)
        np.testing.assert_allclose(masked[number, : len(text)], alone, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("lengths", [(24,), (300, 23, 23), (130, 130, 130, 40, 1)])
def test_long_texts_in_a_packed_batch_get_what_each_gets_alone(normal, lengths):
    attention, starts = layer(), np.cumsum([0, *lengths])
    packed = normal(starts[-1], 12)
    blocks = [Block(int(start), 1, length) for start, length in zip(starts, lengths, strict=False)]
    together = attention(packed, blocks=blocks, memory=Memory())
    for start, length in zip(starts, lengths, strict=False):
        text = slice(start, start + length)
        np.testing.assert_allclose(together[text], attention(packed[text]), rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("rows", [7, 9])
def test_blocks_that_do_not_cover_the_batch_are_refused(normal, rows):
    with pytest.raises(ValueError, match=rf"expected x of 8 rows and no context, got \({rows}, 12"):
        layer()(normal(rows, 12), blocks=[Block(0, 2, 3), Block(6, 1, 2)])


def test_blocks_and_a_context_do_not_go_together(normal):
    with pytest.raises(ValueError, match="no context"):
        layer()(normal(4, 12), normal(4, 12), blocks=[Block(0, 1, 4)])


def test_a_block_is_a_view_of_the_packed_batch(normal):
    packed = normal(8, 12)
    view = Block(2, 2, 3).of(packed)
    assert view.shape == (2, 3, 12)
    assert np.shares_memory(view, packed)
    np.testing.assert_array_equal(view[1], packed[5:8])
