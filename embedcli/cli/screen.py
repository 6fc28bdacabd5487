"""What people see on stderr: tables and progress on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

Facts = Sequence[tuple[str, str]]
"""(name, value) lines."""


def printable(text: str) -> str:
    """The text with control characters escaped, so that no name can steer a terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


@contextmanager
def for_people(stream: TextIO) -> Iterator[None]:
    """What is written inside may be lost: when nobody reads it, the job goes on without them.

    Data on stdout may not, so an error there passes through.
    """
    try:
        yield
        stream.flush()
    except OSError:
        if stream is sys.stdout:
            raise
        # What is still in the buffer, and all that follows, goes where nothing can fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@dataclass(frozen=True, slots=True)
class Screen:
    """Speaks to people.

    Attributes:
        stream: where to; stdout is for data.
        quiet: say nothing but errors.
        verbose: say more.
    """

    stream: TextIO
    quiet: bool = False
    verbose: bool = False

    @property
    def is_terminal(self) -> bool:
        """Whether somebody may be looking."""
        return self.stream.isatty()

    def note(self, message: str) -> None:
        """One line, unless quiet."""
        if not self.quiet:
            self._line(message)

    def detail(self, message: str) -> None:
        """One line for those who asked for more."""
        if self.verbose and not self.quiet:
            self._line(message)

    def table(self, title: str, facts: Facts) -> None:
        """Name and value, line by line, unless quiet; drawn by rich on a terminal."""
        if self.quiet:
            return
        with for_people(self.stream):
            if self.is_terminal:
                _draw(self.stream, title, facts)
                return
            width = max(len(name) for name, _ in facts)
            for name, value in facts:
                print(f"{name:<{width}}  {printable(value)}", file=self.stream)

    def _line(self, message: str) -> None:
        with for_people(self.stream):
            print(f"embedcli: {printable(message)}", file=self.stream)


def standard_screen(*, quiet: bool = False, verbose: bool = False) -> Screen:
    """A screen on stderr."""
    return Screen(sys.stderr, quiet, verbose)


def _draw(stream: TextIO, title: str, facts: Facts) -> None:
    # rich is imported for a terminal alone: it would be a fifth of a one-sentence run.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(printable(title)), title_justify="left", show_header=False, title_style="bold"
    )
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, Text(printable(value)))
    Console(file=stream).print(table)
