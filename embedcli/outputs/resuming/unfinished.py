"""An output that a run under way, or one that stopped, has a claim on."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from embedcli.errors import OutputError
from embedcli.outputs.resuming.lock import Lock
from embedcli.outputs.spooling.spool import has_committed


def check_claims(folder: Path, output: str, *, settled: bool) -> None:
    """Refuses what cannot be begun, before any model is loaded.

    Args:
        folder: where a run keeps its rows.
        output: what people call the output.
        settled: whether it was said what is to be done with rows of a run that stopped.

    Raises:
        OutputError: when another process writes the output, or one stopped and left rows.
    """
    if Lock(folder).is_held():
        refuse_running(output)
    if not settled:
        refuse_unfinished(folder, output)


def refuse_running(output: str) -> NoReturn:
    """Raises OutputError."""
    raise OutputError(
        f"another process is writing {output}; wait until it is done or choose another -o"
    )


def refuse_unfinished(folder: Path, output: str) -> None:
    """Raises OutputError when a run that stopped left rows in the folder."""
    if has_committed(folder):
        raise OutputError(
            f"a run that stopped left rows of {output} in {folder}; "
            "--resume goes on with them, --overwrite begins anew"
        )
