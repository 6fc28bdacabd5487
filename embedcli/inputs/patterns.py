"""The patterns of ``--glob`` and ``--exclude``."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

_ANY_DEPTH = "**"


class PathPattern:
    """One pattern, matched against the relative path of a file, case by case.

    ``*``, ``?`` and ``[...]`` stay within one name, ``**`` stands for any number of folders. A
    pattern without ``/`` is matched against the name alone, at any depth.
    """

    def __init__(self, pattern: str) -> None:
        parts = pattern.strip("/").split("/")
        if "/" not in pattern.rstrip("/"):
            parts = [_ANY_DEPTH, "*" if parts == [_ANY_DEPTH] else parts[0]]
        elif parts[-1] == _ANY_DEPTH:
            parts.append("*")
        self._steps = [
            None if part == _ANY_DEPTH else re.compile(fnmatch.translate(part)) for part in parts
        ]

    def matches(self, parts: Sequence[str]) -> bool:
        """Tells whether the path with these parts fits the whole pattern."""
        # A set of places in the pattern, not backtracking: many ** stay linear.
        places = self._past_any_depth({0})
        for part in parts:
            places = self._past_any_depth(
                {after for place in places for after in self._after(place, part)}
            )
        return len(self._steps) in places

    def _after(self, place: int, part: str) -> Sequence[int]:
        if place == len(self._steps):
            return ()
        step = self._steps[place]
        if step is None:
            return (place,)
        return (place + 1,) if step.match(part) else ()

    def _past_any_depth(self, places: set[int]) -> set[int]:
        reached = set(places)
        for place in places:
            after = place
            while after < len(self._steps) and self._steps[after] is None:
                after += 1
                reached.add(after)
        return reached


class Selection:
    """Which files of a directory are read."""

    def __init__(self, glob: Sequence[str], exclude: Sequence[str]) -> None:
        self._glob = [PathPattern(pattern) for pattern in glob]
        self._exclude = [PathPattern(pattern) for pattern in exclude]

    def excludes(self, parts: Sequence[str]) -> bool:
        """Tells whether a file or folder is left out, with all that is in it."""
        return any(pattern.matches(parts) for pattern in self._exclude)

    def wants(self, parts: Sequence[str]) -> bool:
        """Tells whether a file, not excluded, is among those asked for."""
        return not self._glob or any(pattern.matches(parts) for pattern in self._glob)
