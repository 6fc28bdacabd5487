from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from embedcli.attention import (
    Decoder,
    DecoderLayer,
    Encoder,
    EncoderLayer,
    FeedForward,
    LayerNorm,
    Linear,
    MultiHeadAttention,
    Transformer,
    gelu,
    relu,
)
from embedcli.attention.memory import Array


class FromTorch:
    """Our layers with the weights of torch's, and torch's with weights that all matter."""

    @staticmethod
    def seeded(module: nn.Module, seed: int = 0) -> nn.Module:
        """Random biases and norms too, where torch starts with zeros and ones."""
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in module.named_parameters():
            drawn = torch.rand(parameter.shape, generator=generator, dtype=parameter.dtype)
            is_scale = "norm" in name and name.endswith("weight")
            parameter.data = drawn + 0.5 if is_scale else (drawn - 0.5) * 0.6
        return module.train()  # without dropout; eval() would take another path than the layers'

    @staticmethod
    def attention(module: nn.MultiheadAttention) -> MultiHeadAttention:
        weights = module.in_proj_weight.detach().numpy()
        biases = module.in_proj_bias.detach().numpy()
        parts = zip(np.split(weights, 3), np.split(biases, 3), strict=True)
        query, key, value = (Linear(weight, bias) for weight, bias in parts)
        return MultiHeadAttention(query, key, value, linear(module.out_proj), module.num_heads)

    @classmethod
    def encoder_layer(cls, layer: nn.TransformerEncoderLayer) -> EncoderLayer:
        return EncoderLayer(
            cls.attention(layer.self_attn),
            norm(layer.norm1),
            feed_forward(layer),
            norm(layer.norm2),
            layer.norm_first,
        )

    @classmethod
    def decoder_layer(cls, layer: nn.TransformerDecoderLayer) -> DecoderLayer:
        return DecoderLayer(
            cls.attention(layer.self_attn),
            norm(layer.norm1),
            cls.attention(layer.multihead_attn),
            norm(layer.norm2),
            feed_forward(layer),
            norm(layer.norm3),
            layer.norm_first,
        )

    @classmethod
    def encoder(cls, stack: nn.TransformerEncoder) -> Encoder:
        final = None if stack.norm is None else norm(stack.norm)
        return Encoder([cls.encoder_layer(layer) for layer in stack.layers], final)

    @classmethod
    def transformer(cls, whole: nn.Transformer) -> Transformer:
        layers = [cls.decoder_layer(layer) for layer in whole.decoder.layers]
        return Transformer(cls.encoder(whole.encoder), Decoder(layers, norm(whole.decoder.norm)))


def linear(module: nn.Linear) -> Linear:
    return Linear(module.weight.detach().numpy(), module.bias.detach().numpy())


def norm(module: nn.LayerNorm) -> LayerNorm:
    return LayerNorm(module.weight.detach().numpy(), module.bias.detach().numpy(), module.eps)


def feed_forward(layer: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer) -> FeedForward:
    activation = gelu if layer.activation is nn.functional.gelu else relu
    return FeedForward(linear(layer.linear1), linear(layer.linear2), activation)


@pytest.fixture
def from_torch() -> type[FromTorch]:
    return FromTorch


@pytest.fixture
def hidden_keys():
    """torch's key_padding_mask: True where there is nothing to see."""

    def mask(lengths: Sequence[int]) -> torch.Tensor:
        return torch.arange(max(lengths)) >= torch.tensor(lengths)[:, None]

    return mask


@pytest.fixture
def normal():
    """Seeded normal numbers of a shape."""
    rng = np.random.default_rng(7)

    def draw(*shape: int, dtype: type = np.float32, scale: float = 1.0) -> Array:
        return (scale * rng.standard_normal(shape)).astype(dtype)

    return draw
