"""Rows to a stream: at once where the format allows it, else when all have come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from embedcli.documents import Row
from embedcli.outputs.atomic import file_errors_as_output_errors
from embedcli.outputs.formats.text_formats import Layout
from embedcli.outputs.output import Output
from embedcli.outputs.plan import Plan
from embedcli.outputs.quantization import Quantizer
from embedcli.outputs.spooling.spool import Spool
from embedcli.outputs.staging import Staging

_NAME = "standard output"


class DirectStream(Output):
    """Writes each row as it comes and flushes it, so that a reader can work along."""

    def __init__(self, stream: BinaryIO, layout: Layout, output_dtype: str) -> None:
        self._stream = stream
        self._layout = layout
        self._quantizer = Quantizer(output_dtype)
        self._begun = False

    def add(self, row: Row) -> None:
        """Writes the row."""
        self._quantizer.observe(row.vector, row.id)
        row = replace(row, vector=self._quantizer.convert(row.vector))
        before = self._layout.joint if self._begun else self._layout.head(row)
        self._write(before + self._layout.line(row))
        self._begun = True

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Writes the tail; these formats have no place for facts."""
        del facts
        self._write((b"" if self._begun else self._layout.head(None)) + self._layout.tail)

    def discard(self) -> int:
        """Does nothing: what was written is with the reader."""
        return 0

    def _write(self, data: bytes) -> None:
        with file_errors_as_output_errors(_NAME):
            self._stream.write(data)
            self._stream.flush()


class SpooledStream(Output):
    """Keeps the rows in a temporary folder and sends the whole output at the end."""

    def __init__(self, stream: BinaryIO, plan: Plan) -> None:
        import tempfile

        self._stream = stream
        with file_errors_as_output_errors("the temporary folder"):
            self._folder = tempfile.TemporaryDirectory(prefix="embedcli-")
            self._staging = Staging(Spool(Path(self._folder.name)), plan)

    def add(self, row: Row) -> None:
        """Spools the row."""
        with file_errors_as_output_errors("the temporary folder"):
            self._staging.add(row)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Makes the output as a file first: some formats go back, and a pipe cannot."""
        import shutil

        whole = Path(self._folder.name) / "output"
        with file_errors_as_output_errors("the temporary folder"), whole.open("wb") as file:
            self._staging.write(file, facts)
        with file_errors_as_output_errors(_NAME), whole.open("rb") as file:
            shutil.copyfileobj(file, self._stream)
            self._stream.flush()

    def discard(self) -> int:
        """Removes the temporary folder."""
        self._staging.spool.close()
        self._folder.cleanup()
        return 0
