"""A progress bar for long work on a terminal: documents, tokens a second, time left."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from embedcli.cli.screen import Screen

PATIENCE = 1.0
"""Seconds that pass before a bar is drawn: a quick answer needs none."""

_RECORDS = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")


class Progress:
    """Counts always; draws on a terminal once the work proves long.

    Attributes:
        documents: documents done.
        tokens: tokens done.
    """

    def __init__(self, screen: Screen, inputs: Sequence[str]) -> None:
        self.documents = 0
        self.tokens = 0
        self._bytes = 0
        self._total: int | None = None
        self._draws = screen.is_terminal and not screen.quiet
        self._screen = screen
        self._inputs = inputs
        self._began = time.monotonic()
        self._bar: Any = None

    @property
    def seconds(self) -> float:
        """Since the work began."""
        return time.monotonic() - self._began

    def advance(self, documents: int, tokens: int, text_bytes: int) -> None:
        """Called by the pipeline for what is newly done."""
        self.documents += documents
        self.tokens += tokens
        self._bytes += text_bytes
        if not self._draws or self.seconds < PATIENCE:
            return
        if self._bar is None:
            self._bar = _draw_bar(self._screen)
            threading.Thread(target=self._measure, daemon=True).start()
        self._bar.update(
            self._bar.task_ids[0],
            completed=self._bytes,
            total=self._total and max(self._total, self._bytes),
            documents=f"{self.documents:,}",
            rate=f"{self.tokens / self.seconds:,.0f}",
        )

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _measure(self) -> None:
        # How much of a record is text cannot be told beforehand, nor how much is in a pipe:
        # then there is no total, and no time left is shown rather than a wrong one.
        if self._inputs and not any(_has_no_size(path) for path in self._inputs):
            self._total = sum(_sizes(self._inputs))


def _has_no_size(path: str) -> bool:
    return path == "-" or path.lower().endswith(_RECORDS)


def _sizes(paths: Sequence[str]) -> Iterator[int]:
    for path in paths:
        yield _size(Path(path))
        for folder, _, names in os.walk(path):
            yield from (_size(Path(folder, name)) for name in names if name[0] != ".")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _draw_bar(screen: Screen) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.fields[documents]} documents"),
        BarColumn(),
        TextColumn("{task.fields[rate]} tokens/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(file=screen.stream),
        transient=True,
    )
    bar.add_task("embed", total=None, documents="0", rate="0")
    bar.start()
    return bar
