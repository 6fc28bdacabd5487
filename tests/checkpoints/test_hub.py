"""Downloads bring only what is read, quietly, and fail in one line."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub.errors import HfHubHTTPError

from embedcli.checkpoints.hub import HubError, download, files_to_fetch


def test_safetensors_are_preferred_in_each_folder() -> None:
    names = [
        "config.json",
        "model.safetensors",
        "pytorch_model.bin",
        "2_Dense/pytorch_model.bin",
        "onnx/model.onnx",
        "onnx/config.json",
        "openvino/openvino_model.bin",
        "tf_model.h5",
        "training_args.bin",
        "vocab.txt",
        "README.md",
    ]
    assert files_to_fetch(names) == [
        "config.json",
        "model.safetensors",
        "2_Dense/pytorch_model.bin",
        "vocab.txt",
    ]


def test_a_model_comes_with_its_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: dict[str, Any] = {}
    info = SimpleNamespace(sha="f" * 40, siblings=[SimpleNamespace(rfilename="config.json")])
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: info)

    def snapshot(model: str, **options: Any) -> str:
        asked.update(options)
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    assert download("some/model") == (tmp_path, "f" * 40)
    assert (asked["revision"], asked["allow_patterns"]) == ("f" * 40, ["config.json"])


def test_whatever_the_client_raises_is_a_hub_error(monkeypatch: pytest.MonkeyPatch) -> None:
    client_error = HfHubHTTPError.__bases__[0]

    def fail(*_: Any, **__: Any) -> None:
        raise client_error("connection refused")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", fail)
    with pytest.raises(HubError, match="no answer") as caught:
        download("some/model")
    assert caught.value.exit_code == 3
