"""How many threads this process may use, and who gets them.

The NumPy engine computes several batches at once, each in a thread of its own with BLAS at one
thread: quicker than one batch with many BLAS threads, because everything between the products
runs side by side too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

BLAS_VARIABLES = {
    "openblas": "OPENBLAS_NUM_THREADS",
    "mkl": "MKL_NUM_THREADS",
    "blis": "BLIS_NUM_THREADS",
    "accelerate": "VECLIB_MAXIMUM_THREADS",
}
"""What each BLAS that NumPy may be built on reads once, when NumPy is loaded."""

TOKENIZER_VARIABLE = "TOKENIZERS_PARALLELISM"
"""What the tokenizers library reads at each call with several texts."""


def available_threads(
    cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> int:
    """Cores that this process may use: its affinity, cut to the quotas of its control groups."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quotas = [quota for group in _groups(cgroups, own) if (quota := _quota(group)) is not None]
    return max(1, min(cores, *map(int, quotas))) if quotas else cores


def _groups(cgroups: Path, own: Path) -> Iterator[Path]:
    """The folders of this process's control groups that may limit its time, and their parents.

    A line of ``own`` is ``0::/PATH`` in version 2 of cgroups, and ``N:cpu,cpuacct:/PATH`` in
    version 1. A container sees its own group as the root, whatever the path says.
    """
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    yield from (cgroups, cgroups / "cpu")
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        place = PurePosixPath(path)
        for group in (place, *place.parents):
            yield cgroups / ("cpu" if controllers else "") / str(group).lstrip("/")


def _quota(group: Path) -> float | None:
    """Cores' worth of time a period, from version 2 (cpu.max) or 1 (cpu.cfs_*) of cgroups."""
    try:
        limit, period = (group / "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        try:
            limit = (group / "cpu.cfs_quota_us").read_text(encoding="ascii")
            period = (group / "cpu.cfs_period_us").read_text(encoding="ascii")
        except (OSError, ValueError):
            return None
    if not limit.strip().isdigit() or not period.strip().isdigit() or int(period) == 0:
        return None  # "max" or -1: no limit
    return int(limit) / int(period)


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Hold BLAS to one thread while our own threads work, and put it back after.

    A library whose own variable is set keeps what the user gave it. The command sets all of them
    before NumPy is loaded, and so saves the search for loaded libraries.
    """
    free = [library for library, name in BLAS_VARIABLES.items() if name not in os.environ]
    if not free:
        yield
        return
    from threadpoolctl import ThreadpoolController

    with ThreadpoolController().select(internal_api=free).limit(limits=1):
        yield


@contextmanager
def single_threaded_tokenizer() -> Iterator[None]:
    """Hold the tokenizers library to the thread that calls it, and put it back after.

    Its own pool of threads would get in the way of ours, and a process that has used it cannot
    fork without a warning. What the user has set stands; the command sets it for its process.
    """
    if TOKENIZER_VARIABLE in os.environ:
        yield
        return
    os.environ[TOKENIZER_VARIABLE] = "false"
    try:
        yield
    finally:
        os.environ.pop(TOKENIZER_VARIABLE, None)


def blas_libraries() -> list[str]:
    """A line for each BLAS that is loaded: its name, version, kernels and threads."""
    from threadpoolctl import threadpool_info

    return [
        f"BLAS {found['internal_api']} {found['version']}, {found.get('architecture', 'unknown')} "
        f"kernels, {found['num_threads']} threads"
        for found in threadpool_info()
        if found["user_api"] == "blas"
    ]
