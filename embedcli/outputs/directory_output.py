"""Rows to a directory: one file for each input file, the tree mirrored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs.atomic import atomic_files, file_errors_as_output_errors
from embedcli.outputs.companions import DIRECTORY_INDEX, DIRECTORY_META, index_line, meta_text
from embedcli.outputs.formats import FORMATS, Format
from embedcli.outputs.mirroring import PARTIAL_NAME, mirrored_name, place_inside
from embedcli.outputs.output import Output
from embedcli.outputs.plan import Plan, refuse_existing
from embedcli.outputs.quantization import Quantizer
from embedcli.outputs.rows import Rows
from embedcli.outputs.spool import Spool
from embedcli.outputs.staging import refuse_double_id


class DirectoryOutput(Output):
    """Writes each file when its last row has come, and one index and provenance at the end.

    A dtype that takes its ranges from the whole run holds every row back until ``finish``.
    Files that were whole when a run stopped stay.
    """

    def __init__(self, root: Path, plan: Plan, facts: Mapping[str, Any]) -> None:
        self._root = root
        self._plan = plan
        self._facts = facts
        self._quantizer = Quantizer(plan.output_dtype)
        self._source_of: dict[str, str] = {}
        self._group: str | None = None
        self._ids: set[str] = set()
        with file_errors_as_output_errors(str(root)):
            self._new = not root.exists()
            self._partial = root / PARTIAL_NAME
            self._file_rows = Spool(self._partial / "file")
            self._held = Spool(self._partial / "run") if self._quantizer.needs_all_rows else None
            self._index = (self._partial / "index.jsonl").open("wb")

    def add(self, row: Row) -> None:
        """Takes a row; rows of one group come one after another."""
        with file_errors_as_output_errors(str(self._root)):
            if row.group != self._group:
                self._write_file()
                self._begin(row)
            if self._plan.matrices and (self._plan.format.keyed or not self._plan.format.matrices):
                refuse_double_id(row, self._ids, "a file")
            self._quantizer.observe(row.vector, row.id)
            (self._file_rows if self._held is None else self._held).append(row)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Writes what is held back, then index and provenance of the whole directory."""
        import shutil

        self._quantizer.check()
        with file_errors_as_output_errors(str(self._root)):
            self._write_held()
            self._write_file()
            self._index.close()
            targets = (self._root / DIRECTORY_INDEX, self._root / DIRECTORY_META)
            with atomic_files(*targets) as (index, meta):
                with Path(self._index.name).open("rb") as lines:
                    shutil.copyfileobj(lines, index)
                meta.write(meta_text({**facts, **self._quantizer.facts()}))

    def discard(self) -> None:
        """Removes the spools, and the directory when it is new and nothing was written."""
        self._index.close()
        Path(self._index.name).unlink(missing_ok=True)
        for spool in (self._file_rows, self._held):
            if spool is not None:
                spool.remove()
        folders = (self._partial, self._root) if self._new else (self._partial,)
        for folder in folders:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _begin(self, row: Row) -> None:
        """Starts the next file; what would collide is refused before it is computed."""
        name = mirrored_name(row.group, self._plan.format.suffixes[0])
        if name in self._source_of:
            raise OutputError(
                f"{self._source_of[name]} and {row.source} would both be {name}; "
                "embed them into two directories"
            )
        if not self._plan.overwrite:
            refuse_existing(self._root / name)
        self._source_of[name] = row.source
        self._group = row.group
        self._ids.clear()

    def _write_held(self) -> None:
        if self._held is None:
            return
        group = None
        for row in self._held.rows():
            if row.group != group:
                self._write_file()
            group = row.group
            self._file_rows.append(row)

    def _write_file(self) -> None:
        if not self._file_rows.count:
            return
        chosen = self._format_of_file()
        rows = Rows(self._file_rows, self._quantizer, matrices=self._plan.matrices, width=0)
        group = next(rows.records())["group"]
        name = mirrored_name(group, chosen.suffixes[0])
        target = place_inside(self._root, name)
        if not self._plan.overwrite:
            refuse_existing(target)
        with atomic_files(target) as (stream,):
            chosen.write(stream, rows, {**self._facts, **self._quantizer.facts()})
        for place, record in enumerate(rows.records()):
            self._index.write(index_line(record, file=name, row=place))
        self._file_rows.clear()

    def _format_of_file(self) -> Format:
        """An ``.npy`` holds one matrix; a file with several documents becomes an ``.npz``."""
        several = self._plan.matrices and self._file_rows.count > 1
        return FORMATS["npz"] if several and not self._plan.format.matrices else self._plan.format
