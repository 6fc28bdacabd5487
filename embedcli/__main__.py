"""The ``embedcli`` command: sets what must be set before NumPy loads, then runs the app."""

from __future__ import annotations

import os

# Each batch is computed in a thread of its own with BLAS at one thread (see threads.py). BLAS
# reads these once, when NumPy is loaded; what the user has set stands.
for _variable in ("OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_variable, "1")


def main() -> None:
    """Entry point of the console script."""
    from embedcli.cli.app import app

    app()


if __name__ == "__main__":
    main()
