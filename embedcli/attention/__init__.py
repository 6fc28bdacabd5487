"""The Transformer in NumPy: functions and layers, with no idea of files or models.

Read bottom-up: softmax, dot_product, multi_head, positions, rotary, normalization, feed_forward,
encoder, decoder, transformer. docs/attention.md is the lesson.
"""

from embedcli.attention.activations import (
    gelu,
    gelu_tanh,
    quick_gelu,
    relu,
    sigmoid,
    silu,
    tanh,
)
from embedcli.attention.decoder import Decoder, DecoderLayer
from embedcli.attention.dot_product import scaled_dot_product_attention, self_attention
from embedcli.attention.encoder import Encoder, EncoderLayer
from embedcli.attention.feed_forward import FeedForward, GatedFeedForward
from embedcli.attention.folding import folded
from embedcli.attention.linear import Activation, Linear
from embedcli.attention.masks import causal_mask, padding_mask, window_mask
from embedcli.attention.memory import Memory
from embedcli.attention.multi_head import (
    Block,
    LengthMask,
    Mask,
    MultiHeadAttention,
    multi_head_attention,
    positions_of,
)
from embedcli.attention.normalization import LayerNorm, Norm, RMSNorm, layer_norm, rms_norm
from embedcli.attention.positions import positional_encoding
from embedcli.attention.rotary import RotaryEmbedding
from embedcli.attention.softmax import softmax
from embedcli.attention.transformer import Transformer
from embedcli.attention.untrained import random_embeddings, random_encoder, random_transformer

__all__ = [
    "Activation",
    "Block",
    "Decoder",
    "DecoderLayer",
    "Encoder",
    "EncoderLayer",
    "FeedForward",
    "GatedFeedForward",
    "LayerNorm",
    "LengthMask",
    "Linear",
    "Mask",
    "Memory",
    "MultiHeadAttention",
    "Norm",
    "RMSNorm",
    "RotaryEmbedding",
    "Transformer",
    "causal_mask",
    "folded",
    "gelu",
    "gelu_tanh",
    "layer_norm",
    "multi_head_attention",
    "padding_mask",
    "positional_encoding",
    "positions_of",
    "quick_gelu",
    "random_embeddings",
    "random_encoder",
    "random_transformer",
    "relu",
    "rms_norm",
    "scaled_dot_product_attention",
    "self_attention",
    "sigmoid",
    "silu",
    "softmax",
    "tanh",
    "window_mask",
]
