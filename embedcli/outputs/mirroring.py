"""Names inside a directory output: the input tree again, never outside the directory."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from embedcli.errors import OutputError
from embedcli.outputs.companions import DIRECTORY_INDEX, DIRECTORY_META

PARTIAL_NAME = ".embedcli.partial"
_LONGEST_NAME = 255


def mirrored_name(group: str, suffix: str) -> str:
    """``nested/deep.txt`` -> ``nested/deep.txt.npy``; a part that is too long ends in a hash.

    Raises:
        OutputError: when the name is absolute, climbs with ``..``, has an empty part, or is one
            that the directory needs for itself.
    """
    parts = group.split("/")
    unfit = any(part in {"", ".", "..", PARTIAL_NAME} or "\0" in part for part in parts)
    if unfit or group + suffix in {DIRECTORY_INDEX, DIRECTORY_META}:
        raise OutputError(
            f"{group!r} cannot be mirrored in a directory: it has no place inside; "
            "write to one file with -o NAME.npy"
        )
    *folders, last = parts
    return "/".join([*(_fitting(folder, "") for folder in folders), _fitting(last, suffix)])


def place_inside(root: Path, name: str) -> Path:
    """Makes the folders of ``name`` under ``root`` and gives the whole path.

    Raises:
        OutputError: when a link that lies there already leads out of ``root``.
        OSError: when a folder cannot be made.
    """
    target = root / name
    nearest = target.parent
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    if not nearest.resolve().is_relative_to(root.resolve()):
        raise OutputError(f"{nearest} leads out of {root}; remove that link or choose another -o")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _fitting(name: str, suffix: str) -> str:
    raw = name.encode("utf-8", "surrogateescape")
    if len(raw) + len(suffix) <= _LONGEST_NAME:
        return name + suffix
    ending = f"~{hashlib.sha256(raw).hexdigest()[:16]}{suffix}"
    return raw[: _LONGEST_NAME - len(ending)].decode("utf-8", "ignore") + ending
