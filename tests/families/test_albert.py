import pytest
from transformers import AutoConfig

from embedcli.errors import ModelError

SIZES = {
    "vocab_size": 41,
    "embedding_size": 10,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "max_position_embeddings": 29,
    "layer_norm_eps": 1e-5,
    "num_hidden_groups": 1,
    "inner_group_num": 1,
}


def config_of(**values):
    return AutoConfig.for_model("albert", **(SIZES | values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"num_hidden_groups": 2, "num_hidden_layers": 5, "hidden_act": "gelu"},
        {"num_hidden_groups": 3, "inner_group_num": 2, "hidden_act": "relu", "embedding_size": 24},
    ],
)
def test_states_equal_transformers(parity, values):
    config = config_of(**values)
    parity(config, longest=config.max_position_embeddings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_groups": 2}, "no tensor 'encoder.albert_layer_groups.1"),
        ({"inner_group_num": 2}, r"no tensor 'encoder.albert_layer_groups.0.albert_layers.1"),
    ],
)
def test_groups_that_are_not_in_the_checkpoint_are_named(make_tiny, change, message):
    with pytest.raises(ModelError, match=message):
        make_tiny(config_of()).engine(**change)


def test_a_group_that_no_layer_uses_is_refused(make_tiny):
    tiny = make_tiny(config_of(num_hidden_groups=2))
    with pytest.raises(ModelError, match=r"albert_layer_groups.1.* is no part of a albert"):
        tiny.engine(num_hidden_groups=1)
