"""What can go wrong, and the exit code that each kind has.

EmbedcliError
├── InputError    2: a text, file, record or option that cannot be used
├── OutputError   2: an output that is refused or cannot be written
└── ModelError    3: a model that cannot be had or used

A message is one line: what was seen, what was expected, what to do.
"""

from __future__ import annotations


class EmbedcliError(Exception):
    """Base of every error that embedcli raises on purpose."""

    exit_code = 2


class InputError(EmbedcliError):
    """A document, or an option about documents, that cannot be used.

    Args:
        message: one line for people.
        id: the document's id, or the path of the file that could not be read.
        source: the file that the document came from.
        kind: a short word for reports: ``missing``, ``unreadable``, ``binary``, ``undecodable``,
            ``empty``, ``malformed``, ``field``, ``too-long``, ``usage``.
    """

    def __init__(
        self, message: str, *, id: str = "", source: str = "", kind: str = "usage"
    ) -> None:
        super().__init__(message)
        self.id = id
        self.source = source
        self.kind = kind


class OutputError(EmbedcliError):
    """An output that exists, cannot be written, or does not fit what was asked."""


class ModelError(EmbedcliError):
    """A model that is not to be found, broken, or beyond what the engine knows."""

    exit_code = 3
