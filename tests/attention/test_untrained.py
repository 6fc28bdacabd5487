import hashlib
import math

import numpy as np
import pytest

from embedcli.attention import gelu, random_embeddings, random_encoder, random_transformer


def digest(array):
    return hashlib.sha256(array.astype("<f4").tobytes()).hexdigest()[:16]


def encoder_weights(encoder):
    for layer in encoder.layers:
        attention, feed = layer.attention, layer.feed_forward
        parts = attention.query, attention.key, attention.value, attention.output
        for linear in (*parts, feed.inner, feed.outer):
            yield linear.weight


def test_the_same_seed_gives_the_same_bits_on_every_machine():
    weights = np.concatenate([w.ravel() for w in encoder_weights(random_encoder(8, 2, 2, seed=5))])
    assert digest(weights) == "5d5d2b980e4d1efd"
    assert digest(random_embeddings(50, 8, seed=5)) == "81e18c4ac18e8f14"


def test_another_seed_gives_other_weights():
    one, other = (next(encoder_weights(random_encoder(8, 1, 2, seed))) for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_weights_are_xavier_uniform_biases_zero_and_norms_neutral():
    layer = random_encoder(64, 1, 8, seed=0).layers[0]
    for weight in encoder_weights(random_encoder(64, 1, 8, seed=0)):
        bound = math.sqrt(6 / sum(weight.shape))
        assert np.abs(weight).max() <= bound
        np.testing.assert_allclose(weight.std(), bound / math.sqrt(3), rtol=0.05)
    assert not layer.attention.query.bias.any()
    assert (layer.feed_forward_norm.weight == 1).all()


def test_no_two_weights_of_a_stack_are_the_same():
    weights = [w.ravel()[:8].tobytes() for w in encoder_weights(random_encoder(8, 3, 2, seed=0))]
    assert len(set(weights)) == len(weights)


def test_more_layers_begin_with_the_same_ones():
    few, many = (random_encoder(8, layers, 2, seed=0) for layers in (1, 3))
    for one, other in zip(encoder_weights(few), encoder_weights(many), strict=False):
        np.testing.assert_array_equal(one, other)


def test_the_feed_forward_is_four_times_as_wide_unless_told_otherwise():
    assert random_encoder(8, 1, 2, 0).layers[0].feed_forward.inner.weight.shape == (32, 8)
    other = random_encoder(8, 1, 2, 0, feed_forward_width=10, activation=gelu).layers[0]
    assert other.feed_forward.inner.weight.shape == (10, 8)
    assert other.feed_forward.activation is gelu


def test_embeddings_have_mean_zero_and_variance_one():
    table = random_embeddings(1000, 32, seed=0)
    assert table.shape == (1000, 32)
    assert table.dtype == np.float32
    np.testing.assert_allclose([table.mean(), table.std()], [0, 1], atol=0.02)


def test_a_larger_vocabulary_begins_with_the_same_embeddings():
    np.testing.assert_array_equal(random_embeddings(9, 4, 0)[:5], random_embeddings(5, 4, 0))


def test_encoder_decoder_and_embeddings_draw_from_streams_of_their_own():
    whole = random_transformer(8, 1, 2, seed=0)
    first = [
        whole.encoder.layers[0].attention.query.weight,
        whole.decoder.layers[0].self_attention.query.weight,
        random_embeddings(8, 8, seed=0),
    ]
    signs = {(weight > 0).tobytes() for weight in first}
    assert len(signs) == 3


def test_a_transformer_has_the_encoder_of_its_seed():
    whole, alone = random_transformer(8, 2, 2, seed=4), random_encoder(8, 2, 2, seed=4)
    pairs = zip(encoder_weights(whole.encoder), encoder_weights(alone), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)
    assert len(whole.decoder.layers) == 2


@pytest.mark.parametrize("sizes", [(8, 2, 3), (0, 2, 1), (8, 0, 2), (8, 2, 0)])
def test_sizes_that_do_not_fit_are_refused(sizes):
    with pytest.raises(ValueError, match="got width {}, layers {} and heads {}".format(*sizes)):
        random_encoder(*sizes, seed=0)


def test_a_negative_seed_and_an_empty_vocabulary_are_refused():
    with pytest.raises(ValueError, match="expected a seed of zero or more, got -1"):
        random_encoder(8, 1, 2, seed=-1)
    with pytest.raises(ValueError, match="got 0 and 4"):
        random_embeddings(0, 4, seed=0)
