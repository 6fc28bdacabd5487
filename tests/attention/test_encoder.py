import numpy as np
import pytest
import torch
from torch import nn

from embedcli.attention import Block, Memory, causal_mask, padding_mask, random_encoder

SIZES = [(20, 5, 33), (9, 3, 7), (32, 1, 64)]


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("sizes", SIZES)
def test_a_layer_equals_torchs(from_torch, normal, hidden_keys, sizes, activation, norm_first):
    width, heads, hidden = sizes
    theirs = from_torch.seeded(
        nn.TransformerEncoderLayer(
            width, heads, hidden, 0.0, activation, 1e-4, batch_first=True, norm_first=norm_first
        )
    )
    ours, x, lengths = from_torch.encoder_layer(theirs), normal(3, 7, width), [7, 2, 5]
    tensor = torch.from_numpy(x)
    plain = theirs(tensor).detach().numpy()
    np.testing.assert_allclose(ours(x), plain, atol=1e-5)
    causal = theirs(tensor, torch.from_numpy(~causal_mask(7))).detach().numpy()
    np.testing.assert_allclose(ours(x, causal_mask(7)), causal, atol=1e-5)
    padded = theirs(tensor, src_key_padding_mask=hidden_keys(lengths)).detach().numpy()
    np.testing.assert_allclose(ours(x, padding_mask(lengths)), padded, atol=1e-5)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize(("activation", "tolerance"), [("relu", 1e-12), ("gelu", 1e-6)])
def test_a_stack_in_float64_equals_torchs(from_torch, normal, norm_first, activation, tolerance):
    layer = nn.TransformerEncoderLayer(
        20, 5, 33, 0.0, activation, batch_first=True, norm_first=norm_first, dtype=torch.float64
    )
    final = nn.LayerNorm(20, dtype=torch.float64) if norm_first else None
    theirs = nn.TransformerEncoder(layer, 3, final, enable_nested_tensor=False)
    ours, x = from_torch.encoder(from_torch.seeded(theirs)), normal(2, 6, 20, dtype=np.float64)
    result = ours(x)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, theirs(torch.from_numpy(x)).detach(), atol=tolerance)


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_packed_stack_equals_each_text_alone(from_torch, normal, norm_first):
    layer = nn.TransformerEncoderLayer(
        20, 5, 33, 0.0, "gelu", batch_first=True, norm_first=norm_first
    )
    theirs = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    ours, packed = from_torch.encoder(from_torch.seeded(theirs)), normal(4 + 3 * 2 + 1, 20)
    blocks = [Block(0, 1, 4), Block(4, 3, 2), Block(10, 1, 1)]
    result = ours(packed, blocks=blocks, memory=Memory())
    for block in blocks:
        for text, states in zip(block.of(packed), block.of(result), strict=True):
            np.testing.assert_allclose(states, ours(text), atol=1e-5)


def test_one_memory_serves_batch_after_batch(normal):
    encoder, memory = random_encoder(16, 2, 4, seed=1), Memory()
    for shape in ((2, 5, 16), (1, 9, 16), (3, 16), (4, 4, 16)):
        x = normal(*shape)
        before = x.copy()
        np.testing.assert_array_equal(encoder(x, memory=memory), encoder(x))
        np.testing.assert_array_equal(x, before)


def test_results_without_a_memory_are_the_callers_own(normal):
    encoder, x = random_encoder(16, 1, 4, seed=1), normal(3, 16)
    first = encoder(x)
    kept = first.copy()
    encoder(normal(3, 16))
    np.testing.assert_array_equal(first, kept)


def test_another_width_is_refused(normal):
    with pytest.raises(ValueError, match=r"expected width 16, got x of shape \(3, 8\)"):
        random_encoder(16, 1, 4, seed=0)(normal(3, 8))


def test_a_mask_by_length_is_asked_once_a_length_and_serves_every_layer(normal):
    encoder, packed = random_encoder(16, 3, 4, seed=2), normal(4 + 3 * 2 + 4, 16)
    blocks = [Block(0, 1, 4), Block(4, 3, 2), Block(10, 1, 4)]
    biases, asked = {2: normal(4, 2, 2), 4: normal(4, 4, 4)}, []

    def bias(length):
        asked.append(length)
        return biases[length]

    result = encoder(packed, bias, blocks)
    assert sorted(asked) == [2, 4]
    for block in blocks:
        for text, states in zip(block.of(packed), block.of(result), strict=True):
            np.testing.assert_allclose(states, encoder(text, biases[block.length]), atol=1e-5)
            np.testing.assert_array_equal(encoder(text, bias), encoder(text, biases[block.length]))
