import pytest
from transformers import AutoConfig

from embedcli.errors import ModelError

SIZES = {
    "vocab_size": 41,
    "dim": 24,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 37,
    "max_position_embeddings": 29,
}


def config_of(**values):
    return AutoConfig.for_model("distilbert", **(SIZES | values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"activation": "relu", "n_heads": 3, "n_layers": 3},
        {"activation": "gelu_new", "dim": 15, "n_heads": 5, "sinusoidal_pos_embds": True},
    ],
)
def test_states_equal_transformers(parity, values):
    config = config_of(**values)
    parity(config, longest=config.max_position_embeddings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activation": "tanh"}, "activation is 'tanh'"),
        ({"n_heads": 7}, "n_heads is 7, which does not divide 24"),
        ({"n_layers": 1}, "tensor 'transformer.layer.1.*' is no part of a distilbert"),
    ],
)
def test_what_the_code_does_not_do_is_refused(make_tiny, change, message):
    with pytest.raises(ModelError, match=message):
        make_tiny(config_of()).engine(**change)
