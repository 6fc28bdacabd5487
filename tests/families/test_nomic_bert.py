import json
import re

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel

from embedcli.errors import ModelError

SIZES = {
    "vocab_size": 41,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "intermediate_size": 37,
    "max_position_embeddings": 64,
    "layer_norm_eps": 1e-4,
    "rope_theta": 700.0,
}

PUBLISHED = {
    "activation_function": "swiglu",
    "layer_norm_epsilon": 1e-4,
    "model_type": "nomic_bert",
    "n_embd": 24,
    "n_head": 3,
    "n_inner": 37,
    "n_layer": 3,
    "prenorm": False,
    "qkv_proj_bias": False,
    "rotary_emb_base": 700,
    "rotary_emb_fraction": 1.0,
    "rotary_emb_scale_base": None,
    "rotary_scaling_factor": None,
    "type_vocab_size": 2,
    "vocab_size": 41,
}
"""What config.json of nomic-embed-text-v1.5 has, where it matters."""

NAMES = {
    r"embeddings\.LayerNorm": "emb_ln",
    r"layers\.(\d+)\.self_attn\.o_proj": r"encoder.layers.\1.attn.out_proj",
    r"layers\.(\d+)\.mlp\.up_proj": r"encoder.layers.\1.mlp.fc11",
    r"layers\.(\d+)\.mlp\.gate_proj": r"encoder.layers.\1.mlp.fc12",
    r"layers\.(\d+)\.mlp\.down_proj": r"encoder.layers.\1.mlp.fc2",
    r"layers\.(\d+)\.post_attention_layernorm": r"encoder.layers.\1.norm1",
    r"layers\.(\d+)\.post_mlp_layernorm": r"encoder.layers.\1.norm2",
}


def config_of(**values):
    return AutoConfig.for_model("nomic_bert", **(SIZES | values))


def publish(tiny):
    """Store a checkpoint as the authors do."""
    tensors = {name: t.clone() for name, t in tiny.model.state_dict().items()}
    for layer in range(3):
        heads = [tensors.pop(f"layers.{layer}.self_attn.{x}_proj.weight") for x in "qkv"]
        tensors[f"encoder.layers.{layer}.attn.Wqkv.weight"] = torch.cat(heads)
    for pattern, new in NAMES.items():
        tensors = {re.sub(f"^{pattern}", new, name): t for name, t in tensors.items()}
    save_file(tensors, tiny.folder / "model.safetensors", {"format": "pt"})
    (tiny.folder / "config.json").write_text(json.dumps(PUBLISHED))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"head_dim": 10, "rope_theta": 10000.0, "type_vocab_size": 1},
        {"hidden_act": "gelu", "num_attention_heads": 12, "num_hidden_layers": 1},
    ],
)
def test_states_equal_transformers(parity, values):
    parity(config_of(**values), longest=50)


def test_files_as_the_authors_publish_them_are_read(make_tiny, ragged_states):
    tiny = make_tiny(config_of())
    before = ragged_states(tiny.engine())
    publish(tiny)
    assert "encoder.layers.0.attn.Wqkv.weight" in load_file(tiny.folder / "model.safetensors")
    assert (ragged_states(tiny.engine()) == before).all()


def test_transformers_reads_the_authors_names_as_we_do(make_tiny):
    tiny = make_tiny(config_of())
    publish(tiny)
    (tiny.folder / "config.json").write_text(tiny.model.config.to_json_string())
    again = AutoModel.from_pretrained(tiny.folder)
    for name, tensor in tiny.model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_names_with_a_prefix_are_read(make_tiny, ragged_states, prefixed):
    for prefix in ("nomic_bert.", "bert."):
        tiny = make_tiny(config_of())
        plain = ragged_states(tiny.engine())
        prefixed(tiny, prefix, "cls.predictions.bias")
        assert (ragged_states(tiny.engine()) == plain).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activation_function": "gelu"}, "activation_function is 'gelu'.*--engine torch"),
        ({"prenorm": True}, "prenorm is True"),
        ({"causal": True}, "causal is True"),
        ({"qkv_proj_bias": True}, "qkv_proj_bias is True"),
        ({"rotary_emb_fraction": 0.5}, "rotary_emb_fraction is 0.5"),
        ({"rotary_emb_interleaved": True}, "rotary_emb_interleaved is True"),
        ({"rotary_scaling_factor": 2}, "rotary_scaling_factor is 2"),
        ({"n_layer": 2}, "tensor 'encoder.layers.2.*' is no part of a nomic_bert"),
    ],
)
def test_what_the_code_does_not_do_is_refused(make_tiny, change, message):
    tiny = make_tiny(config_of())
    publish(tiny)
    with pytest.raises(ModelError, match=message):
        tiny.engine(**change)


def test_scaled_angles_are_refused(make_tiny):
    with pytest.raises(ModelError, match="rope_type is 'dynamic'"):
        make_tiny(config_of()).engine(rope_parameters={"rope_type": "dynamic", "rope_theta": 5.0})
