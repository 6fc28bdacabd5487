"""NomicBERT (Nussbaum et al. 2024): BERT with rotary positions and SwiGLU, and without biases.

Read as its authors publish it (``n_embd``, ``attn.Wqkv``) and as transformers writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedcli.attention import (
    Block,
    Encoder,
    EncoderLayer,
    GatedFeedForward,
    LayerNorm,
    Memory,
    MultiHeadAttention,
)
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray
from embedcli.families.parts import Config, layer_norm, linear, look_up, root_of, split
from embedcli.families.rope import rotary_embedding

KEYS = {
    "layer_norm_epsilon": "layer_norm_eps",
    "n_embd": "hidden_size",
    "n_head": "num_attention_heads",
    "n_inner": "intermediate_size",
    "n_layer": "num_hidden_layers",
    "rotary_emb_base": "rope_theta",
}
"""The authors' keys of config.json -> those of transformers."""

FIXED = {
    "activation_function": "swiglu",
    "causal": False,
    "mlp_fc1_bias": False,
    "mlp_fc2_bias": False,
    "parallel_block": False,
    "prenorm": False,
    "qkv_proj_bias": False,
    "rotary_emb_fraction": 1,
    "rotary_emb_interleaved": False,
    "rotary_emb_scale_base": None,
    "rotary_scaling_factor": None,
    "scale_attn_by_inverse_layer_idx": False,
    "scale_attn_weights": True,
    "use_rms_norm": False,
}
"""What the authors' code could do otherwise, and this does not."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the tensors are called: in the model, and in each layer."""

    norm: str
    layers: str
    heads: tuple[str, ...]
    output: str
    attention_norm: str
    gate: str
    inner: str
    outer: str
    feed_forward_norm: str


PUBLISHED = Names(
    "emb_ln", "encoder.layers", ("attn.Wqkv",), "attn.out_proj", "norm1",
    "mlp.fc12", "mlp.fc11", "mlp.fc2", "norm2",
)  # fmt: skip
TRANSFORMERS = Names(
    "embeddings.LayerNorm", "layers",
    ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), "self_attn.o_proj",
    "post_attention_layernorm", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
    "post_mlp_layernorm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NomicBert:
    """Embeddings of words (V, D) and of the first segment (D,), their norm, then an encoder."""

    words: FloatArray
    segment: FloatArray
    norm: LayerNorm
    encoder: Encoder

    @property
    def width(self) -> int:
        """D."""
        return int(self.words.shape[1])

    def __call__(self, ids: IntArray, blocks: tuple[Block, ...], memory: Memory) -> FloatArray:
        """(T,) -> (T, D); see ``families.TextEncoder``."""
        x = look_up(self.words, ids, memory)
        x += self.segment
        return self.encoder(self.norm(x, out=x), blocks=blocks, memory=memory)


def load(values: Mapping[str, Any], weights: Weights) -> NomicBert:
    """Build the model from config.json and a checkpoint, in either spelling of each."""
    config = _renamed(Config(values))
    words = "embeddings.word_embeddings.weight"
    root = root_of(weights, "nomic_bert", words) or root_of(weights, "bert", words)
    names = PUBLISHED if weights.has(f"{root}{PUBLISHED.norm}.weight") else TRANSFORMERS
    width = config.integer("hidden_size")
    segments = f"{root}embeddings.token_type_embeddings.weight"
    layers = [
        _layer(config, weights, f"{root}{names.layers}.{index}", names)
        for index in range(config.integer("num_hidden_layers"))
    ]
    return NomicBert(
        words=weights.take(f"{root}{words}", (config.integer("vocab_size"), width)),
        segment=weights.take(segments, (config.integer("type_vocab_size"), width))[0],
        norm=_norm(config, weights, f"{root}{names.norm}"),
        encoder=Encoder(layers),
    )


def _renamed(config: Config) -> Config:
    """The settings under the keys of transformers."""
    if "n_embd" not in config.values:
        return config
    for key, value in FIXED.items():
        config.require(key, value)
    renamed = {KEYS.get(key, key): value for key, value in config.values.items()}
    return Config(renamed | {"hidden_act": "silu"})


def _layer(config: Config, weights: Weights, name: str, names: Names) -> EncoderLayer:
    return EncoderLayer(
        attention=_attention(config, weights, name, names),
        attention_norm=_norm(config, weights, f"{name}.{names.attention_norm}"),
        feed_forward=_feed_forward(config, weights, name, names),
        feed_forward_norm=_norm(config, weights, f"{name}.{names.feed_forward_norm}"),
    )


def _attention(config: Config, weights: Weights, name: str, names: Names) -> MultiHeadAttention:
    width, heads = config.integer("hidden_size"), config.integer("num_attention_heads")
    head_width = config.optional_integer("head_dim")
    if head_width is None:
        head_width = width // config.heads("num_attention_heads", width)
    inner = heads * head_width
    if len(names.heads) == 1:
        fused = linear(weights, f"{name}.{names.heads[0]}", 3 * inner, width, bias=False)
        query, key, value = split(fused, 3)
    else:
        query, key, value = (
            linear(weights, f"{name}.{part}", inner, width, bias=False) for part in names.heads
        )
    output = linear(weights, f"{name}.{names.output}", width, inner, bias=False)
    rotary = rotary_embedding(config, head_width)
    return MultiHeadAttention(query, key, value, output, heads, rotary=rotary)


def _feed_forward(config: Config, weights: Weights, name: str, names: Names) -> GatedFeedForward:
    width, inner = config.integer("hidden_size"), config.integer("intermediate_size")
    return GatedFeedForward(
        gate=linear(weights, f"{name}.{names.gate}", inner, width, bias=False),
        inner=linear(weights, f"{name}.{names.inner}", inner, width, bias=False),
        outer=linear(weights, f"{name}.{names.outer}", width, inner, bias=False),
        activation=config.activation("hidden_act"),
    )


def _norm(config: Config, weights: Weights, name: str) -> LayerNorm:
    width, eps = config.integer("hidden_size"), config.number("layer_norm_eps")
    return layer_norm(weights, name, width, eps)
