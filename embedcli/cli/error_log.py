"""``<output>.errors.jsonl``: a line for each document that failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

from embedcli.errors import InputError
from embedcli.outputs.atomic import file_errors_as_output_errors


class ErrorLog:
    """Begun with the first error; a log of a run before is replaced, or removed at the end."""

    def __init__(self, output: Path) -> None:
        named = output if output.name not in {"", ".."} else output.resolve()
        self.path = named.with_name(f"{named.name}.errors.jsonl")
        self._file: BinaryIO | None = None

    def add(self, error: InputError) -> None:
        """Writes one line, at once.

        Raises:
            OutputError: when it cannot be written.
        """
        with file_errors_as_output_errors(str(self.path)):
            if self._file is None:
                self._file = self.path.open("wb", buffering=0)
            record = {
                "id": error.id,
                "source": error.source,
                "kind": error.kind,
                "message": str(error),
            }
            self._file.write(json.dumps(record).encode() + b"\n")

    def finish(self) -> None:
        """Ends the log of a run that finished."""
        if self._file is None:
            self.path.unlink(missing_ok=True)
        else:
            self._file.close()
