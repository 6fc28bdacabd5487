"""Where transformers is missing, the error says the one command that helps."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from embedcli.checkpoints.auto_tokenizer import build_by_transformers
from embedcli.errors import ModelError


def test_missing_transformers_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vocab.txt").write_text("[PAD]")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ModelError, match=r"pip install 'embedcli\[torch\]'") as caught:
        build_by_transformers(tmp_path, {})
    assert caught.value.exit_code == 3
