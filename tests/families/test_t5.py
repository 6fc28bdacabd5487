import json

import pytest
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, T5EncoderModel, T5Model

from embedcli.errors import ModelError

SIZES = {
    "vocab_size": 41,
    "d_model": 24,
    "d_kv": 7,
    "d_ff": 37,
    "num_layers": 3,
    "num_decoder_layers": 1,
    "num_heads": 5,
    "relative_attention_num_buckets": 12,
    "relative_attention_max_distance": 30,
    "layer_norm_epsilon": 1e-4,
}


def config_of(**values):
    return AutoConfig.for_model("t5", **(SIZES | values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"feed_forward_proj": "gated-gelu", "num_heads": 2, "d_kv": 3},
        {"feed_forward_proj": "gated-silu", "relative_attention_num_buckets": 32},
        {"feed_forward_proj": "gelu", "relative_attention_max_distance": 128, "num_layers": 1},
        {"feed_forward_proj": "gated-relu", "layer_norm_epsilon": 0.1, "d_model": 9},
    ],
)
def test_states_equal_transformers(parity, values):
    parity(config_of(**values), longest=50, model_class=T5EncoderModel)


def test_the_encoder_of_a_whole_t5_is_read(make_tiny, ragged_states):
    encoder = make_tiny(config_of(), model_class=T5EncoderModel)
    whole = make_tiny(config_of(), seed=1, model_class=T5Model)
    for name, parameter in encoder.model.named_parameters():
        dict(whole.model.named_parameters())[name].data = parameter.data
    whole.model.save_pretrained(whole.folder)
    names = load_file(whole.folder / "model.safetensors")
    assert any(name.startswith("decoder.") for name in names)
    assert (ragged_states(whole.engine()) == ragged_states(encoder.engine())).all()


def test_the_first_files_do_not_say_what_had_no_alternative(make_tiny, ragged_states):
    tiny = make_tiny(config_of(relative_attention_max_distance=128), model_class=T5EncoderModel)
    before = ragged_states(tiny.engine())
    file = tiny.folder / "config.json"
    values = json.loads(file.read_text())
    for key in ("feed_forward_proj", "relative_attention_max_distance"):
        del values[key]
    file.write_text(json.dumps(values))
    assert (ragged_states(tiny.engine()) == before).all()


@pytest.mark.parametrize("kept", [["encoder.embed_tokens.weight"], ["shared.weight"], None])
def test_the_table_of_words_goes_by_two_names(make_tiny, ragged_states, kept):
    tiny = make_tiny(config_of(), model_class=T5EncoderModel)
    before = ragged_states(tiny.engine())
    file = tiny.folder / "model.safetensors"
    tensors = load_file(file)
    words = tensors.pop("shared.weight")
    for name in kept or ["encoder.embed_tokens.weight", "shared.weight"]:
        tensors[name] = words.clone()
    save_file(tensors, file)
    assert (ragged_states(tiny.engine()) == before).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feed_forward_proj": "gated-mish"}, "feed_forward_proj is 'gated-mish'.*--engine torch"),
        ({"feed_forward_proj": None}, "feed_forward_proj is None, expected a string"),
        ({"feed_forward_proj": "gated-relu"}, "no tensor 'encoder.block.0.*wi_0.weight'"),
        ({"is_decoder": True}, "is_decoder is True"),
        ({"num_layers": 2}, "tensor 'encoder.block.2.*' is no part of a t5"),
        ({"relative_attention_max_distance": 2}, "relative_attention_max_distance is 2"),
        ({"vocab_size": 40}, r"shape \(41, 24\), expected \(40, 24\)"),
    ],
)
def test_what_the_code_does_not_do_is_refused(make_tiny, change, message):
    with pytest.raises(ModelError, match=message):
        make_tiny(config_of(), model_class=T5EncoderModel).engine(**change)


def test_a_checkpoint_without_a_table_of_words_is_refused(make_tiny):
    tiny = make_tiny(config_of(), model_class=T5EncoderModel)
    file = tiny.folder / "model.safetensors"
    tensors = load_file(file)
    del tensors["shared.weight"]
    save_file(tensors, file)
    with pytest.raises(ModelError, match=r"no tensor 'shared.weight' in the weights, nor"):
        tiny.engine()
