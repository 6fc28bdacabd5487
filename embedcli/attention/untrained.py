"""Seeded stacks without training: for learning, plumbing and tests.

The same seed gives the same bits on every platform: PCG64 draws 24-bit uniform numbers in a fixed
order (layer by layer, in the order of each layer's fields), and one float32 product scales them.
"""

from __future__ import annotations

import math

import numpy as np

from embedcli.attention.activations import relu
from embedcli.attention.decoder import Decoder, DecoderLayer
from embedcli.attention.encoder import Encoder, EncoderLayer
from embedcli.attention.feed_forward import FeedForward
from embedcli.attention.linear import Activation, Linear
from embedcli.attention.memory import Array
from embedcli.attention.multi_head import MultiHeadAttention
from embedcli.attention.normalization import LayerNorm
from embedcli.attention.transformer import Transformer

# One stream of random numbers for each thing that a seed makes: they do not repeat one another.
_ENCODER, _EMBEDDINGS, _DECODER = range(3)


def random_encoder(
    width: int,
    layers: int,
    heads: int,
    seed: int,
    *,
    feed_forward_width: int | None = None,
    activation: Activation = relu,
) -> Encoder:
    """A post-norm encoder with Xavier-uniform weights (Glorot & Bengio 2010) and zero biases.

    Args:
        width: D.
        layers: how many.
        heads: H, a divisor of D.
        seed: zero or more.
        feed_forward_width: F, 4 D unless given.
        activation: of the feed-forward layers.

    Returns:
        An encoder (..., T, D) -> (..., T, D), float32.

    Raises:
        ValueError: when a size is not positive, H does not divide D, or the seed is negative.
    """
    _check_sizes(width, layers, heads)
    make = _Maker(_stream(seed, _ENCODER), width, heads, feed_forward_width, activation)
    return Encoder([make.encoder_layer() for _ in range(layers)])


def random_transformer(
    width: int,
    layers: int,
    heads: int,
    seed: int,
    *,
    feed_forward_width: int | None = None,
    activation: Activation = relu,
) -> Transformer:
    """``random_encoder``'s encoder with as many decoder layers; the same arguments and errors."""
    encoder = random_encoder(
        width, layers, heads, seed, feed_forward_width=feed_forward_width, activation=activation
    )
    make = _Maker(_stream(seed, _DECODER), width, heads, feed_forward_width, activation)
    return Transformer(encoder, Decoder([make.decoder_layer() for _ in range(layers)]))


def random_embeddings(vocab_size: int, width: int, seed: int) -> Array:
    """(V, D) float32, uniform with mean 0 and variance 1: about as large as the sinusoids."""
    if vocab_size < 1 or width < 1:
        raise ValueError(f"expected vocab_size and width >= 1, got {vocab_size} and {width}")
    return _uniform(_stream(seed, _EMBEDDINGS), (vocab_size, width), math.sqrt(3))


class _Maker:
    """Draws one layer after another from a stream of random numbers."""

    def __init__(
        self,
        stream: np.random.Generator,
        width: int,
        heads: int,
        feed_forward_width: int | None,
        activation: Activation,
    ) -> None:
        self._stream = stream
        self._width = width
        self._heads = heads
        self._hidden = 4 * width if feed_forward_width is None else feed_forward_width
        self._activation = activation

    def encoder_layer(self) -> EncoderLayer:
        return EncoderLayer(self._attention(), self._norm(), self._feed_forward(), self._norm())

    def decoder_layer(self) -> DecoderLayer:
        return DecoderLayer(
            self._attention(), self._norm(), self._attention(), self._norm(),
            self._feed_forward(), self._norm(),
        )  # fmt: skip

    def _attention(self) -> MultiHeadAttention:
        query, key, value, output = (self._linear(self._width, self._width) for _ in range(4))
        return MultiHeadAttention(query, key, value, output, self._heads)

    def _feed_forward(self) -> FeedForward:
        inner = self._linear(self._width, self._hidden)
        return FeedForward(inner, self._linear(self._hidden, self._width), self._activation)

    def _linear(self, fan_in: int, fan_out: int) -> Linear:
        weight = _uniform(self._stream, (fan_out, fan_in), math.sqrt(6 / (fan_in + fan_out)))
        return Linear(weight, np.zeros(fan_out, np.float32))

    def _norm(self) -> LayerNorm:
        ones, zeros = np.ones(self._width, np.float32), np.zeros(self._width, np.float32)
        return LayerNorm(ones, zeros, eps=1e-5)


def _check_sizes(width: int, layers: int, heads: int) -> None:
    if min(width, layers, heads) < 1 or width % heads:
        raise ValueError(
            f"expected width, layers and heads >= 1 and heads that divide the width, "
            f"got width {width}, layers {layers} and heads {heads}"
        )


def _stream(seed: int, what: int) -> np.random.Generator:
    if seed < 0:
        raise ValueError(f"expected a seed of zero or more, got {seed}")
    return np.random.default_rng((seed, what))


def _uniform(stream: np.random.Generator, shape: tuple[int, int], bound: float) -> Array:
    """Uniform between -bound and bound, with one rounding."""
    drawn: Array = stream.random(shape, dtype=np.float32)
    drawn *= 2
    drawn -= 1
    drawn *= np.float32(bound)
    return drawn
