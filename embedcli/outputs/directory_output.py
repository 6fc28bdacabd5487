"""Rows to a directory: one file for each input file, the tree mirrored."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs.atomic import atomic_files, file_errors_as_output_errors
from embedcli.outputs.companions import DIRECTORY_INDEX, DIRECTORY_META, index_line, meta_text
from embedcli.outputs.formats import FORMATS, Format
from embedcli.outputs.mirroring import PARTIAL_NAME, mirrored_name, place_inside
from embedcli.outputs.output import Output
from embedcli.outputs.plan import Plan, refuse_existing
from embedcli.outputs.quantization import Quantizer
from embedcli.outputs.resuming.finished import FinishedDirectory
from embedcli.outputs.resuming.run_folder import FILE_FOLDER, RunFolder
from embedcli.outputs.rows import Rows
from embedcli.outputs.spooling.spool import Spool
from embedcli.outputs.staging import refuse_double_id


class DirectoryOutput(Output):
    """Spools all rows; ``finish`` writes the files, then one index and provenance for all."""

    def __init__(self, root: Path, plan: Plan, facts: Mapping[str, Any]) -> None:
        self._root = root
        self._plan = plan
        self._facts = facts
        self._quantizer = Quantizer(plan.output_dtype)
        self._source_of: dict[str, str] = {}
        self._group: str | None = None
        self._ids: set[str] = set()
        self._new = not root.exists()
        self._run = RunFolder(root / PARTIAL_NAME, plan, facts)
        self.earlier = self._run.spool.earlier
        self._before: FinishedDirectory | None = None
        if plan.resume and (root / DIRECTORY_META).exists():
            with self._run.left_on_error():
                self._before = FinishedDirectory(root, plan, facts)
            if not self._run.resumed:
                self.earlier, self.remark = self._before.rows, self._before.remark
        self._replaces = plan.overwrite or self._run.resumed or self._before is not None

    def add(self, row: Row) -> None:
        """Spools a row; rows of one group come one after another."""
        with file_errors_as_output_errors(str(self._root)):
            if row.group != self._group:
                self._begin(row)
            if self._plan.matrices and (self._plan.format.keyed or not self._plan.format.matrices):
                refuse_double_id(row, self._ids, "a file")
            self._quantizer.observe(row.vector, row.id)
            self._run.spool.append(row)

    def commit(self) -> None:
        """Makes the rows so far outlive the process."""
        self._run.commit()

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Writes the files, then index and provenance of the whole directory."""
        self._quantizer.check()
        targets = (self._root / DIRECTORY_INDEX, self._root / DIRECTORY_META)
        with file_errors_as_output_errors(str(self._root)):
            with (
                atomic_files(*targets, within=self._run.folder) as (index, meta),
                closing(Spool(self._run.folder / FILE_FOLDER)) as file_rows,
            ):
                for _, rows in groupby(self._run.spool.rows(), key=lambda row: row.group):
                    self._write_file(rows, file_rows, index)
                meta.write(meta_text({**facts, **self._quantizer.facts()}))
                # One wait for the disk in place of one a file: there may be very many.
                os.sync()
            self._remove_outdated()
            self._run.remove()

    def discard(self) -> int:
        """Keeps what was committed; removes all else, and the directory when it is new."""
        kept = self._run.leave()
        if self._new:
            with suppress(OSError):
                self._root.rmdir()
        return kept

    def _begin(self, row: Row) -> None:
        """Starts the next file; what would collide is refused before it is computed."""
        name = mirrored_name(row.group, self._plan.format.suffixes[0])
        if name in self._source_of:
            raise OutputError(
                f"{self._source_of[name]} and {row.source} would both be {name}; "
                "embed them into two directories"
            )
        if not self._replaces:
            refuse_existing(self._root / name)
        self._source_of[name] = row.source
        self._group = row.group
        self._ids.clear()

    def _write_file(self, rows: Iterator[Row], spool: Spool, index: BinaryIO) -> None:
        spool.clear()
        group = ""
        for row in rows:
            spool.append(row)
            group = row.group
        chosen = self._format_of_file(spool.count)
        name = mirrored_name(group, chosen.suffixes[0])
        target = place_inside(self._root, name)
        if not self._replaces:
            refuse_existing(target)
        converted = Rows(spool, self._quantizer, matrices=self._plan.matrices, width=0)
        with atomic_files(target, within=self._run.folder, durable=False) as (stream,):
            chosen.write(stream, converted, {**self._facts, **self._quantizer.facts()})
        for place, record in enumerate(converted.records()):
            index.write(index_line(record, file=name, row=place))
        if self._before is not None:
            self._before.files.discard(name)

    def _format_of_file(self, rows: int) -> Format:
        """An ``.npy`` holds one matrix; a file with several documents becomes an ``.npz``."""
        several = self._plan.matrices and rows > 1
        return FORMATS["npz"] if several and not self._plan.format.matrices else self._plan.format

    def _remove_outdated(self) -> None:
        """Deletes the files of the run before whose inputs are gone."""
        for name in self._before.files if self._before is not None else ():
            with suppress(OutputError):
                place_inside(self._root, name).unlink(missing_ok=True)
