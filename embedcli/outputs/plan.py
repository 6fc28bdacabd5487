"""What was asked of an output, checked before any model is loaded or text read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from embedcli.errors import OutputError
from embedcli.outputs.atomic import file_errors_as_output_errors
from embedcli.outputs.companions import DIRECTORY_META, companion_paths
from embedcli.outputs.formats import FORMATS, Format, choose_format
from embedcli.outputs.mirroring import PARTIAL_NAME
from embedcli.outputs.quantization import Quantizer


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked output.

    Attributes:
        path: the file or directory; None for a stream.
        directory: whether the input tree is mirrored under ``path``.
        format: the format of each file.
        output_dtype: one of ``OUTPUT_DTYPES``.
        overwrite: whether existing files are replaced.
        matrices: whether rows are (T, D).
        resume: whether rows of a run before are used again.
    """

    path: Path | None
    directory: bool
    format: Format
    output_dtype: str
    overwrite: bool
    matrices: bool
    resume: bool = False

    @property
    def partial(self) -> Path | None:
        """The folder where a run under way keeps its rows; None for a stream."""
        if self.path is None:
            return None
        if self.directory:
            return self.path / PARTIAL_NAME
        return self.path.with_name(f"{self.path.name}.partial")


def check_output(
    path: str | None,
    format_name: str | None = None,
    *,
    output_dtype: str = "float32",
    overwrite: bool = False,
    matrices: bool = False,
    resume: bool = False,
) -> Plan:
    """Decides where rows go and in which format, and whether that may be done.

    Args:
        path: a file; a directory (existing, or ending in ``/``); ``-`` or None for a stream.
        format_name: a name from ``FORMATS``; else by the suffix, ``npy`` in a directory, and
            ``jsonl`` on a stream.
        output_dtype: one of ``OUTPUT_DTYPES``.
        overwrite: whether what exists is replaced.
        matrices: whether rows are token states (T, D).
        resume: whether a run before is gone on with, stopped or finished.

    Raises:
        OutputError: for an unknown format or dtype, an output that exists or that another process
            writes, rows of a run that stopped, a place that cannot be written, a format that
            cannot hold token states, a stream that is to be resumed.
    """
    Quantizer(output_dtype)
    where = None if path in {None, "-"} else Path(path or "")
    with file_errors_as_output_errors(str(path)):
        directory = where is not None and (str(path).endswith("/") or where.is_dir())
        if where is None:
            chosen = choose_format(format_name or "jsonl", None)
        else:
            chosen = choose_format(format_name or ("npy" if directory else None), where)
        if matrices and not (chosen.matrices or chosen.companions):
            able = ", ".join(name for name, f in FORMATS.items() if f.matrices or f.companions)
            raise OutputError(f"{chosen.name} cannot hold token states; --format is one of {able}")
        plan = Plan(where, directory, chosen, output_dtype, overwrite, matrices, resume)
        if resume and where is None:
            raise OutputError("standard output cannot be resumed; give -o FILE or -o DIRECTORY/")
        if where is not None:
            _check_place(where, plan)
    return plan


def refuse_existing(target: Path) -> None:
    """Raises OutputError when there is something at ``target`` already."""
    if os.path.lexists(target):
        raise OutputError(f"{target} exists; give --overwrite or another -o")


def targets_of(target: Path, chosen: Format) -> tuple[Path, ...]:
    """The files that one output consists of, the main one last."""
    return (*companion_paths(target), target) if chosen.companions else (target,)


def _check_place(path: Path, plan: Plan) -> None:
    replaces = plan.overwrite or plan.resume
    if plan.directory:
        _check_directory(path, overwrite=replaces)
    else:
        _check_file(path, plan.format, overwrite=replaces)
    if plan.partial is not None:
        from embedcli.outputs.resuming.unfinished import check_claims

        check_claims(plan.partial, str(path), settled=replaces)


def _check_file(path: Path, chosen: Format, *, overwrite: bool) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"the folder {folder} of {path} does not exist; make it first")
    if path.exists() and not path.is_file():
        raise OutputError(f"{path} is not a regular file; leave -o out to write to a stream")
    if not overwrite:
        for target in targets_of(path, chosen):
            refuse_existing(target)
    _check_writable(folder)


def _check_directory(path: Path, *, overwrite: bool) -> None:
    nearest = path
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    if not nearest.is_dir():
        raise OutputError(f"{path} cannot be a directory: {nearest} is a file; choose another -o")
    _check_writable(nearest)
    if not overwrite and (path / DIRECTORY_META).exists():
        raise OutputError(f"{path} holds an output already; give --overwrite or another -o")


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"the folder {folder} cannot be written; choose another -o")
