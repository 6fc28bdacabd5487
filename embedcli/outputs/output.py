"""What every output is: rows in, then one finish."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from embedcli.documents import Row
from embedcli.outputs.spooling.earlier import EarlierRows


class Output(ABC):
    """A place for rows, used as a context manager.

    ``finish`` makes the output appear; leaving without it keeps what was committed, where the
    output can be resumed, and removes all else.

    Attributes:
        earlier: rows of a run before; None when there are none, or the output cannot be resumed.
        remark: what people should know about the resumption, else empty.
    """

    earlier: EarlierRows | None = None
    remark: str = ""

    @abstractmethod
    def add(self, row: Row) -> None:
        """Takes the next row, in input order.

        Raises:
            OutputError: when the row does not fit the output or cannot be written.
            BrokenPipeError: when nobody reads the stream any more.
        """

    def commit(self) -> None:  # noqa: B027 - most outputs cannot be resumed
        """The rows so far may be resumed from, where the output can be.

        Raises:
            OutputError: when they cannot be written.
        """

    @abstractmethod
    def finish(self, facts: Mapping[str, Any]) -> None:
        """Completes the output; ``facts`` say how it was made.

        Raises:
            OutputError: when it cannot be written; then no part of it is left.
            BrokenPipeError: when nobody reads the stream any more.
        """

    @abstractmethod
    def discard(self) -> int:
        """Removes what only a run under way needs; harmless after finish.

        Returns:
            The rows that were kept, for a run that goes on with them.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        kept = 0
        with suppress(OSError):
            kept = self.discard()
        if error is not None and kept:
            error.add_note(f"{kept:,} rows are kept: the same command with --resume goes on")
