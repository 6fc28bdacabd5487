"""Options go over the model's own settings, and each setting knows where it comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from embedcli import ModelOptions, untrained
from embedcli.checkpoints import (
    NO_FILE,
    NormalizeModule,
    PoolingModule,
    Setting,
    Settings,
    TransformerModule,
)
from embedcli.errors import InputError
from embedcli.usage import resolve

FILE = "config_sentence_transformers.json"


def settings(**changes: Any) -> Settings:
    """A model with cls pooling and normalisation, 100 tokens and a default prompt."""
    modules = (TransformerModule(""), PoolingModule(("cls",), True, "1_Pooling"), NormalizeModule())
    own = {
        "modules": Setting(modules, "modules.json"),
        "max_tokens": Setting(100, "sentence_bert_config.json"),
        "prompts": Setting({"query": "find: ", "other": "x "}, FILE),
        "default_prompt_name": Setting("query", FILE),
        "truncate_dim": Setting(None, NO_FILE),
    }
    return replace(untrained.settings(), **(own | changes))


def test_without_options_the_files_decide() -> None:
    usage = resolve(settings(), ModelOptions())
    assert usage.pooling == Setting(("cls",), "1_Pooling")
    assert usage.normalized == Setting(True, "modules.json")
    assert usage.max_tokens == Setting(100, "sentence_bert_config.json")
    assert usage.prompt == Setting("find: ", FILE)
    assert (usage.dim, usage.renormalized, usage.pools_prompt) == (
        Setting(None, NO_FILE), False, True,
    )  # fmt: skip


def test_options_win_and_are_named_as_source() -> None:
    options = ModelOptions(pooling="max", normalize=False, max_tokens=7, prompt="", dim=3)
    usage = resolve(settings(), options)
    assert usage.pooling == Setting(("max",), "--pooling")
    assert usage.normalized == Setting(False, "--no-normalize")
    assert usage.max_tokens == Setting(7, "--max-tokens")
    assert usage.prompt == Setting("", "--prompt")
    assert (usage.dim, usage.renormalized) == (Setting(3, "--dim"), False)
    assert resolve(settings(), ModelOptions(normalize=True)).normalized.source == "--normalize"


def test_a_prompt_is_chosen_by_name() -> None:
    assert resolve(settings(), ModelOptions(prompt_name="other")).prompt == Setting("x ", FILE)
    with pytest.raises(InputError, match="'nope', and the model's prompts are: other, query"):
        resolve(settings(), ModelOptions(prompt_name="nope"))


def test_no_default_prompt_is_no_prompt() -> None:
    usage = resolve(settings(default_prompt_name=Setting(None, NO_FILE)), ModelOptions())
    assert usage.prompt == Setting("", NO_FILE)


def test_token_states_are_not_normalised_unless_asked() -> None:
    usage = resolve(settings(), ModelOptions(pooling="none"))
    assert (usage.pooling.value, usage.normalized.value) == ((), False)
    asked = resolve(settings(), ModelOptions(pooling="none", normalize=True))
    assert asked.normalized.value


def test_a_model_without_pooling_gets_the_mean_as_our_choice() -> None:
    modules = Setting((TransformerModule(""),), NO_FILE)
    usage = resolve(settings(modules=modules), ModelOptions())
    assert usage.pooling == Setting(("mean",), NO_FILE)
    assert usage.normalized.value is False


def test_a_cut_that_the_files_ask_for_is_not_renormalised() -> None:
    usage = resolve(settings(truncate_dim=Setting(4, FILE)), ModelOptions())
    assert (usage.dim, usage.renormalized) == (Setting(4, FILE), False)
    assert resolve(settings(), ModelOptions(dim=4)).renormalized


def test_more_tokens_than_the_model_takes_are_refused() -> None:
    with pytest.raises(InputError, match="--max-tokens is 101, and the model takes 100 at most"):
        resolve(settings(), ModelOptions(max_tokens=101))
    unlimited = settings(max_tokens=Setting(None, NO_FILE))
    assert resolve(unlimited, ModelOptions(max_tokens=10**6)).max_tokens.value == 10**6


def test_prompt_tokens_that_are_not_pooled_are_remembered() -> None:
    modules = (TransformerModule(""), PoolingModule(("mean",), False, "1_Pooling"))
    usage = resolve(settings(modules=Setting(modules, "modules.json")), ModelOptions())
    assert usage.pools_prompt is False
