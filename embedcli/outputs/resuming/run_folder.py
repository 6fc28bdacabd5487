"""``<output>.partial/``: what a run under way keeps, and what it leaves to the one after it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from embedcli.errors import OutputError
from embedcli.outputs.atomic import atomic_files, file_errors_as_output_errors, remove_unfinished
from embedcli.outputs.plan import Plan
from embedcli.outputs.resuming.lock import Lock
from embedcli.outputs.resuming.run_facts import deciding, differences
from embedcli.outputs.resuming.unfinished import refuse_running, refuse_unfinished
from embedcli.outputs.spooling.spool import Spool, has_committed, remove_spool

FILE_FOLDER = "file"
"""Where a directory output gathers the rows of one file."""

_FACTS_NAME = "run.json"


class RunFolder:
    """The spool of one output, under a lock, with the facts that its rows were made by.

    Attributes:
        folder: the folder.
        spool: the rows.
        resumed: whether there are rows of a run before.
    """

    def __init__(self, folder: Path, plan: Plan, facts: Mapping[str, Any]) -> None:
        """Takes the folder, anew or where the run before stopped.

        Raises:
            OutputError: when another process has it, or a run before left rows in it and they were
                made in another way or ``plan`` does not say what to do with them.
        """
        self.folder = folder
        self._output = str(plan.path)
        self._lock = Lock(folder)
        self._removed = False
        now = deciding({**facts, "format": plan.format.name, "output_dtype": plan.output_dtype})
        with file_errors_as_output_errors(self._output):
            folder.mkdir(parents=True, exist_ok=True)
            if not self._lock.acquire():
                refuse_running(self._output)
            try:
                self.resumed = self._can_resume(plan, now)
                self.spool = self._open(now)
            except BaseException:
                self._lock.let_go()
                raise

    def commit(self) -> None:
        """Makes the rows so far outlive the process."""
        with file_errors_as_output_errors(self._output):
            self.spool.commit()

    def leave(self) -> int:
        """Ends a run, and keeps what was committed unless it finished; gives how many rows."""
        kept = 0 if self._removed or not has_committed(self.folder) else self.spool.committed
        if kept:
            self.spool.close()
            remove_unfinished(self.folder)
            remove_spool(self.folder / FILE_FOLDER)
            self._lock.release()
        else:
            self.remove()
        return kept

    @contextmanager
    def left_on_error(self) -> Iterator[None]:
        """Leaves when the block does not end well."""
        try:
            yield
        except BaseException:
            self.leave()
            raise

    def remove(self) -> None:
        """Ends a run that finished; harmless a second time."""
        self._removed = True
        self.spool.close()
        self._clear()
        self._lock.release()
        with suppress(OSError):
            self.folder.rmdir()

    def _can_resume(self, plan: Plan, now: Mapping[str, Any]) -> bool:
        if not plan.resume:
            if not plan.overwrite:
                refuse_unfinished(self.folder, self._output)
            return False
        then = self._facts_before()
        if then is None or not has_committed(self.folder):
            return False
        changed = differences(then, now)
        if changed:
            raise OutputError(
                f"{self.folder} holds rows that were made another way: {'; '.join(changed)}; "
                "give the same options, or --overwrite without --resume to begin anew"
            )
        return True

    def _facts_before(self) -> dict[str, Any] | None:
        with suppress(OSError, ValueError):
            facts = json.loads((self.folder / _FACTS_NAME).read_bytes())
            return facts if isinstance(facts, dict) else None
        return None

    def _open(self, now: Mapping[str, Any]) -> Spool:
        remove_unfinished(self.folder)
        if self.resumed:
            return Spool(self.folder, resume=True)
        self._clear()
        self.folder.mkdir(exist_ok=True)
        with atomic_files(self.folder / _FACTS_NAME) as (file,):
            file.write(json.dumps(now, indent=2).encode() + b"\n")
        return Spool(self.folder)

    def _clear(self) -> None:
        remove_unfinished(self.folder)
        remove_spool(self.folder / FILE_FOLDER)
        (self.folder / _FACTS_NAME).unlink(missing_ok=True)
        remove_spool(self.folder)
