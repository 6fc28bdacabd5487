"""What a terminal gets when no output is named: the shape, and the beginning of some vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from embedcli.cli.screen import printable
from embedcli.documents import Row
from embedcli.outputs import Output

ROWS, NUMBERS = 5, 4


class Preview(Output):
    """Keeps the first rows and forgets the rest."""

    def __init__(self) -> None:
        self._first: list[Row] = []
        self._count = 0

    def add(self, row: Row) -> None:
        """Keep the row if it is one of the first."""
        self._count += 1
        if len(self._first) < ROWS:
            self._first.append(row)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """There is nothing to complete."""

    def discard(self) -> int:
        """There is nothing to remove."""
        return 0

    def show(self, stream: TextIO) -> None:
        """Draw the kept rows."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(caption=self._caption(), caption_justify="left")
        table.add_column("id", style="cyan", overflow="fold")
        table.add_column("tokens", justify="right")
        table.add_column("shape")
        table.add_column("embedding", no_wrap=True)
        for row in self._first:
            numbers = "  ".join(f"{x:+.4f}" for x in row.vector.reshape(-1)[:NUMBERS])
            shape = " x ".join(map(str, row.vector.shape))
            table.add_row(Text(printable(row.id)), str(row.n_tokens), shape, f"{numbers}  ...")
        Console(file=stream).print(table)

    def _caption(self) -> str:
        more = self._count - len(self._first)
        ending = f"{more} more rows; " if more else ""
        return f"{ending}-o FILE keeps the vectors, -f jsonl prints them"
