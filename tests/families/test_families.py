"""What holds for every family, and how checkpoints are stored."""

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForMaskedLM, BertModel

from embedcli.batching import pack
from embedcli.checkpoints import open_weights
from embedcli.engines.numpy_engine import NumpyEngine
from embedcli.errors import ModelError
from embedcli.families import FAMILIES, load_family

THIS = Path(__file__).name
BERT_LIKE = ("albert", "bert", "camembert", "distilbert", "electra", "mpnet", "roberta")
SIZES = {
    "vocab_size": 41,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "max_position_embeddings": 29,
}
TEXTS = ([5, 6, 7, 8, 9], [11], [30, 31, 32])


def config_of(family="bert", **values):
    return AutoConfig.for_model(family, **(SIZES | values))


def states(engine):
    """Of TEXTS, packed, longest first."""
    texts = [np.array(text, np.int32) for text in TEXTS]
    return engine.states(pack(texts, [0, 2, 1])).copy()


def engine_over(folder: Path) -> NumpyEngine:
    values = json.loads((folder / "config.json").read_text())
    return NumpyEngine(load_family(values, open_weights(folder)), workers=1)


def change_tensors(folder: Path, change) -> None:
    """Write the checkpoint anew with ``change(name)`` as names; a name of None is left out."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    save_file({n: t for name, t in tensors.items() if (n := change(name))}, path)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_a_parity_test(family):
    assert callable(import_module(FAMILIES[family]).load)
    others = (path for path in Path(__file__).parent.glob("test_*.py") if path.name != THIS)
    texts = [path.read_text(encoding="utf-8") for path in others]
    assert any(f'"{family}"' in text and "def test_states_equal" in text for text in texts)


@pytest.mark.parametrize("family", FAMILIES)
def test_docs_name_every_family(family):
    docs = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    assert f"`{family}`" in docs


@pytest.mark.parametrize("family", BERT_LIKE)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_weights_are_widened(make_tiny, family, dtype):
    tiny = make_tiny(config_of(family), dtype=dtype)
    ours = states(tiny.engine())
    theirs = [tiny.reference(np.array(TEXTS[place], np.int32)) for place in (0, 2, 1)]
    np.testing.assert_allclose(ours, np.concatenate(theirs), atol=1e-5 * np.abs(ours).max())


def test_shards_give_the_same_states(make_tiny):
    whole = make_tiny(config_of())
    shards = make_tiny(config_of(), dtype=torch.float64, max_shard_size="20KB")
    assert len(list(shards.folder.glob("model-*.safetensors"))) > 1
    np.testing.assert_allclose(states(shards.engine()), states(whole.engine()), atol=1e-6)


@pytest.mark.parametrize("family", BERT_LIKE)
def test_a_checkpoint_with_a_head_has_a_prefix_and_the_same_states(make_tiny, family, tmp_path):
    tiny = make_tiny(config_of(family))
    headed = AutoModelForMaskedLM.from_config(config_of(family))
    setattr(headed, headed.base_model_prefix, tiny.model)
    headed.save_pretrained(tmp_path / "headed", safe_serialization=True)
    names = open_weights(tmp_path / "headed").names
    assert any(name.startswith(f"{headed.base_model_prefix}.embeddings.") for name in names)
    np.testing.assert_array_equal(states(engine_over(tmp_path / "headed")), states(tiny.engine()))


def test_old_names_of_norms_and_stored_positions_are_read(make_tiny):
    tiny = make_tiny(config_of())
    before = states(tiny.engine())
    old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}

    def rename(name: str) -> str:
        for new, older in old.items():
            name = name.replace(new, older)
        return name

    change_tensors(tiny.folder, rename)
    path = tiny.folder / "model.safetensors"
    buffers = {"embeddings.position_ids": torch.arange(29)[None]}
    save_file(load_file(path) | buffers, path)
    np.testing.assert_array_equal(states(tiny.engine()), before)


def test_a_checkpoint_without_a_pooler_is_whole(make_tiny, tmp_path):
    tiny = make_tiny(config_of())
    bare = BertModel(config_of(), add_pooling_layer=False)
    bare.load_state_dict(tiny.model.state_dict(), strict=False)
    bare.save_pretrained(tmp_path / "bare")
    np.testing.assert_array_equal(states(engine_over(tmp_path / "bare")), states(tiny.engine()))


def test_a_missing_tensor_is_named_with_what_is_near_it(make_tiny):
    tiny = make_tiny(config_of())
    lost = "encoder.layer.1.output.dense.bias"
    change_tensors(tiny.folder, lambda name: None if name == lost else name)
    with pytest.raises(ModelError, match=f"no tensor '{lost}' in the weights; near it: encoder"):
        tiny.engine()


def test_a_tensor_that_the_encoder_does_not_use_is_refused(make_tiny):
    tiny = make_tiny(config_of())
    path = tiny.folder / "model.safetensors"
    extra = "encoder.layer.0.attention.self.distance_embedding.weight"
    save_file(load_file(path) | {extra: torch.zeros(3, 6)}, path)
    with pytest.raises(ModelError, match=f"tensor '{extra}' is no part of a bert"):
        tiny.engine()


@pytest.mark.parametrize("key", SIZES)
def test_a_size_that_config_does_not_say_is_an_error(make_tiny, key):
    tiny = make_tiny(config_of())
    values = json.loads((tiny.folder / "config.json").read_text())
    del values[key]
    with pytest.raises(ModelError, match=f"config.json has no {key}, which bert needs"):
        load_family(values, open_weights(tiny.folder))


def test_an_id_beyond_the_table_is_an_error(make_tiny):
    engine = make_tiny(config_of()).engine()
    with pytest.raises(ModelError, match="gives id 41, and the model's table of words ends at 40"):
        engine.states(pack([np.array([3, 41], np.int32)], [0]))
