import pytest
from transformers import AutoConfig

from embedcli.errors import ModelError

SIZES = {
    "vocab_size": 41,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "max_position_embeddings": 29,
    "layer_norm_eps": 1e-5,
}


def config_of(**values):
    return AutoConfig.for_model("bert", **(SIZES | values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"hidden_act": "gelu_new", "num_attention_heads": 3, "layer_norm_eps": 0.1},
        {"hidden_act": "relu", "type_vocab_size": 1, "num_hidden_layers": 3},
        {"hidden_act": "silu", "hidden_size": 15, "num_attention_heads": 5, "vocab_size": 7},
        {"hidden_act": "quick_gelu", "num_attention_heads": 1, "intermediate_size": 5},
        {"hidden_act": "gelu_pytorch_tanh", "num_attention_heads": 24, "type_vocab_size": 4},
        {"hidden_act": "swish", "max_position_embeddings": 140},
    ],
)
def test_states_equal_transformers(parity, values):
    config = config_of(**values)
    parity(config, longest=config.max_position_embeddings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position_embedding_type": "relative_key"}, "position_embedding_type is 'relative_key'"),
        ({"is_decoder": True}, "is_decoder is True"),
        ({"add_cross_attention": True}, "add_cross_attention is True"),
        ({"pruned_heads": {"0": [1]}}, "pruned_heads is"),
        ({"hidden_act": "mish"}, "hidden_act is 'mish'.*--engine torch"),
        ({"num_attention_heads": 5}, "num_attention_heads is 5, which does not divide 24"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0"),
        ({"num_hidden_layers": 3}, "no tensor 'encoder.layer.2.attention.self.query.weight'"),
        ({"num_hidden_layers": 1}, "tensor 'encoder.layer.1.*' is no part of a bert"),
        ({"vocab_size": 40}, r"word_embeddings.weight' has shape \(41, 24\), expected \(40, 24\)"),
        ({"quantization_config": {"bits": 8}}, "quantization_config is set"),
        ({"layer_norm_eps": "small"}, "layer_norm_eps is 'small', expected a number"),
    ],
)
def test_what_the_code_does_not_do_is_refused(make_tiny, change, message):
    with pytest.raises(ModelError, match=message):
        make_tiny(config_of()).engine(**change)
