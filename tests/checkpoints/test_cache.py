"""The cache is looked for where the Hugging Face libraries put it."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedcli.checkpoints.cache import cache_folder


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "/home/x/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/huggingface/hub"),
        ({"HF_HOME": "/hf", "XDG_CACHE_HOME": "/xdg"}, "/hf/hub"),
        ({"HF_HUB_CACHE": "/cache", "HF_HOME": "/hf"}, "/cache"),
        ({"HF_HUB_CACHE": "$PLACE/c", "PLACE": "/p"}, "/p/c"),
    ],
)
def test_the_variables_are_obeyed(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/x")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected)
