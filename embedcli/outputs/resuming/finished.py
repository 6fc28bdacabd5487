"""Outputs that are whole already, and what a resumed run can take from them."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from embedcli.documents import FloatArray
from embedcli.errors import InputError, OutputError
from embedcli.outputs.companions import DIRECTORY_INDEX, DIRECTORY_META
from embedcli.outputs.formats import choose_format
from embedcli.outputs.plan import Plan
from embedcli.outputs.reading import read_output
from embedcli.outputs.resuming.run_facts import deciding, differences
from embedcli.outputs.spooling.catalog import KEY_BYTES, row_key
from embedcli.outputs.spooling.earlier import EarlierRows, Keys
from embedcli.outputs.stored import Stored

_GIVE_ROWS_BACK = ("npy", "npz", "safetensors", "parquet")


def finished_file(
    path: Path, plan: Plan, facts: Mapping[str, Any]
) -> tuple[EarlierRows | None, str]:
    """The rows of a file that an earlier run finished.

    Returns:
        (rows, a remark for people); no rows where the file cannot give them back exactly.

    Raises:
        OutputError: when the file was made another way, is not whole, or is not ours.
    """
    if plan.format.name not in _GIVE_ROWS_BACK:
        return None, _remark(path, plan)
    stored: Stored = _read(path, lambda: read_output(path, plan.format.name, lazily=True))
    _refuse_other(path, stored.facts, facts, plan)
    # A shard does not hold the rows of the others, which decide what its batches were.
    exact = _is_exact(plan) and "shard" not in facts
    ids, texts = stored.ids, stored.sha256
    if not exact or ids is None or texts is None:
        return None, _remark(path, plan)
    keys = _read(path, lambda: _keys(zip(ids, texts, strict=True)))
    return EarlierRows(keys, _reader(stored, plan)), ""


class FinishedDirectory:
    """A mirrored directory that an earlier run finished.

    Attributes:
        files: names of its files inside the directory.
        rows: its rows; None where they cannot be given back exactly.
        remark: what people should know about that.
    """

    def __init__(self, root: Path, plan: Plan, facts: Mapping[str, Any]) -> None:
        """Reads the index and leaves the files for later.

        Raises:
            OutputError: when the directory was made another way, or its index is not whole.
        """
        meta = root / DIRECTORY_META
        _refuse_other(meta, _read(meta, lambda: json.loads(meta.read_bytes())), facts, plan)
        self.rows: EarlierRows | None = None
        self.remark = ""
        self.files: set[str] = set()
        self._root = root
        self._plan = plan
        self._names: list[str] = []
        self._file_of, self._row_of = array("L"), array("L")
        keys = _read(root / DIRECTORY_INDEX, self._index)
        if _is_exact(plan) and plan.format.name in _GIVE_ROWS_BACK:
            self._open = lru_cache(maxsize=1)(self._opened)
            self.rows = EarlierRows(keys, self._vector_at)
        else:
            self.remark = _remark(root, plan)

    def _index(self) -> Keys:
        keys = bytearray()
        with (self._root / DIRECTORY_INDEX).open("rb") as lines:
            for record in map(json.loads, lines):
                if not self._names or self._names[-1] != record["file"]:
                    self._names.append(record["file"])
                keys += row_key(record["id"], record["sha256"])
                self._file_of.append(len(self._names) - 1)
                self._row_of.append(record["row"])
        self.files = set(self._names)
        return Keys(np.frombuffer(keys, np.uint8).reshape(-1, KEY_BYTES))

    def _vector_at(self, place: int) -> FloatArray | None:
        read = self._open(self._names[self._file_of[place]])
        return None if read is None else read(self._row_of[place])

    def _opened(self, name: str) -> Callable[[int], FloatArray | None] | None:
        """A reader of a file's rows; None when it is gone or damaged and must be made again."""
        path = self._root / name
        if not path.resolve().is_relative_to(self._root.resolve()):
            return None
        try:
            chosen = choose_format(None, path).name
            return _reader(read_output(path, chosen, lazily=True), self._plan)
        except InputError:
            return None


def _is_exact(plan: Plan) -> bool:
    return plan.output_dtype == "float32"


def _remark(path: Path, plan: Plan) -> str:
    return (
        f"{path} is finished, and {plan.format.name} of {plan.output_dtype} does not give its "
        "vectors back exactly: all are computed again"
    )


def _read(path: Path, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (InputError, OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{path} cannot be resumed, it is not whole: {error}; --overwrite makes it anew"
        ) from error


def _refuse_other(
    path: Path, then: Mapping[str, Any] | None, now: Mapping[str, Any], plan: Plan
) -> None:
    if not then:
        raise OutputError(
            f"{path} does not say how it was made and cannot be resumed; --overwrite replaces it"
        )
    asked = deciding({**now, "output_dtype": plan.output_dtype})
    changed = differences(deciding(then), asked, of_both=True)
    if changed:
        raise OutputError(
            f"{path} was made another way: {'; '.join(changed)}; "
            "give the same options, or --overwrite without --resume to make it anew"
        )


def _keys(rows: Iterable[tuple[str, str]]) -> Keys:
    keys = bytearray()
    for row_id, sha256 in rows:
        keys += row_key(row_id, sha256)
    return Keys(np.frombuffer(keys, np.uint8).reshape(-1, KEY_BYTES))


def _reader(stored: Stored, plan: Plan) -> Callable[[int], FloatArray | None]:
    """What gives row n of a file: of a table, of matrices in their order, or one matrix."""
    rows = stored.rows()
    if plan.matrices and not isinstance(stored.vectors, Mapping):
        rows = stored.arrays()

    def read(row: int) -> FloatArray | None:
        try:
            return np.array(rows[row], dtype=np.float32)
        except (InputError, IndexError):
            return None  # it is damaged, and computed again

    return read
