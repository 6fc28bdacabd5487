import numpy as np
import pytest
import torch
from torch import nn

from embedcli.attention import Memory, causal_mask, padding_mask, random_transformer


def torch_transformer(from_torch, activation, norm_first, dtype=torch.float32):
    options = {"batch_first": True, "norm_first": norm_first, "dtype": dtype}
    layer = nn.TransformerEncoderLayer(20, 5, 33, 0.0, activation, **options)
    norm = nn.LayerNorm(20, dtype=dtype)
    encoder = nn.TransformerEncoder(layer, 2, norm, enable_nested_tensor=False)
    whole = nn.Transformer(20, 5, 2, 3, 33, 0.0, activation, custom_encoder=encoder, **options)
    return from_torch.seeded(whole)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_the_whole_equals_torchs(from_torch, normal, hidden_keys, activation, norm_first):
    theirs = torch_transformer(from_torch, activation, norm_first)
    ours, source, target = from_torch.transformer(theirs), normal(3, 8, 20), normal(3, 5, 20)
    tensors = torch.from_numpy(source), torch.from_numpy(target)

    expected = theirs(*tensors).detach().numpy()
    everything = np.ones((5, 5), np.bool_)
    np.testing.assert_allclose(ours(source, target, None, everything), expected, atol=1e-5)

    causal = torch.from_numpy(~causal_mask(5))
    expected = theirs(*tensors, tgt_mask=causal).detach().numpy()
    np.testing.assert_allclose(ours(source, target), expected, atol=1e-5)

    lengths, source_lengths = [5, 1, 3], [4, 8, 1]
    expected = theirs(
        *tensors,
        tgt_mask=causal,
        src_key_padding_mask=hidden_keys(source_lengths),
        tgt_key_padding_mask=hidden_keys(lengths),
        memory_key_padding_mask=hidden_keys(source_lengths),
    )
    seen = padding_mask(source_lengths)
    result = ours(source, target, seen, causal_mask(5) & padding_mask(lengths), seen, Memory())
    np.testing.assert_allclose(result, expected.detach().numpy(), atol=1e-5)


def test_in_float64_the_whole_equals_torchs_to_1e_11(from_torch, normal):
    theirs = torch_transformer(from_torch, "relu", norm_first=False, dtype=torch.float64)
    source, target = normal(2, 4, 20, dtype=np.float64), normal(2, 3, 20, dtype=np.float64)
    causal = torch.from_numpy(~causal_mask(3))
    expected = theirs(torch.from_numpy(source), torch.from_numpy(target), tgt_mask=causal)
    result = from_torch.transformer(theirs)(source, target)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, expected.detach().numpy(), atol=1e-11)


def test_one_memory_for_everything_gives_what_fresh_ones_give(normal):
    whole, memory = random_transformer(16, 2, 4, seed=3), Memory()
    for batch, source_length, length in ((2, 5, 4), (1, 9, 9), (3, 1, 12), (2, 5, 4)):
        source, target = normal(batch, source_length, 16), normal(batch, length, 16)
        before = source.copy(), target.copy()
        np.testing.assert_array_equal(whole(source, target, memory=memory), whole(source, target))
        np.testing.assert_array_equal(source, before[0])
        np.testing.assert_array_equal(target, before[1])


@pytest.mark.parametrize("shapes", [((2, 5, 16), (3, 4, 16)), ((2, 5, 16), (2, 4, 8))])
def test_batches_and_widths_that_differ_are_named(normal, shapes):
    with pytest.raises(ValueError, match="one batch size and width") as caught:
        random_transformer(16, 1, 4, seed=0)(*(normal(*shape) for shape in shapes))
    assert all(str(shape) in str(caught.value) for shape in shapes)
