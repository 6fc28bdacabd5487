"""One process to an output: a lock that dies with its holder."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

LOCK_NAME = "lock"


class Lock:
    """An advisory lock on a file in a folder, held while the file is open.

    The kernel drops it when the process ends, however it ends, so a dead run blocks nobody. Where
    the system or the file system has no such locks, it is taken for granted.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self._file: BinaryIO | None = None

    def acquire(self) -> bool:
        """Whether the lock is ours now; makes the file where there is none.

        Raises:
            OSError: when the file cannot be made.
        """
        while True:
            file = self._path.open("ab")
            if not _locked(file):
                file.close()
                return False
            # The holder before may have deleted the file between our opening and our locking.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                    self._file = file
                    return True
            file.close()

    def is_held(self) -> bool:
        """Whether another process holds it; leaves no trace."""
        try:
            with self._path.open("rb") as file:
                return not _locked(file)
        except OSError:
            return False

    def release(self) -> None:
        """Deletes the file, then lets go of it; harmless without the lock."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            self.let_go()

    def let_go(self) -> None:
        """Lets go and leaves the file where it is."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _locked(file: BinaryIO) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
