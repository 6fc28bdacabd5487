import numpy as np
import pytest
from transformers import AutoConfig

from embedcli.errors import ModelError
from embedcli.families.bert_like import positions_after_padding

SIZES = {
    "vocab_size": 41,
    "hidden_size": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 5,
    "intermediate_size": 33,
    "max_position_embeddings": 30,
    "layer_norm_eps": 1e-4,
    "pad_token_id": 1,
    "type_vocab_size": 1,
}


def config_of(family, **values):
    return AutoConfig.for_model(family, **(SIZES | values))


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta", "camembert"])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"hidden_act": "relu", "pad_token_id": 3, "num_attention_heads": 2},
        {"hidden_act": "gelu_new", "pad_token_id": 0, "type_vocab_size": 2, "hidden_size": 25},
    ],
)
def test_states_equal_transformers(parity, family, values):
    config = config_of(family, **values)
    parity(config, longest=config.max_position_embeddings - config.pad_token_id - 1)


def test_a_padding_token_inside_a_text_has_the_paddings_position():
    ids = np.array([5, 1, 6, 7, 1, 8, 1, 1], np.int32)
    positions = np.array([0, 1, 2, 3, 0, 1, 0, 1], np.int32)
    assert positions_after_padding(ids, positions, 1).tolist() == [2, 1, 3, 4, 1, 2, 1, 1]


def test_without_padding_tokens_positions_count_on_from_the_padding():
    ids, positions = np.array([5, 6, 7], np.int32), np.array([0, 1, 0], np.int32)
    assert positions_after_padding(ids, positions, 4).tolist() == [5, 6, 5]


def test_a_padding_id_must_be_known(make_tiny):
    with pytest.raises(ModelError, match="pad_token_id is None, expected a whole number from 0"):
        make_tiny(config_of("roberta")).engine(pad_token_id=None)
