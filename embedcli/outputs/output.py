"""What every output is: rows in, then one finish."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from embedcli.documents import Row


class Output(ABC):
    """A place for rows, used as a context manager.

    ``finish`` makes the output appear; leaving without it removes what was begun.
    """

    @abstractmethod
    def add(self, row: Row) -> None:
        """Takes the next row, in input order.

        Raises:
            OutputError: when the row does not fit the output or cannot be written.
            BrokenPipeError: when nobody reads the stream any more.
        """

    @abstractmethod
    def finish(self, facts: Mapping[str, Any]) -> None:
        """Completes the output; ``facts`` say how it was made.

        Raises:
            OutputError: when it cannot be written; then no part of it is left.
            BrokenPipeError: when nobody reads the stream any more.
        """

    @abstractmethod
    def discard(self) -> None:
        """Removes what only a run under way needs; harmless after finish."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self.discard()
