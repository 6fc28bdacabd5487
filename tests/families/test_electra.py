import pytest
from transformers import AutoConfig

from embedcli.errors import ModelError

SIZES = {
    "vocab_size": 41,
    "embedding_size": 10,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "max_position_embeddings": 29,
    "layer_norm_eps": 1e-5,
}


def config_of(**values):
    return AutoConfig.for_model("electra", **(SIZES | values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"embedding_size": 24, "hidden_act": "relu", "num_attention_heads": 3},
        {"embedding_size": 31, "hidden_act": "gelu_new", "type_vocab_size": 1},
    ],
)
def test_states_equal_transformers(parity, values):
    config = config_of(**values)
    parity(config, longest=config.max_position_embeddings)


def test_a_projection_must_be_there_when_the_widths_differ(make_tiny):
    tiny = make_tiny(config_of(embedding_size=24))
    with pytest.raises(ModelError, match="expected"):
        tiny.engine(embedding_size=10)
