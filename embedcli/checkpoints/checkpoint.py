"""Checkpoint: where a model lies on this machine, and how it came there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WEIGHT_PATTERNS = ("*.safetensors", "*.bin", "*/*.safetensors", "*/*.bin")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model folder that was found.

    Attributes:
        name: what was asked for.
        folder: the folder with its files.
        revision: the commit hash, for a model from the hub or its cache.
        origin: ``folder``, ``package NAME``, ``cache`` or ``hub``.
        pinned_sha256: what the weights must hash to, for a model that a package carries.
        caution: one line for people, where something about the folder may change the vectors.
    """

    name: str
    folder: Path
    revision: str | None
    origin: str
    pinned_sha256: str | None = None
    caution: str | None = None


def holds_settings(folder: Path) -> bool:
    """Whether a folder has a file that says what model it is."""
    return (folder / "modules.json").is_file() or (folder / "config.json").is_file()


def holds_weights(folder: Path) -> bool:
    """Whether a folder, or a module's folder in it, has weights in any format."""
    return any(next(folder.glob(pattern), None) is not None for pattern in WEIGHT_PATTERNS)
