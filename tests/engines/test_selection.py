"""Which engine runs a model, and the reason that is given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from embedcli.engines import Engine, selection
from embedcli.engines.selection import EngineRequest, load_engine
from embedcli.errors import ModelError


@pytest.fixture
def load(plain_bert: Path) -> Any:
    config = json.loads((plain_bert / "config.json").read_text())

    def choose(changes: dict[str, Any] | None = None, **asked: Any) -> tuple[Engine, str]:
        defaults: dict[str, Any] = {
            "name": "auto", "device": None, "dtype": "float32", "threads": 1,
            "trust_remote_code": False,
        }  # fmt: skip
        return load_engine(
            plain_bert, config | (changes or {}), EngineRequest(**(defaults | asked))
        )

    return choose


def test_a_known_family_on_a_cpu_is_for_numpy(load: Any) -> None:
    engine, reason = load()
    assert (engine.name, reason) == ("numpy", "knows the family bert, on a CPU")
    assert load(device="cpu")[0].name == "numpy"
    assert load(threads=3)[0].workers == 3


def test_an_engine_is_taken_when_asked_for(load: Any) -> None:
    assert [load(name=name)[1] for name in ("numpy", "torch")] == ["asked for", "asked for"]
    assert load(name="torch")[0].name == "torch"


@pytest.mark.parametrize(
    ("changes", "asked", "reason"),
    [
        ({"model_type": "strange"}, {}, "the numpy engine does not know the family 'strange'"),
        ({}, {"dtype": "bfloat16"}, "the numpy engine does not compute in bfloat16"),
        ({"hidden_act": "mish"}, {}, "hidden_act is 'mish'"),
    ],
)
def test_what_numpy_cannot_do_goes_to_torch_with_the_reason(
    changes: dict[str, Any], asked: dict[str, Any], reason: str, load: Any
) -> None:
    engine, said = load(changes, **asked)
    assert engine.name == "torch"
    assert reason in said


@pytest.mark.parametrize("changes", [{"model_type": "strange"}, {"hidden_act": "mish"}])
def test_without_torch_the_error_says_what_to_do(
    changes: dict[str, Any], load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "_torch_is_installed", lambda: False)
    with pytest.raises(ModelError, match=r"pip install|--engine torch"):
        load(changes)


def test_the_numpy_engine_asked_for_says_what_it_cannot(load: Any) -> None:
    with pytest.raises(ModelError, match=r"does not know the family 'x'; use --engine torch$"):
        load({"model_type": "x"}, name="numpy")
    with pytest.raises(ModelError, match="does not run on cuda"):
        load(name="numpy", device="cuda")
