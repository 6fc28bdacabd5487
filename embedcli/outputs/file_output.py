"""Rows to one file, which appears whole, with its companions, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedcli.documents import Row
from embedcli.outputs.atomic import atomic_files, file_errors_as_output_errors
from embedcli.outputs.companions import index_line, meta_text
from embedcli.outputs.output import Output
from embedcli.outputs.plan import Plan, refuse_existing, targets_of
from embedcli.outputs.staging import Staging


class FileOutput(Output):
    """Spools rows in ``<output>.partial/`` beside the output until it is finished."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self._path = path
        self._plan = plan
        with file_errors_as_output_errors(str(path)):
            self._staging = Staging(path.with_name(f"{path.name}.partial"), plan)

    def add(self, row: Row) -> None:
        """Spools the row."""
        with file_errors_as_output_errors(str(self._path)):
            self._staging.add(row)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Writes the files from the spool, renames them into place and drops the spool."""
        rows, all_facts = self._staging.complete(facts)
        targets = targets_of(self._path, self._plan.format)
        if not self._plan.overwrite:
            for target in targets:
                refuse_existing(target)
        with file_errors_as_output_errors(str(self._path)):
            with atomic_files(*targets) as streams:
                if self._plan.format.companions:
                    streams[0].writelines(map(index_line, rows.records()))
                    streams[1].write(meta_text(all_facts))
                self._plan.format.write(streams[-1], rows, all_facts)
            self._staging.spool.remove()

    def discard(self) -> None:
        """Removes the spool."""
        self._staging.spool.remove()
