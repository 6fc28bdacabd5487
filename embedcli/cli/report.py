"""The summary at the end of a job: what came in, what went out, and how."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from embedcli.cli.screen import Facts
from embedcli.documents import Row
from embedcli.inputs import Tally
from embedcli.outputs import Plan


@dataclass(slots=True)
class Counts:
    """What went out, counted row by row.

    Attributes:
        rows: rows written.
        tokens: tokens that the model saw.
        truncated: documents that were cut.
        tokens_lost: tokens that were cut off.
        failed: documents that were left out.
        duplicates: documents with the text of another, which was not computed again.
        recalled: documents whose vectors were there from a run before.
        shape: of the vectors, as text.
        norms: the smallest and the largest length of a vector.
    """

    rows: int = 0
    tokens: int = 0
    truncated: int = 0
    tokens_lost: int = 0
    failed: int = 0
    duplicates: int = 0
    recalled: int = 0
    shape: str = ""
    norms: tuple[float, float] = (math.inf, 0.0)

    def add(self, row: Row) -> None:
        """Count a row."""
        self.rows += 1
        self.tokens += row.n_tokens
        self.truncated += row.truncated
        self.tokens_lost += row.tokens_lost
        lengths = np.linalg.norm(row.vector, axis=-1)
        self.norms = (
            min(self.norms[0], float(lengths.min())),
            max(self.norms[1], float(lengths.max())),
        )
        if row.vector.ndim == 1:
            self.shape = f"({self.rows}, {len(row.vector)})"
        elif self.rows == 1:
            self.shape = str(row.vector.shape)
        else:
            self.shape = f"{self.rows} x (T, {row.vector.shape[1]})"

    def facts(self) -> dict[str, int]:
        """What belongs into the provenance."""
        return {
            "count": self.rows,
            "tokens": self.tokens,
            "documents_truncated": self.truncated,
            "tokens_lost": self.tokens_lost,
            "documents_failed": self.failed,
        }


def summary(
    plan: Plan | None, tally: Tally, counts: Counts, seconds: float, facts: Mapping[str, Any]
) -> Facts:
    """(name, value) lines for people."""
    dtype = "float32" if plan is None else plan.output_dtype
    lines = [
        ("input", _input(tally, counts)),
        ("output", _output(plan)),
        ("shard", facts.get("shard", "")),
        ("shape", f"{counts.shape} {dtype}" if counts.rows else "no rows in this share"),
        ("norms", "{:.4f} to {:.4f}".format(*counts.norms) if counts.rows else ""),
        ("tokens", _tokens(counts.tokens, seconds)),
        ("cut", _cut(counts)),
        ("model", str(facts["model"])),
        ("engine", f"{facts['engine']}, {facts['dtype']}, pooling {facts['pooling']}"),
        ("seconds", f"{seconds:.2f}"),
    ]
    return [(name, value) for name, value in lines if value]


def _input(tally: Tally, counts: Counts) -> str:
    parts = [
        _count(tally.files, "file" if tally.files == 1 else "files"),
        _count(tally.documents, "document" if tally.documents == 1 else "documents"),
        _count(counts.failed, "failed"),
        _count(counts.duplicates, "duplicate" if counts.duplicates == 1 else "duplicates"),
        _count(counts.recalled, "done before"),
        _count(tally.empty, "without text"),
    ]
    left_out = [
        _count(tally.hidden, "hidden"),
        _count(tally.binary, "binary"),
        _count(tally.excluded, "excluded"),
        _count(tally.special, "special"),
    ]
    if any(left_out):
        parts.append("left out: " + ", ".join(filter(None, left_out)))
    return ", ".join(filter(None, parts))


def _tokens(tokens: int, seconds: float) -> str:
    # A short run is mostly start-up: its rate would say nothing.
    return f"{tokens:,} ({tokens / seconds:,.0f} a second)" if seconds >= 1 else f"{tokens:,}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number else ""


def _output(plan: Plan | None) -> str:
    if plan is None:
        return ""
    return "stdout" if plan.path is None else str(plan.path)


def _cut(counts: Counts) -> str:
    if not counts.truncated:
        return "nothing"
    plural = "s" if counts.truncated > 1 else ""
    return f"{counts.truncated:,} document{plural}, {counts.tokens_lost:,} tokens lost"
