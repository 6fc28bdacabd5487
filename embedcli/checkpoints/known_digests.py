"""Digests of files that were hashed before, so that a short run need not read gigabytes again.

A note is a small file in the user's cache folder. It says of which state of a file the digest is:
device, inode, size, and the times of the last changes of content and of inode, to the nanosecond.
Whoever can make a changed file look unchanged in all of these, or write into the user's cache, can
replace the program as well. A note that cannot be read or written is done without.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path

_SETTLED_SECONDS = 2.0
"""A file that was changed so shortly ago may change again within the same tick of its clock."""


def known_digest(path: Path, state: os.stat_result) -> str | None:
    """The sha256 of a file in this state, as hex, or None when it is not known."""
    try:
        note = json.loads(_note(path).read_bytes())
        digest = str(note["sha256"])
        if note["state"] != _fields(state) or len(bytes.fromhex(digest)) != 32:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return digest


def remember(path: Path, state: os.stat_result, digest: str) -> None:
    """Note the sha256 of a file that was in this state before it was read, if it still is."""
    if time.time() - max(state.st_mtime, state.st_ctime) < _SETTLED_SECONDS:
        return
    note = _note(path)
    mine = note.with_name(f"{note.name}.{os.getpid()}")
    with suppress(OSError):
        if _fields(path.stat()) != _fields(state):
            return
        note.parent.mkdir(parents=True, exist_ok=True)
        mine.write_text(json.dumps({"state": _fields(state), "sha256": digest}), encoding="ascii")
        mine.replace(note)


def _fields(state: os.stat_result) -> list[int]:
    return [state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns]


def _note(path: Path) -> Path:
    import hashlib

    # The expansion of ~ fails where a user has no home; then there is no such folder either.
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()
    return Path(home, "embedcli", "sha256", f"{name}.json")
