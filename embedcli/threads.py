"""How many threads this process may use, and who gets them.

The NumPy engine computes several batches at once, each in a thread of its own with BLAS at one
thread: quicker than one batch with many BLAS threads, because everything between the products
runs side by side too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLAS_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Read once by the BLAS libraries that NumPy may be built on, when NumPy is loaded."""


def available_threads(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores that this process may use: its affinity, cut to the quota of its control group."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = _quota(cgroup)
    return cores if quota is None else max(1, min(cores, int(quota)))


def _quota(cgroup: Path) -> float | None:
    """Cores' worth of time a period, from version 2 (cpu.max) or 1 (cpu.cfs_*) of cgroups."""
    try:
        limit, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        try:
            limit = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text(encoding="ascii")
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text(encoding="ascii")
        except OSError:
            return None
    if not limit.strip().isdigit() or int(period) <= 0:
        return None  # "max" or -1: no limit
    return int(limit) / int(period)


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Hold BLAS to one thread while our own threads work, and put it back after.

    The command has set BLAS_VARIABLES before NumPy was loaded, and a user may have: then there is
    nothing to change, and the search for loaded libraries is saved.
    """
    if any(variable in os.environ for variable in BLAS_VARIABLES):
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
