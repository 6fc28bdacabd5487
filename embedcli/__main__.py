"""The ``embedcli`` command: sets what must be set before NumPy loads, then runs the app."""

from __future__ import annotations

import gc
import os
import sys

from embedcli.cli.interrupts import INTERRUPTED, interruptible
from embedcli.threads import BLAS_VARIABLES, TOKENIZER_VARIABLE

# Each batch is computed in a thread of its own with BLAS at one thread (see threads.py). BLAS
# reads these once, when NumPy is loaded; what the user has set stands.
for _variable in BLAS_VARIABLES.values():
    os.environ.setdefault(_variable, "1")
os.environ.setdefault(TOKENIZER_VARIABLE, "false")


SELDOM = 50_000
"""New objects between searches for garbage in circles: importing makes objects and no garbage, and
by Python's own threshold a twentieth of a short run would be spent on looking."""


def main() -> None:
    """Entry point of the console script."""
    gc.set_threshold(SELDOM)
    _open_missing_streams()
    try:
        with interruptible():
            from embedcli.cli.app import app

            app(prog_name="embedcli")
    except KeyboardInterrupt:
        # Before the command began or after it ended; in between the boundary says more.
        sys.stderr.write("embedcli: interrupted\n")
        sys.exit(INTERRUPTED)


def _open_missing_streams() -> None:
    """A process may be started with a standard stream closed, as daemons are; Python has None."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


if __name__ == "__main__":
    main()
