import numpy as np
import pytest
import torch
from torch import nn

from embedcli.attention import Decoder, Memory, causal_mask, padding_mask


def torch_layer(from_torch, activation="relu", norm_first=False, sizes=(20, 5, 33), **options):
    return from_torch.seeded(
        nn.TransformerDecoderLayer(
            *sizes, 0.0, activation, 1e-4, batch_first=True, norm_first=norm_first, **options
        )
    )


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("sizes", [(20, 5, 33), (9, 3, 7)])
def test_a_layer_equals_torchs(from_torch, normal, hidden_keys, sizes, activation, norm_first):
    theirs = torch_layer(from_torch, activation, norm_first, sizes)
    ours, x, states = (
        from_torch.decoder_layer(theirs),
        normal(3, 6, sizes[0]),
        normal(3, 8, sizes[0]),
    )
    tensors = torch.from_numpy(x), torch.from_numpy(states)
    causal = torch.from_numpy(~causal_mask(6))
    expected = theirs(*tensors, tgt_mask=causal).detach().numpy()
    np.testing.assert_allclose(ours(x, states), expected, atol=1e-5)

    lengths, source_lengths = [3, 6, 1], [8, 2, 5]
    expected = theirs(
        *tensors,
        tgt_mask=causal,
        tgt_key_padding_mask=hidden_keys(lengths),
        memory_key_padding_mask=hidden_keys(source_lengths),
    )
    mask = causal_mask(6) & padding_mask(lengths)
    result = ours(x, states, mask, padding_mask(source_lengths), Memory())
    np.testing.assert_allclose(result, expected.detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("norm_first", [False, True])
def test_in_float64_a_layer_equals_torchs_to_1e_12(from_torch, normal, norm_first):
    theirs = torch_layer(from_torch, norm_first=norm_first, dtype=torch.float64)
    x, states = normal(2, 4, 20, dtype=np.float64), normal(2, 3, 20, dtype=np.float64)
    expected = theirs(
        torch.from_numpy(x), torch.from_numpy(states), torch.from_numpy(~causal_mask(4))
    )
    result = from_torch.decoder_layer(theirs)(x, states)
    np.testing.assert_allclose(result, expected.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("norm_first", [False, True])
def test_what_comes_later_has_no_influence(from_torch, normal, norm_first):
    ours = from_torch.decoder_layer(torch_layer(from_torch, norm_first=norm_first))
    decoder, x, states = Decoder([ours, ours]), normal(1, 5, 20), normal(1, 4, 20)
    before = decoder(x, states)
    x[:, 3:] += 1
    after = decoder(x, states)
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[:, 3:] - after[:, 3:]).min() > 0


@pytest.mark.parametrize("norm_first", [False, True])
def test_one_memory_for_everything_gives_what_fresh_ones_give(from_torch, normal, norm_first):
    ours = from_torch.decoder_layer(torch_layer(from_torch, norm_first=norm_first))
    decoder, memory = Decoder([ours, ours, ours]), Memory()
    for batch, length, source in ((2, 5, 4), (1, 9, 9), (3, 1, 12), (2, 5, 4)):
        x, states = normal(batch, length, 20), normal(batch, source, 20)
        before = x.copy(), states.copy()
        np.testing.assert_array_equal(decoder(x, states, memory=memory), decoder(x, states))
        np.testing.assert_array_equal(x, before[0])
        np.testing.assert_array_equal(states, before[1])


def test_states_of_another_width_are_refused(from_torch, normal):
    ours = from_torch.decoder_layer(torch_layer(from_torch))
    with pytest.raises(ValueError, match=r"expected width 20, got x of shape \(1, 4, 12\)"):
        ours(normal(1, 3, 20), normal(1, 4, 12))
