"""Settings come from the files that sentence-transformers reads, and say which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from embedcli.checkpoints.checkpoint import Checkpoint
from embedcli.checkpoints.locate import find_checkpoint
from embedcli.checkpoints.modules import NormalizeModule, StaticEmbeddingModule, TransformerModule
from embedcli.checkpoints.pooling_config import NO_FILE, PoolingModule
from embedcli.checkpoints.settings import Setting, Settings, read_settings
from embedcli.errors import ModelError

OLD = "sentence_transformers.models."
BERT = {"model_type": "bert", "max_position_embeddings": 512}


def write(folder: Path, **files: Any) -> None:
    """Write JSON files; ``__`` stands for ``/`` in their names."""
    for name, content in files.items():
        path = folder / (name.replace("__", "/") + ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))


def settings_of(folder: Path, *, plain: bool = False, **files: Any) -> Settings:
    if not plain:
        steps = [(OLD + "Transformer", ""), (OLD + "Pooling", "1_Pooling")]
        files.setdefault("modules", [{"type": kind, "path": path} for kind, path in steps])
        files.setdefault("1_Pooling__config", {"pooling_mode": "mean"})
    write(folder, **({"config": BERT} | files))
    return read_settings(Checkpoint("test", folder, None, "folder"))


def test_the_carried_model() -> None:
    found = read_settings(find_checkpoint("all-MiniLM-L6-v2"))
    assert found.model_type == "bert"
    assert found.max_tokens == Setting(256, "sentence_bert_config.json")
    assert found.modules.value == (
        TransformerModule(""),
        PoolingModule(("mean",), True, "1_Pooling/config.json"),
        NormalizeModule(),
    )
    assert (found.modules.source, found.do_lower_case.value) == ("modules.json", False)


def test_a_plain_checkpoint_gets_mean_pooling_as_our_choice(tmp_path: Path) -> None:
    found = settings_of(tmp_path, plain=True, sentence_bert_config={"max_seq_length": 7})
    assert found.modules == Setting(
        (TransformerModule("", NO_FILE), PoolingModule(("mean",))), NO_FILE
    )
    assert found.max_tokens == Setting(512, "config.json")


@pytest.mark.parametrize(("causal", "mode"), [(None, "last"), (True, "last"), (False, "mean")])
def test_a_plain_language_model_gets_its_last_token(
    causal: bool | None, mode: str, tmp_path: Path
) -> None:
    config = {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "is_causal": causal}
    found = settings_of(tmp_path, plain=True, config=config)
    assert found.modules.value[1] == PoolingModule((mode,))


def test_an_encoder_in_a_folder_of_its_own(tmp_path: Path) -> None:
    steps = [(OLD + "Transformer", "0_Transformer"), (OLD + "Pooling", "1_Pooling")]
    found = settings_of(
        tmp_path,
        modules=[{"type": kind, "path": path} for kind, path in steps],
        **{
            "0_Transformer__config": {"model_type": "roberta"},
            "0_Transformer__sentence_roberta_config": {"max_seq_length": 99},
        },
    )
    assert found.encoder_folder == tmp_path / "0_Transformer"
    assert found.model_type == "roberta"
    assert found.max_tokens == Setting(99, "0_Transformer/sentence_roberta_config.json")


ROBERTA = {"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}


@pytest.mark.parametrize(
    ("config", "saved", "tokenizer", "expected"),
    [
        (BERT, {"max_seq_length": 128}, {"model_max_length": 64}, (128, "sentence_bert_config")),
        (BERT, {"max_seq_length": 9999}, {}, (512, "config")),
        (BERT, {"max_seq_length": None}, {"model_max_length": 64}, (64, "tokenizer_config")),
        (BERT, {}, {"model_max_length": 1e30}, (512, "config")),
        (BERT, {}, {"max_len": 100}, (100, "tokenizer_config")),
        (BERT, {"tokenizer_args": {"model_max_length": 32}}, {}, (32, "sentence_bert_config")),
        (BERT, {"processor_kwargs": {"model_max_length": 32}}, {}, (32, "sentence_bert_config")),
        (ROBERTA, {}, {"model_max_length": 512}, (512, "tokenizer_config")),
        (ROBERTA, {}, {}, (512, "config")),
        (ROBERTA, {"max_seq_length": 514}, {}, (512, "config")),
        ({"model_type": "mpnet", "max_position_embeddings": 514}, {}, {}, (512, "config")),
        ({"model_type": "t5"}, {}, {"model_max_length": 512}, (512, "tokenizer_config")),
        ({"model_type": "xlnet", "max_position_embeddings": -1}, {}, {}, (None, None)),
        ({"model_type": "t5"}, {}, {"model_max_length": int(1e30)}, (None, "tokenizer_config")),
        ({"model_type": "modernbert", "max_position_embeddings": 64}, {"max_seq_length": 80}, {},
         (80, "sentence_bert_config")),
    ],
)  # fmt: skip
def test_where_the_maximum_length_comes_from(
    config: Any, saved: Any, tokenizer: Any, expected: tuple[int | None, str], tmp_path: Path
) -> None:
    found = settings_of(
        tmp_path, config=config, sentence_bert_config=saved, tokenizer_config=tokenizer
    )
    tokens, file = expected
    assert found.max_tokens == Setting(tokens, f"{file}.json" if file else NO_FILE)


def test_prompts_and_the_rest_of_the_models_own_file(tmp_path: Path) -> None:
    model = {
        "prompts": {"query": "query: ", "document": None},
        "default_prompt_name": "query",
        "similarity_fn_name": "dot",
        "truncate_dim": 64,
    }
    found = settings_of(tmp_path, config_sentence_transformers=model)
    source = "config_sentence_transformers.json"
    assert found.prompts == Setting({"query": "query: ", "document": ""}, source)
    assert found.default_prompt_name == Setting("query", source)
    assert found.similarity == Setting("dot", source)
    assert found.truncate_dim == Setting(64, source)


def test_what_no_file_says_is_marked(tmp_path: Path) -> None:
    found = settings_of(tmp_path, config_sentence_transformers={"__version__": {}})
    assert found.prompts == Setting({}, NO_FILE)
    assert found.default_prompt_name == Setting(None, NO_FILE)
    assert found.truncate_dim == Setting(None, NO_FILE)


def test_other_files_may_replace_values_of_config_and_tokenizer(tmp_path: Path) -> None:
    saved = {
        "do_lower_case": True,
        "config_args": {"hidden_act": "relu", "trust_remote_code": True},
        "tokenizer_args": {"do_lower_case": False, "trust_remote_code": True},
    }
    found = settings_of(tmp_path, sentence_bert_config=saved)
    assert found.do_lower_case == Setting(True, "sentence_bert_config.json")
    assert found.config["hidden_act"] == "relu"
    assert found.tokenizer_overrides == {"do_lower_case": False}
    assert found.tokenizer_config["do_lower_case"] is False
    assert "trust_remote_code" not in {**found.config, **found.tokenizer_config}


def test_static_embeddings_need_no_config(tmp_path: Path) -> None:
    write(tmp_path, modules=[{"type": OLD + "StaticEmbedding", "path": "0_S"}])
    found = read_settings(Checkpoint("test", tmp_path, None, "folder"))
    assert found.modules.value == (StaticEmbeddingModule("0_S"),)
    assert (found.model_type, found.max_tokens.value) == ("static", None)
    assert found.encoder_folder == tmp_path / "0_S"


def test_a_chat_template_without_modules_gives_a_caution(tmp_path: Path) -> None:
    template = {"chat_template": "{{ messages }}"}
    assert settings_of(tmp_path, tokenizer_config=template).cautions == ()
    plain = settings_of(tmp_path / "plain", plain=True, tokenizer_config=template)
    assert "chat template" in plain.cautions[0]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"config_sentence_transformers": {"model_type": "SparseEncoder"}}, "'SparseEncoder'"),
        ({"config_sentence_transformers": {"prompts": {"q": 1}}}, "prompt 'q' is no text"),
        ({"config_sentence_transformers": {"prompts": ["q"]}}, "prompts is"),
        ({"config_sentence_transformers": {"default_prompt_name": "x"}}, "none of the prompts"),
        ({"config_sentence_transformers": {"truncate_dim": 0}}, "truncate_dim is 0"),
        ({"sentence_bert_config": {"max_seq_length": "long"}}, "max_seq_length is"),
        ({"sentence_bert_config": {"max_seq_length": 0}}, "max_seq_length is 0"),
        ({"sentence_bert_config": {"transformer_task": "fill-mask"}}, "fill-mask"),
        ({"sentence_bert_config": {"processing_kwargs": {"text": {"a": 1}}}}, "processing_kwargs"),
        ({"sentence_bert_config": {"modality_config": {"message": {}}}}, "modality_config"),
        ({"config": {"model_type": 5}}, "model_type is 5"),
        ({"tokenizer_config": {"model_max_length": "x"}}, "model_max_length is"),
    ],
)
def test_what_is_malformed_or_beyond_us_is_refused_by_file_and_key(
    files: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        settings_of(tmp_path, **files)
    assert ".json" in str(caught.value)
    assert caught.value.exit_code == 3


def test_an_adapter_alone_is_no_model(tmp_path: Path) -> None:
    write(tmp_path, adapter_config={})
    with pytest.raises(ModelError, match="PEFT"):
        read_settings(Checkpoint("test", tmp_path, None, "folder"))
