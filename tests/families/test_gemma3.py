import pytest
from transformers import AutoConfig

from embedcli.errors import ModelError

SIZES = {
    "vocab_size": 41,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "intermediate_size": 37,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-4,
    "head_dim": 10,
    "sliding_window": 8,
    "sliding_window_pattern": 2,
    "query_pre_attn_scalar": 7,
    "use_bidirectional_attention": True,
}


def config_of(**values):
    return AutoConfig.for_model("gemma3_text", **(SIZES | values))


@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"sliding_window": 13, "num_key_value_heads": 1, "rope_theta": 5e4},
        {"attention_bias": True, "num_key_value_heads": 6, "rope_local_base_freq": 90.0},
        {"layer_types": ["full_attention"] * 3, "hidden_activation": "silu"},
        {"layer_types": ["sliding_attention"] * 3, "sliding_window": 3, "num_key_value_heads": 3},
    ],
)
def test_states_equal_transformers(parity, values, both_ways):
    parity(config_of(use_bidirectional_attention=both_ways, **values), longest=50)


def test_files_of_before_transformers_5_are_read(make_tiny, ragged_states):
    tiny = make_tiny(config_of(rope_theta=900.0, rope_local_base_freq=40.0))
    old = {
        "rope_parameters": None,
        "layer_types": None,
        "sliding_window_pattern": 2,
        "rope_theta": 900,
        "rope_local_base_freq": 40,
    }
    assert (ragged_states(tiny.engine(**old)) == ragged_states(tiny.engine())).all()


def test_names_with_a_prefix_are_read(make_tiny, ragged_states, prefixed):
    tiny = make_tiny(config_of())
    plain = ragged_states(tiny.engine())
    prefixed(tiny, "model.", "lm_head.weight")
    assert (ragged_states(tiny.engine()) == plain).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attn_logit_softcapping": 50.0}, "attn_logit_softcapping is 50.0.*--engine torch"),
        ({"is_causal": False}, "is_causal is False"),
        ({"use_bidirectional_attention": None}, "use_bidirectional_attention is None"),
        ({"rope_parameters": None}, "config.json has no rope_theta"),
        ({"rope_scaling": {"rope_type": "linear", "factor": 8.0}}, "rope_scaling is"),
        ({"hidden_activation": None}, "hidden_activation is None"),
        ({"sliding_window": None}, "sliding_window is None"),
        ({"query_pre_attn_scalar": None}, "query_pre_attn_scalar is None"),
        ({"layer_types": ["full_attention"] * 2}, "layer_types is"),
    ],
)
def test_what_the_code_does_not_do_is_refused(make_tiny, change, message):
    with pytest.raises(ModelError, match=message):
        make_tiny(config_of()).engine(**change)
