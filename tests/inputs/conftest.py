"""Reading a few inputs to the end, and looking at all that came of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from embedcli.documents import Document
from embedcli.errors import InputError
from embedcli.inputs import ReadOptions, Tally, read_documents


@dataclass
class Outcome:
    """What reading gave, with problems collected instead of raised."""

    documents: list[Document] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def ids(self) -> list[str]:
        return [document.id for document in self.documents]

    @property
    def texts(self) -> list[str]:
        return [document.text for document in self.documents]

    @property
    def kinds(self) -> list[str]:
        return [error.kind for error in self.errors]


Read = Callable[..., Outcome]


@pytest.fixture
def read() -> Read:
    def read_all(*inputs: str | Path, stdin: Any = b"", **options: Any) -> Outcome:
        outcome = Outcome()
        stream = io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin
        outcome.documents.extend(
            read_documents(
                [str(given) for given in inputs],
                ReadOptions(**options),
                stdin=stream,
                tally=outcome.tally,
                on_error=outcome.errors.append,
            )
        )
        return outcome

    return read_all


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Path]:
    """Writes files below one folder and gives the folder."""

    def write(files: dict[str, str | bytes]) -> Path:
        root = tmp_path / "tree"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return write
