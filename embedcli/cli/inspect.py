"""``embedcli inspect``: what an output holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from embedcli.cli.screen import Facts, Screen, printable

if TYPE_CHECKING:
    from embedcli.outputs import Stored

_PROVENANCE = (
    "model", "revision", "weights_sha256", "engine", "dtype", "pooling", "normalized", "prompt",
    "max_tokens", "tokens_lost", "shard", "versions",
)  # fmt: skip


def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Outputs to look into.")],
    format: Annotated[
        str | None,
        typer.Option("-f", "--format", help="By default from the suffix, else from the content."),
    ] = None,
    dtype: Annotated[
        Literal["float32", "float16", "int8", "uint8"],
        typer.Option(help="Type of the numbers in base64 and hex files."),
    ] = "float32",
) -> None:
    """Show what outputs hold: shape, dtype, norms, provenance."""
    from embedcli.outputs import read_output

    for path in files:
        Screen(sys.stdout).table(printable(str(path)), _facts(read_output(path, format, dtype)))


def _facts(stored: Stored) -> Facts:
    lines = [("format", stored.format), *_shape(stored), ("dtype", stored.dtype), *_norms(stored)]
    if stored.ids is not None and len(stored.ids):
        lines.append(("ids", f"{stored.ids[0]} ... {stored.ids[-1]}"))
    if stored.n_tokens is not None:
        lines.append(("tokens", f"{sum(stored.n_tokens):,}"))
    if stored.truncated is not None:
        lines.append(
            ("truncated", f"{sum(map(bool, stored.truncated)):,} of {len(stored.truncated):,}")
        )
    facts = stored.facts or {}
    lines += [(name, _text(facts[name])) for name in _PROVENANCE if name in facts]
    if not facts:
        lines.append(("provenance", "none in the file"))
    return lines


def _shape(stored: Stored) -> Facts:
    arrays = stored.arrays()
    if not isinstance(stored.vectors, dict):
        return [("shape", str(tuple(map(int, arrays[0].shape))))]
    widths = sorted({matrix.shape[-1] for matrix in arrays if matrix.ndim})
    rows = sum(len(matrix) for matrix in arrays if matrix.ndim)
    return [("arrays", f"{len(arrays)} by id, {rows:,} rows in all, width {widths}")]


def _norms(stored: Stored) -> Facts:
    """Lengths of the vectors: smallest, mean and largest, read a stretch at a time."""
    import numpy as np

    lengths = [
        np.linalg.norm(array[start : start + 65536].astype(np.float64), axis=-1).reshape(-1)
        for array in stored.arrays()
        if array.ndim and array.dtype.kind in "fiu"
        for start in range(0, len(array), 65536)
    ]
    norms = np.concatenate(lengths) if lengths else np.zeros(0)
    if not norms.size:
        return []
    lines = [("norms", f"{norms.min():.4f} to {norms.max():.4f}, mean {norms.mean():.4f}")]
    if not np.isfinite(norms).all():
        lines.append(("warning", f"{np.count_nonzero(~np.isfinite(norms))} rows are not finite"))
    return lines


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return "none" if value in (None, "") else str(value)
