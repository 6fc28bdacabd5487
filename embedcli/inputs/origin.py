"""One input file or stream: what its documents and its errors are called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from embedcli.documents import Document
from embedcli.errors import InputError
from embedcli.inputs.names import escape

Item = Document | InputError


@dataclass(frozen=True, slots=True)
class Origin:
    """Where documents come from.

    Attributes:
        source: a path that can be opened, ``-`` for stdin, ``--text`` for the command line.
        name: the id of the whole, to which ``:LINE`` is appended for its parts.
        group: the escaped name inside its INPUT, with ``/``.
        label: what people are shown in messages.
        walked: whether it was found in a directory, not named by the user.
    """

    source: str
    name: str
    group: str
    label: str
    walked: bool = False

    @classmethod
    def named(cls, path: str) -> Origin:
        """A file that the user has named."""
        shown = escape(path)
        return cls(source=path, name=shown, group=escape(PurePath(path).name), label=shown)

    @classmethod
    def inside(cls, path: str, parts: tuple[str, ...]) -> Origin:
        """A file or folder found in a directory; ``parts`` lead to it from the INPUT."""
        name = escape("/".join(parts))
        return cls(source=path, name=name, group=name, label=escape(path), walked=True)

    @classmethod
    def standard_input(cls) -> Origin:
        """The pipe."""
        return cls(source="-", name="-", group="stdin", label="stdin")

    @classmethod
    def command_line(cls, number: int) -> Origin:
        """The text of option ``--text`` number ``number``, from 1."""
        name = f"text:{number}"
        return cls(source="--text", name=name, group="text", label=name)

    def document(self, text: str, line: int | None = None, own_id: str | None = None) -> Document:
        """Makes a document.

        Args:
            text: the text.
            line: the line where it starts, from 1; None for the whole.
            own_id: an id of its own, in the place of name and line.

        Raises:
            InputError: kind ``empty``, for a text without a character that is not white space.
        """
        if not text or text.isspace():
            raise self.error("empty", "no text to embed; remove it or use --on-error skip", line)
        return Document(own_id or self._id(line), text, self.source, self.group)

    def error(self, kind: str, message: str, line: int | None = None) -> InputError:
        """Makes an error about the whole or about the part that starts at ``line``."""
        where = self.label if line is None else f"{self.label}:{line}"
        return InputError(f"{where}: {message}", id=self._id(line), source=self.source, kind=kind)

    def os_error(self, error: OSError) -> InputError:
        """Says why the system did not let it be read."""
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return self.error("missing", "no such file or directory; check the path")
        if isinstance(error, PermissionError):
            return self.error("unreadable", "permission denied; make it readable or leave it out")
        reason = error.strerror or str(error)
        return self.error("unreadable", f"cannot be read: {reason}")

    def _id(self, line: int | None) -> str:
        return self.name if line is None else f"{self.name}:{line}"
