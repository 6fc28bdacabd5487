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
}
WINDOWS = {"use_sliding_window": True, "sliding_window": 8}
SLIDING = "sliding_attention"


def config_of(family, **values):
    return AutoConfig.for_model(family, **(SIZES | values))


@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("llama", {"rope_theta": 70.0}),
        ("llama", {"attention_bias": True, "mlp_bias": True, "num_key_value_heads": 6}),
        ("llama", {"head_dim": None, "num_key_value_heads": 3, "hidden_act": "gelu_new"}),
        ("llama", {"num_key_value_heads": None, "num_attention_heads": 1, "head_dim": 2}),
        ("mistral", {"sliding_window": None}),
        ("mistral", {"sliding_window": 9}),
        ("mistral", {"sliding_window": 1, "num_key_value_heads": 3, "head_dim": None}),
        ("mistral", {"sliding_window": 49, "rope_theta": 1e6}),
        ("qwen3", {"rope_theta": 1e6}),
        ("qwen3", {"attention_bias": True, "num_key_value_heads": 6, "head_dim": 4}),
        ("qwen3", WINDOWS | {"max_window_layers": 1}),
        ("qwen3", {"num_key_value_heads": None, "hidden_act": "gelu", "rms_norm_eps": 0.1}),
        ("qwen3", WINDOWS | {"layer_types": [SLIDING, "full_attention", SLIDING]}),
    ],
)
def test_states_equal_transformers(parity, family, values):
    parity(config_of(family, **values), longest=50)


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen3"])
def test_a_base_beside_the_other_settings_is_read(make_tiny, ragged_states, family):
    tiny = make_tiny(config_of(family, rope_theta=321.0))
    old = {"rope_parameters": None, "rope_scaling": None, "rope_theta": 321, "layer_types": None}
    assert (ragged_states(tiny.engine(**old)) == ragged_states(tiny.engine())).all()


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen3"])
def test_names_with_a_prefix_are_read(make_tiny, ragged_states, prefixed, family):
    tiny = make_tiny(config_of(family))
    plain = ragged_states(tiny.engine())
    prefixed(tiny, "model.", "lm_head.weight")
    assert (ragged_states(tiny.engine()) == plain).all()


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen3"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"is_causal": False}, "is_causal is False.*--engine torch"),
        ({"use_bidirectional_attention": True}, "use_bidirectional_attention is True"),
        ({"rope_parameters": None}, "config.json has no rope_theta"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, "rope_scaling is"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 5.0}}, "rope_type is 'llama3'"),
        ({"rope_parameters": {"rope_theta": 5.0, "factor": 8.0}}, "rope_parameters has factor"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5"),
        ({"head_dim": 9}, "heads are 9 wide"),
        ({"num_key_value_heads": 4}, "6 heads cannot share 4 heads"),
        ({"hidden_act": "mish"}, "hidden_act is 'mish'"),
        ({"num_hidden_layers": 2, "layer_types": None}, "tensor 'layers.2.*' is no part of a"),
        ({"rms_norm_eps": None}, "rms_norm_eps is None"),
    ],
)
def test_what_the_code_does_not_do_is_refused(make_tiny, family, change, message):
    with pytest.raises(ModelError, match=message):
        make_tiny(config_of(family)).engine(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer_types": [SLIDING] * 3}, "use_sliding_window is False"),
        (
            {"use_sliding_window": True, "max_window_layers": 0, "layer_types": None},
            "sliding_window",
        ),
        ({"head_dim": None}, "head_dim is None"),
        ({"attention_bias": True}, "no tensor 'layers.0.self_attn.q_proj.bias'"),
    ],
)
def test_what_qwen3_does_not_say_is_refused(make_tiny, change, message):
    with pytest.raises(ModelError, match=message):
        make_tiny(config_of("qwen3")).engine(**change)
