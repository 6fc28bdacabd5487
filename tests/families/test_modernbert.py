import pytest
from transformers import AutoConfig

from embedcli.errors import ModelError

SIZES = {
    "vocab_size": 41,
    "hidden_size": 24,
    "num_hidden_layers": 4,
    "num_attention_heads": 3,
    "intermediate_size": 37,
    "max_position_embeddings": 64,
    "local_attention": 10,
    "pad_token_id": 0,
    "norm_eps": 1e-4,
}


def config_of(**values):
    return AutoConfig.for_model("modernbert", **(SIZES | values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"norm_bias": True, "attention_bias": True, "mlp_bias": True, "local_attention": 7},
        {"global_attn_every_n_layers": 2, "local_rope_theta": 100.0, "global_rope_theta": 5e4},
        {"layer_types": ["sliding_attention"] * 2 + ["full_attention"] * 2, "local_attention": 2},
        {"hidden_activation": "gelu_pytorch_tanh", "hidden_size": 20, "num_attention_heads": 5},
        {"hidden_activation": "silu", "num_attention_heads": 12, "num_hidden_layers": 1},
    ],
)
def test_states_equal_transformers(parity, values):
    parity(config_of(**values), longest=50)


OLD = {
    "rope_parameters": None,
    "layer_types": None,
    "global_attn_every_n_layers": 3,
    "global_rope_theta": 900.0,
    "local_rope_theta": 40.0,
}


def test_files_of_before_transformers_5_are_read(make_tiny, ragged_states):
    tiny = make_tiny(config_of(global_rope_theta=900.0, local_rope_theta=40.0))
    assert (ragged_states(tiny.engine(**OLD)) == ragged_states(tiny.engine())).all()


def test_names_with_a_prefix_are_read(make_tiny, ragged_states, prefixed):
    tiny = make_tiny(config_of())
    plain = ragged_states(tiny.engine())
    prefixed(tiny, "model.", "decoder.bias")
    assert (ragged_states(tiny.engine()) == plain).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_activation": "mish"}, "hidden_activation is 'mish'.*--engine torch"),
        ({"rope_parameters": None}, "config.json has no global_rope_theta"),
        ({**OLD, "rope_scaling": {"type": "linear", "factor": 2.0}}, "rope_scaling is"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5"),
        ({"head_dim": 4}, "head_dim is 4"),
        ({"num_attention_heads": 5}, "num_attention_heads is 5, which does not divide 24"),
        ({"num_attention_heads": 8}, "heads are 3 wide, expected an even number"),
        ({"layer_types": ["full_attention"]}, "layer_types is .* for each of 4 layers"),
        ({"layer_types": ["chunked_attention"] * 4}, "layer_types is"),
        ({"attention_bias": True}, "no tensor 'layers.0.attn.Wqkv.bias'"),
        ({"attention_bias": None}, "attention_bias is None, expected true or false"),
        ({"vocab_size": 40}, r"shape \(41, 24\), expected \(40, 24\)"),
        ({"quantization_config": {"bits": 8}}, "quantization_config is set"),
    ],
)
def test_what_the_code_does_not_do_is_refused(make_tiny, change, message):
    with pytest.raises(ModelError, match=message):
        make_tiny(config_of()).engine(**change)


@pytest.mark.parametrize("kind", ["full_attention", "sliding_attention"])
def test_scaled_angles_are_refused(make_tiny, kind):
    tiny = make_tiny(config_of())
    plain = {"rope_type": "default", "rope_theta": 10.0}
    both = {"full_attention": plain, "sliding_attention": plain}
    scaled = {**plain, "rope_type": "linear", "factor": 2.0}
    with pytest.raises(ModelError, match=r"rope_parameters has factor.*--engine torch"):
        tiny.engine(rope_parameters=both | {kind: scaled})
    with pytest.raises(ModelError, match="rope_type is 'dynamic'"):
        tiny.engine(rope_parameters=both | {kind: {**plain, "rope_type": "dynamic"}})


def test_a_bias_that_the_config_does_not_tell_of_is_refused(make_tiny):
    with pytest.raises(ModelError, match=r"layers.0.attn.*bias' is no part of a modernbert"):
        make_tiny(config_of(attention_bias=True)).engine(attention_bias=False)
