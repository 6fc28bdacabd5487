"""An output that is opened when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from embedcli.documents import Row
from embedcli.outputs import Output


class LateOutput(Output):
    """Opens an output with its first row: the weights are hashed while that one is computed."""

    def __init__(self, open_output: Callable[[], Output]) -> None:
        self._open_output = open_output
        self._output: Output | None = None

    def open(self) -> Output:
        """The output itself."""
        if self._output is None:
            self._output = self._open_output()
        return self._output

    def add(self, row: Row) -> None:
        """Hands the row on."""
        self.open().add(row)

    def commit(self) -> None:
        """Commits what there is."""
        if self._output is not None:
            self._output.commit()

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Finishes the output."""
        self.open().finish(facts)

    def discard(self) -> int:
        """Discards what was opened."""
        return 0 if self._output is None else self._output.discard()
