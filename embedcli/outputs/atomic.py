"""Files that appear whole or not at all, and file-system errors in one line."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from embedcli.errors import OutputError

_HINTS = {
    errno.ENOSPC: "free some space or write to another disk",
    errno.EFBIG: "the file would be larger than is allowed here; write to another disk",
    errno.EDQUOT: "the quota is used up; write to another disk",
    errno.EACCES: "choose a place that you may write to",
    errno.EPERM: "choose a place that you may write to",
    errno.EROFS: "choose a place that you may write to",
    errno.ENAMETOOLONG: "choose a shorter name",
}

_UNFINISHED = ".embedcli-"


@contextmanager
def file_errors_as_output_errors(target: str) -> Iterator[None]:
    """Turns an OSError into an OutputError that names ``target``; a closed pipe passes through."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        hint = _HINTS.get(error.errno or 0, "check the place that -o names")
        raise OutputError(f"{target} cannot be written: {reason}; {hint}") from error


@contextmanager
def atomic_files(
    *targets: Path, within: Path | None = None, durable: bool = True
) -> Iterator[Sequence[BinaryIO]]:
    """Opens a stream for each target; when the block ends well, all targets appear, the last last.

    With several targets the last one is the main file: an old one is removed before the others
    are replaced, so that it never stands beside companions that belong to another run.
    After an error nothing is left behind.

    Args:
        targets: the files.
        within: the folder of the unfinished files, on the same file system; else each target's own.
        durable: whether to wait until the disk has them; else the caller sees to that.

    Raises:
        OSError: when a file cannot be made, written or renamed.
    """
    temporary = [_temporary_name(within or target.parent) for target in targets]
    try:
        with ExitStack() as open_files:
            streams = [open_files.enter_context(name.open("xb")) for name in temporary]
            yield streams
            for stream in streams:
                stream.flush()
                if durable:
                    os.fsync(stream.fileno())
        if len(targets) > 1:
            targets[-1].unlink(missing_ok=True)
        for name, target in zip(temporary, targets, strict=True):
            name.replace(target)
        for folder in {target.parent for target in targets if durable}:
            _sync_folder(folder)
    finally:
        for name in temporary:
            name.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Deletes the unfinished files that a killed run left in a folder."""
    for name in folder.glob(f"{_UNFINISHED}*.tmp"):
        name.unlink(missing_ok=True)


def _temporary_name(folder: Path) -> Path:
    """A hidden name; short, because the target's may be of full length."""
    return folder / f"{_UNFINISHED}{os.urandom(8).hex()}.tmp"


def _sync_folder(folder: Path) -> None:
    """Makes a rename durable; some file systems do not offer this for folders."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
