"""INPUT paths -> the files to read, one at a time, in a fixed order."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from embedcli.errors import InputError
from embedcli.inputs.options import ReadOptions, Tally
from embedcli.inputs.origin import Origin
from embedcli.inputs.patterns import Selection

_Identity = tuple[int, int]


def find_files(given: str, options: ReadOptions, tally: Tally) -> Iterator[Origin | InputError]:
    """Gives the files of one INPUT path, sorted by the parts of their relative paths.

    A folder is listed only when its turn comes, so that the first file of a large tree is there at
    once. What cannot be listed or found is given as an error, and the walk goes on.
    """
    try:
        mode = os.stat(given).st_mode  # noqa: PTH116 - Path would normalise the path as given
    except OSError as error:
        yield Origin.named(given).os_error(error)
        return
    except ValueError:
        yield Origin.named(given).error("missing", "a path cannot hold a NUL character")
        return
    if stat.S_ISDIR(mode):
        yield from _Walk(given, options, tally)
    else:
        yield Origin.named(given)


@dataclass(frozen=True, slots=True)
class _Level:
    """A folder that is being read: the entries that are left, last first."""

    identity: _Identity
    parts: tuple[str, ...]
    entries: list[os.DirEntry[str]]


class _Walk:
    """One pass over a directory."""

    def __init__(self, root: str, options: ReadOptions, tally: Tally) -> None:
        self._root = root
        self._selection = Selection(options.glob, options.exclude)
        self._tally = tally
        self._links_followed: set[_Identity] = set()
        # A stack of our own: paths can be nested deeper than Python may recurse.
        self._levels: list[_Level] = []

    def __iter__(self) -> Iterator[Origin | InputError]:
        try:
            self._enter(self._root, ())
        except OSError as error:
            yield Origin.named(self._root).os_error(error)
        while self._levels:
            level = self._levels[-1]
            if not level.entries:
                self._levels.pop()
                continue
            entry = level.entries.pop()
            parts = (*level.parts, entry.name)
            try:
                found = self._visit(entry, parts)
            except OSError as error:
                yield Origin.inside(entry.path, parts).os_error(error)
                continue
            if found:
                yield Origin.inside(entry.path, parts)

    def _visit(self, entry: os.DirEntry[str], parts: tuple[str, ...]) -> bool:
        """Tells whether the entry is a file to read; goes into it when it is a folder."""
        if entry.name.startswith("."):
            self._tally.hidden += 1
        elif self._selection.excludes(parts):
            self._tally.excluded += 1
        elif _is_folder(entry):
            self._enter(entry.path, parts, linked=entry.is_symlink())
        elif not _is_regular(entry):
            self._tally.special += 1
        elif not self._selection.wants(parts):
            self._tally.excluded += 1
        else:
            return True
        return False

    def _enter(self, path: str, parts: tuple[str, ...], *, linked: bool = False) -> None:
        status = os.stat(path)  # noqa: PTH116
        identity = (status.st_dev, status.st_ino)
        inside_itself = any(level.identity == identity for level in self._levels)
        if inside_itself or (linked and identity in self._links_followed):
            self._tally.special += 1
            return
        if linked:
            self._links_followed.add(identity)
        with os.scandir(path) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name, reverse=True)
        self._levels.append(_Level(identity, parts, ordered))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        return _no_loop(error)


def _is_regular(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError as error:
        return _no_loop(error)


def _no_loop(error: OSError) -> bool:
    """A link that leads to itself is neither file nor folder; any other error stays one."""
    if error.errno != errno.ELOOP:
        raise error
    return False
