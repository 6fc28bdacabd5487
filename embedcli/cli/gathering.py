"""The inputs of a command: documents, what was counted on the way, and what failed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from embedcli.cli.error_log import ErrorLog
from embedcli.cli.screen import Screen
from embedcli.documents import Document
from embedcli.errors import InputError
from embedcli.inputs import ReadOptions, Tally, check_options, read_documents, text_documents

DONE, DONE_IN_PART = 0, 1


@dataclass(slots=True)
class Gathering:
    """What is to be read, and how far that went.

    Attributes:
        inputs: files, directories, ``-``.
        texts: texts of the command line; they come first.
        reading: how inputs become documents.
        skips_errors: whether a document that fails is left out, or stops the command.
        screen: hears of what is left out.
        tally: what was met.
        failed: documents and files that were left out.
        log: where these are written down, beside being told to the screen.
    """

    inputs: Sequence[str]
    texts: Sequence[str]
    reading: ReadOptions
    skips_errors: bool
    screen: Screen
    tally: Tally = field(default_factory=Tally)
    failed: int = 0
    log: ErrorLog | None = None

    def __post_init__(self) -> None:
        """Refuse options that no input could be read with."""
        check_options(self.reading)

    @property
    def exit_code(self) -> int:
        """0 when everything went in, 1 when something was left out."""
        return DONE_IN_PART if self.failed else DONE

    def documents(self) -> Iterator[Document]:
        """The documents of texts and inputs, read lazily.

        Raises:
            InputError: at the end, when there was none and nothing failed.
        """
        tally, on_error = self.tally, self.on_error
        texts = text_documents(self.texts, self.reading, tally=tally, on_error=on_error)
        stdin = sys.stdin.buffer
        files = read_documents(
            self.inputs, self.reading, stdin=stdin, tally=tally, on_error=on_error
        )
        yield from chain(texts, files)
        if not self.tally.documents:
            raise InputError("there is no text to embed: every input is empty or was left out")

    def on_error(self, error: InputError) -> None:
        """Stop at a document that fails, or count it and go on."""
        if not self.skips_errors:
            raise error
        self.failed += 1
        if self.log is not None:
            self.log.add(error)
        self.screen.note(f"skipped: {error}")
