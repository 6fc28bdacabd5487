"""Whatever the files of a model folder hold, a model loads or a ModelError says why not."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedcli import ModelError, ModelOptions, load_model

from .conftest import CONFIG, DENSE, MODULES, POOLING, Spoil

JSON_FILES = (
    "config.json",
    "modules.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "2_Dense/config.json",
)
HUGE = 10**400
BOUNDED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def loads_or_model_error(folder: Path) -> None:
    # Any other error fails the test, and so does a crash.
    with suppress(ModelError):
        load_model(str(folder), ModelOptions(engine="numpy", offline=True)).embed(["a bc", "b"])


def test_the_sound_model_loads(sound_model: Path) -> None:
    assert load_model(str(sound_model)).embed(["a", "b"]).shape == (2, 4)


@pytest.mark.parametrize("name", [*JSON_FILES, "model.safetensors", "2_Dense/model.safetensors"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"\0" * 64,
        b"\xff\xfe" * 32,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"9" * 10_000,
    ],
    ids=["empty", "null", "list", "text", "zeros", "not-utf8", "deep-list", "deep-object", "huge"],
)
def test_a_file_of_something_else_is_a_model_error(name: str, content: bytes, spoil: Spoil) -> None:
    folder = spoil(name, content)
    with pytest.raises(ModelError):
        load_model(str(folder), ModelOptions(engine="numpy"))


@pytest.mark.parametrize("key", [key for key in CONFIG if key != "architectures"])
@pytest.mark.parametrize(
    "value",
    [0, -1, 10**12, HUGE, 1.5, float("nan"), True, "x", [], {}, [1], None],
    ids=lambda value: repr(value)[:8],
)
def test_a_value_that_no_encoder_has_is_a_model_error(key: str, value: Any, spoil: Spoil) -> None:
    if key == "layer_norm_eps" and value in (10**12, 1.5):
        pytest.skip("a number, though a strange one")
    folder = spoil("config.json", {**CONFIG, key: value})
    with pytest.raises(ModelError):
        load_model(str(folder), ModelOptions(engine="numpy"))


@pytest.mark.parametrize("key", ["hidden_size", "num_hidden_layers", "vocab_size"])
def test_huge_sizes_stop_the_torch_engine_before_it_allocates(key: str, spoil: Spoil) -> None:
    folder = spoil("config.json", {**CONFIG, key: 10**12})
    with pytest.raises(ModelError, match="at most"):
        load_model(str(folder), ModelOptions(engine="torch"))


@pytest.mark.parametrize(
    "path", ["../outside", "/etc", "a/../../b", "..\\outside", "C:\\x", "a\0b", "x" * 5000]
)
@pytest.mark.parametrize("step", range(4))
def test_a_module_outside_the_folder_is_never_read(path: str, step: int, spoil: Spoil) -> None:
    modules: list[dict[str, Any]] = json.loads(json.dumps(MODULES))
    modules[step]["path"] = path
    with pytest.raises(ModelError):
        load_model(str(spoil("modules.json", modules)))


def test_a_header_that_claims_a_hundred_megabytes_is_not_read(spoil: Spoil) -> None:
    folder = spoil("model.safetensors", struct.pack("<Q", 100_000_001) + b"{" * 64)
    with pytest.raises(ModelError, match="header of 100000001 bytes"):
        load_model(str(folder), ModelOptions(engine="numpy"))


def mutated(value: Any) -> st.SearchStrategy[Any]:
    """The value, with a part of it replaced by something of any kind."""
    anything = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(max_size=8),
        st.just([]),
        st.just({}),
        st.lists(st.integers(-3, 3), max_size=3),
    )
    if isinstance(value, Mapping) and value:
        keys = st.sampled_from(sorted(value))
        inner = keys.flatmap(lambda key: mutated(value[key]).map(lambda part: {**value, key: part}))
        without = keys.map(lambda key: {k: part for k, part in value.items() if k != key})
        return st.one_of(inner, inner, without, anything)
    if isinstance(value, list) and value:
        places = st.integers(0, len(value) - 1)
        return places.flatmap(
            lambda place: mutated(value[place]).map(
                lambda part: [*value[:place], part, *value[place + 1 :]]
            )
        )
    return anything


@pytest.mark.parametrize("name", JSON_FILES)
def test_a_mutated_configuration_loads_or_is_a_model_error(
    name: str, sound_model: Path, spoil: Spoil
) -> None:
    sound = json.loads((sound_model / name).read_bytes())

    @BOUNDED
    @given(mutated(sound))
    def check(content: Any) -> None:
        loads_or_model_error(spoil(name, content))

    check()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_damaged_bytes_load_or_are_a_model_error(
    name: str, sound_model: Path, spoil: Spoil
) -> None:
    whole = (sound_model / name).read_bytes()
    head = min(len(whole), 2000)

    @BOUNDED
    @given(st.integers(0, head - 1), st.binary(min_size=1, max_size=8), st.integers(0, len(whole)))
    def check(place: int, change: bytes, length: int) -> None:
        data = whole[:place] + change + whole[place + len(change) :]
        loads_or_model_error(spoil(name, data[: max(length, place + 1)]))

    check()


@pytest.mark.parametrize(
    ("name", "sound"),
    [("1_Pooling/config.json", POOLING), ("2_Dense/config.json", DENSE)],
)
def test_a_module_without_its_file_is_a_model_error(name: str, sound: object, spoil: Spoil) -> None:
    folder = spoil(name, sound)
    shutil.rmtree((folder / name).parent)
    with pytest.raises(ModelError):
        load_model(str(folder))
