import numpy as np
import pytest
import torch
from transformers import AutoConfig
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder
from transformers.models.t5.modeling_t5 import T5Attention

from embedcli.errors import ModelError
from embedcli.families.relative_bias import RelativeBias, buckets

SIZES = {
    "vocab_size": 41,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "max_position_embeddings": 31,
    "layer_norm_eps": 1e-5,
}


def config_of(**values):
    return AutoConfig.for_model("mpnet", **(SIZES | values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"hidden_act": "relu", "num_attention_heads": 3, "layer_norm_eps": 1e-3},
        {"hidden_act": "gelu_new", "pad_token_id": 5, "max_position_embeddings": 210},
    ],
)
def test_states_equal_transformers(parity, values):
    config = config_of(**values)
    parity(config, longest=config.max_position_embeddings - 2)


@pytest.mark.parametrize(("count", "max_distance"), [(32, 128), (16, 128), (8, 20), (64, 300)])
def test_buckets_equal_transformers_at_every_edge(count, max_distance):
    distances = np.arange(-1500, 1501, dtype=np.int32)
    tensor = torch.from_numpy(distances).long()
    ours = buckets(distances, count, max_distance)
    mpnet = MPNetEncoder.relative_position_bucket(tensor, count, max_distance)
    t5 = T5Attention._relative_position_bucket(tensor, True, count, max_distance)
    np.testing.assert_array_equal(ours, mpnet.numpy())
    np.testing.assert_array_equal(ours, t5.numpy())


def test_the_bias_of_three_tokens_by_hand():
    # Four buckets: the query itself, one behind, none, one ahead and further.
    bias = RelativeBias(np.array([[0.0], [1.0], [2.0], [3.0]], np.float32), max_distance=8)
    assert bias(3).tolist() == [[[0, 3, 3], [1, 0, 3], [1, 1, 0]]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relative_attention_num_buckets": 16}, "relative_attention_num_buckets is 16"),
        ({"num_attention_heads": 2}, r"bias.weight' has shape \(32, 4\), expected \(32, 2\)"),
    ],
)
def test_what_the_code_does_not_do_is_refused(make_tiny, change, message):
    with pytest.raises(ModelError, match=message):
        make_tiny(config_of()).engine(**change)
