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
from embedcli.outputs.resuming.finished import finished_file
from embedcli.outputs.resuming.run_folder import RunFolder
from embedcli.outputs.staging import Staging


class FileOutput(Output):
    """Spools rows in ``<output>.partial/`` beside the output until it is finished."""

    def __init__(self, path: Path, plan: Plan, facts: Mapping[str, Any]) -> None:
        self._path = path
        self._plan = plan
        self._run = RunFolder(path.with_name(f"{path.name}.partial"), plan, facts)
        self._staging = Staging(self._run.spool, plan)
        self.earlier = self._run.spool.earlier
        if plan.resume and not self._run.resumed and path.exists():
            with self._run.left_on_error():
                self.earlier, self.remark = finished_file(path, plan, facts)

    def add(self, row: Row) -> None:
        """Spools the row."""
        with file_errors_as_output_errors(str(self._path)):
            self._staging.add(row)

    def commit(self) -> None:
        """Makes the rows so far outlive the process."""
        self._run.commit()

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Writes the files from the spool, renames them into place and drops the spool."""
        rows, all_facts = self._staging.complete(facts)
        targets = targets_of(self._path, self._plan.format)
        if not (self._plan.overwrite or self._plan.resume):
            for target in targets:
                refuse_existing(target)
        with file_errors_as_output_errors(str(self._path)):
            with atomic_files(*targets, within=self._run.folder) as streams:
                if self._plan.format.companions:
                    streams[0].writelines(map(index_line, rows.records()))
                    streams[1].write(meta_text(all_facts))
                self._plan.format.write(streams[-1], rows, all_facts)
            self._run.remove()

    def discard(self) -> int:
        """Keeps what was committed, removes all else."""
        return self._run.leave()
